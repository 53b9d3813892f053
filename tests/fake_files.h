/*
 * A volume of one file, behind a fake firmware's handle, as small, as full and as refusing as a test wants it. Nobody
 * knows when the file was made: its times are no valid ones, and those are refused, as edk2's FAT driver does.
 */
#ifndef FAKE_FILES_H
#define FAKE_FILES_H

#include "fake_firmware.h"

#define FAKE_FILE_MAX 65536

struct fake_volume {
    size_t capacity;       /* bytes that the file may have */
    bool is_read_only;     /* opening to write is refused */
    bool is_directory;
    EFI_STATUS flush_status, set_info_status;
    EFI_STATUS delete_status; /* if it is not EFI_SUCCESS the file stays */

    bool exists;
    size_t bytes, position;
    char content[FAKE_FILE_MAX];
    char path[256];        /* that was opened last, ASCII */
    unsigned open_handles; /* root and file */
    unsigned writes;
};

/* The firmware's image comes from the volume, from \EFI\BOOT\BOOTX64.EFI; no shell. */
void fake_files_install(struct firmware *fw, EFI_LOADED_IMAGE *loaded, struct fake_volume *volume);

#endif
