#include "elf64_file.h"

bool elf64_file_has(const struct elf64_image *image, uint64_t offset, uint64_t bytes)
{
    return offset <= image->file_bytes && bytes <= image->file_bytes - offset;
}

bool elf64_file_read(const struct elf64_image *image, uint64_t offset, void *to, uint64_t bytes)
{
    if (!elf64_file_has(image, offset, bytes))
        return false;
    __builtin_memcpy(to, image->file + offset, bytes);
    return true;
}

bool elf64_offset_of(const struct elf64_image *image, uint64_t address, uint64_t bytes, uint64_t *ret_offset)
{
    /* Below the image the difference wraps to more than any image has. */
    const uint64_t offset = address - image->virt_start;

    if (address < image->virt_start || offset > image->bytes || bytes > image->bytes - offset)
        return false;
    *ret_offset = offset;
    return true;
}

bool elf64_fail(struct elf64_error *error, enum elf64_status status, uint64_t value)
{
    *error = (struct elf64_error){ status, value };
    return false;
}

const char *elf64_status_text(enum elf64_status status)
{
    switch (status) {
#define ELF64_CASE(name, value, text)                                                                                  \
    case ELF64_##name:                                                                                                 \
        return text;
        ELF64_STATUSES(ELF64_CASE)
#undef ELF64_CASE
    }
    return "unknown status";
}
