/* Shared by the files that read ELF64; private to them. */
#ifndef ELF64_FILE_H
#define ELF64_FILE_H

#include "elf64.h"

/* Copies `bytes` at `offset` out of the file; false if they are not all there. */
MUST_CHECK bool elf64_file_read(const struct elf64_image *image, uint64_t offset, void *to, uint64_t bytes);

/* Whether the file has these bytes. */
bool elf64_file_has(const struct elf64_image *image, uint64_t offset, uint64_t bytes);

/* The offset in the image of `bytes` at `address`; false if they are not all inside. */
MUST_CHECK bool elf64_offset_of(const struct elf64_image *image, uint64_t address, uint64_t bytes,
                                uint64_t *ret_offset);

/* Fills the error and returns false. */
bool elf64_fail(struct elf64_error *error, enum elf64_status status, uint64_t value);

/* Reads and checks the dynamic segment, `bytes` at `file_offset`. The image's place and size are known. */
MUST_CHECK bool elf64_read_dynamic(struct elf64_image *image, uint64_t file_offset, uint64_t bytes,
                                   struct elf64_error *error);

/* From the segments, sorted and in bytes as the file has them: checks what is between them, rounds and joins them. */
MUST_CHECK bool elf64_lay_out(struct elf64_image *image, struct elf64_error *error);

#endif
