/*
 * Files by their paths in limine.conf. Nobody outside efi/files/ knows where one comes from: today a volume of the
 * firmware's, one day perhaps the network. Everything is opened for reading alone, and nothing is ever written.
 *
 * Nothing here prints but the progress of long reads: whoever asks for a file knows what it is for, and tells.
 */
#ifndef FILES_H
#define FILES_H

#include "../firmware.h"
#include "boot_path.h"
#include "limine_protocol.h"

#define FILE_PATH_MAX BOOT_PATH_BYTES_MAX
#define FILE_REASON_MAX 96

/* Which medium a file is on, as the Limine protocol tells it (struct limine_file has these members). 0: unknown. */
struct file_identity {
    uint32_t media_type; /* LIMINE_MEDIA_... */
    uint32_t partition_index;
    uint32_t mbr_disk_id;
    struct limine_uuid gpt_disk_uuid, gpt_partition_uuid, partition_uuid;
};

/* Where to look for files. Set up by files_open(); `home` and `quiet` are anybody's to change. */
struct files {
    struct firmware *fw;
    EFI_HANDLE image_volume;       /* that BOOTX64.EFI came from; NULL: from none */
    char directory[FILE_PATH_MAX]; /* its directory there, in normal form */
    EFI_HANDLE home;               /* what boot() and paths alone mean: the volume of limine.conf */
    bool quiet;                    /* no progress on the console */
    EFI_HANDLE identified;         /* the volume that `identity` belongs to; NULL: none yet */
    struct file_identity identity;
};

void files_open(struct firmware *fw, struct files *ret);

/* The handle of the volume that a path lies on; NULL: there is none. */
EFI_HANDLE files_find_volume(const struct files *files, const struct boot_path *path);

/* An open file, which is read from its beginning to its end. */
struct file {
    struct files *files;
    EFI_FILE_HANDLE handle;       /* NULL: not open */
    EFI_HANDLE volume;            /* that it is on */
    uint64_t bytes;               /* of the whole file */
    uint64_t position;            /* of the next byte to read */
    struct file_identity identity;
    enum boot_hash hash;          /* that its path asks for */
    uint8_t digest[BOOT_PATH_HASH_BYTES];
    char path[FILE_PATH_MAX];     /* on its volume, in normal form */
    char reason[FILE_REASON_MAX]; /* after a failure: why, a few words without the path; "no such file" */
};

/*
 * Opens a file.
 *
 * path       text of a boot_path: `boot():/x#hash`, or a path alone
 * directory  in normal form: where a relative path alone starts; NULL: the root
 *
 * On failure ret->reason is set, and ret needs no file_close(). EFI_INVALID_PARAMETER: no path; EFI_NOT_FOUND: no such
 * volume or file; EFI_UNSUPPORTED: tftp(), gzip, a directory; or what the firmware said.
 */
MUST_CHECK EFI_STATUS file_open(struct files *files, const char *path, const char *directory, struct file *ret);

/* As file_open(), for a path in normal form on this volume. Hash: none. */
MUST_CHECK EFI_STATUS file_open_on(struct files *files, EFI_HANDLE volume, const char *path, struct file *ret);

/*
 * Reads the next `bytes` bytes straight to where they go, in pieces of FILE_PIECE_BYTES. What takes longer than a
 * second shows its progress. EFI_END_OF_FILE: the file is shorter than it was said to be. The reason is set on failure.
 */
#define FILE_PIECE_BYTES MIB(1) /* larger ones fail on some firmware: systemd PR #25948, uefi-rs #825 */
MUST_CHECK EFI_STATUS file_read(struct file *file, uint64_t bytes, void *to);

/* May be called again, and for a file that never opened. */
void file_close(struct file *file);

/* Prints "PATH: REASON" in the way of report_failure(). Returns status. */
MUST_CHECK EFI_STATUS file_report(const struct file *file, EFI_STATUS status, const char *path);

#endif
