/*
 * What the EFI applications of the speed measurement share. They speak to the host through port E9h (QEMU's
 * isa-debugcon), which costs one instruction a byte: records of a letter and a 64-bit value, least byte first.
 */
#ifndef APP_H
#define APP_H

#include <efi.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "record.h"

struct app {
    EFI_HANDLE image;
    EFI_BOOT_SERVICES *boot;
    EFI_LOADED_IMAGE *loaded;
    EFI_FILE *root; /* of the volume that the application came from */
};

struct file_contents {
    void *bytes; /* LoaderData, in whole pages; NULL: no such file, or an empty one */
    uint64_t size;
};

void record(char letter, uint64_t value);

/* Finds the volume. An error has been recorded; so have those of the functions below. */
MUST_CHECK EFI_STATUS app_open(EFI_HANDLE image, EFI_SYSTEM_TABLE *system, struct app *ret_app);

/* Reads a file of the root directory. One that is missing is no error. */
MUST_CHECK EFI_STATUS app_read(const struct app *app, CHAR16 *name, struct file_contents *ret_contents);

/* Records an error, with the place, and returns it. */
EFI_STATUS app_failed(EFI_STATUS status);

#endif
