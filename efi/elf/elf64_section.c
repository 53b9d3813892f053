#include <elf.h>

#include "elf64_file.h"

/* The sections' names: a table in the file. */
struct names {
    uint64_t file_offset, bytes;
};

static bool read_section(const struct elf64_image *image, const Elf64_Ehdr *header, unsigned index, Elf64_Shdr *ret)
{
    return header->e_shoff <= image->file_bytes &&
           elf64_file_read(image, header->e_shoff + index * sizeof *ret, ret, sizeof *ret);
}

static bool find_names(const struct elf64_image *image, const Elf64_Ehdr *header, struct names *ret)
{
    Elf64_Shdr section;

    if (header->e_shentsize != sizeof section || header->e_shstrndx >= header->e_shnum ||
        !read_section(image, header, header->e_shstrndx, &section) ||
        !elf64_file_has(image, section.sh_offset, section.sh_size))
        return false;
    *ret = (struct names){ section.sh_offset, section.sh_size };
    return true;
}

static uint64_t string_bytes(const char *string)
{
    uint64_t n = 1;

    while (*string++)
        n++;
    return n;
}

bool elf64_section(const struct elf64_image *image, const char *name, struct elf64_range *ret)
{
    const uint64_t name_bytes = string_bytes(name);
    struct names names;
    Elf64_Ehdr header;

    if (!elf64_file_read(image, 0, &header, sizeof header) || !find_names(image, &header, &names))
        return false;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section;

        if (!read_section(image, &header, i, &section))
            return false;
        if (section.sh_name > names.bytes || name_bytes > names.bytes - section.sh_name ||
            __builtin_memcmp(image->file + names.file_offset + section.sh_name, name, name_bytes) != 0)
            continue;
        ret->bytes = section.sh_size;
        return elf64_offset_of(image, section.sh_addr, section.sh_size, &ret->offset);
    }
    return false;
}
