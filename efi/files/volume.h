/*
 * Volumes: what the firmware can read files from, and where each lies. Private to efi/files/ and to those who search
 * for the configuration. Nothing here writes.
 */
#ifndef VOLUME_H
#define VOLUME_H

#include "../firmware.h"
#include "device_path.h"

struct volume {
    EFI_HANDLE handle;                /* NULL: none */
    EFI_FILE_IO_INTERFACE *files;
    const void *path;                 /* device path; NULL: the firmware does not say */
    struct device_location location;
};

/* False if the handle is NULL or offers no files. */
bool volume_open(const struct firmware *fw, EFI_HANDLE handle, struct volume *ret);

/* All handles that offer files, in the firmware's order. The caller gives them back with volume_list_free(). */
struct volume_list {
    EFI_HANDLE *handles;
    UINTN n;
};
void volume_list_read(const struct firmware *fw, struct volume_list *ret); /* empty if that fails */
void volume_list_free(const struct firmware *fw, struct volume_list *list);

bool volume_same_disk(const struct volume *a, const struct volume *b);

/*
 * The next volume on the same disk as `disk`, by partition number from `partition` on; false: no more. The whole disk
 * is partition 0.
 */
bool volume_on_disk(const struct firmware *fw, const struct volume_list *list, const struct volume *disk,
                    uint32_t partition, struct volume *ret);

/* The volume that is partition `partition` (0: the whole) of drive `drive` (1-based) among the discs, or the others. */
bool volume_on_drive(const struct firmware *fw, bool optical, uint32_t drive, uint32_t partition, struct volume *ret);

/* The volume whose GPT partition has this identifier. */
bool volume_with_uuid(const struct firmware *fw, const struct limine_uuid *uuid, struct volume *ret);

/* The volume with this label (UTF-8, case counts). */
bool volume_with_label(const struct firmware *fw, const char *label, size_t bytes, struct volume *ret);

/* The identifier of the disk that a GPT volume lies on, from its header; zero if that cannot be read. */
struct limine_uuid volume_disk_uuid(const struct firmware *fw, const struct volume *volume);

#endif
