/* limine.conf: where it is looked for, read and parsed. Private to efi/. */
#ifndef CONFIGURATION_H
#define CONFIGURATION_H

#include "config.h"
#include "start.h"

struct configuration {
    struct config config;     /* of zero entries and options if there is none */
    char path[FILE_PATH_MAX]; /* "" : none was found; of an SMBIOS string, its name */
    void *workspace;          /* holds the config; from the firmware's pool */
};

/*
 * Takes it from the request's SMBIOS string, if there is one. Else looks for limine.conf in the image's directory, in
 * /boot/limine/, /boot/, /limine/ and /, then in /EFI/BOOT/ (as Limine 8 did), and at the same places on the other
 * volumes of that disk. The first that is there counts; files->home becomes its volume.
 *
 * Returns EFI_SUCCESS also if there is none. A failure has been printed, and nothing is left to free.
 */
MUST_CHECK EFI_STATUS configuration_read(struct files *files, const struct start_request *request,
                                         struct configuration *ret);
void configuration_free(const struct firmware *fw, struct configuration *configuration);

#endif
