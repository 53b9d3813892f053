/*
 * A file that a command writes, on any volume that can be written to. It is whole in the end, or not there: after a
 * failure it is deleted, or named if it cannot be. What the file held before stays until the first byte is written, so
 * that a command that is refused costs nobody a file; from then on it is lost, even if there is no room for the new.
 */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include "../firmware.h"

struct output_file {
    const struct firmware *fw;
    const char *name;         /* as typed, for messages; the caller's */
    EFI_FILE_HANDLE handle;   /* NULL: not open */
    bool is_new;              /* there was no such file before */
    bool begun;               /* what was there before is gone */
    struct phys_range buffer; /* pages */
    size_t used;              /* of it */
    EFI_STATUS status;        /* of the first write that failed; nothing is written from then on */
};

/*
 * path  UTF-8, must live as long as the file: as the shell knows it (`fs1:\map.txt`, relative to its directory), or as
 *       limine.conf names files (`hdd(1:2):/map.txt`); without a shell, relative to the directory of the image.
 *
 * A failure has been printed, and leaves nothing to be closed.
 */
MUST_CHECK EFI_STATUS output_file_open(struct firmware *fw, const struct boot_info *info, const char *path,
                                       struct output_file *ret);

/* Any bytes. A failure is kept for output_file_close(). */
void output_file_write(struct output_file *file, const void *bytes, size_t n);

/* Whatever happens to the machine from now on, the file has what was written so far. */
void output_file_flush(struct output_file *file);

/*
 * keep  false: whoever writes has failed; what has been written goes.
 *
 * Returns EFI_SUCCESS, or why the file could not be written, which has been printed.
 */
MUST_CHECK EFI_STATUS output_file_close(struct output_file *file, bool keep);

#endif
