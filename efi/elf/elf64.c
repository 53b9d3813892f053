#include "elf64.h"

#include <elf.h>

#include "elf64_file.h"

#define LOWER_HALF_END 0x0000800000000000ull
#define UPPER_HALF_START 0xFFFF800000000000ull

static uint32_t magic_of(const uint8_t *ident)
{
    return (uint32_t)ident[0] | (uint32_t)ident[1] << 8 | (uint32_t)ident[2] << 16 | (uint32_t)ident[3] << 24;
}

static bool read_header(const struct elf64_image *image, Elf64_Ehdr *header, struct elf64_error *error)
{
    uint8_t ident[EI_NIDENT];

    if (!elf64_file_read(image, 0, ident, sizeof ident))
        return elf64_fail(error, ELF64_TOO_SHORT, image->file_bytes);
    if (__builtin_memcmp(ident, ELFMAG, SELFMAG) != 0)
        return elf64_fail(error, ELF64_NOT_ELF, magic_of(ident));
    if (ident[EI_CLASS] != ELFCLASS64)
        return elf64_fail(error, ELF64_CLASS, ident[EI_CLASS]);
    if (ident[EI_DATA] != ELFDATA2LSB)
        return elf64_fail(error, ELF64_DATA, ident[EI_DATA]);
    if (ident[EI_VERSION] != EV_CURRENT)
        return elf64_fail(error, ELF64_VERSION, ident[EI_VERSION]);
    if (!elf64_file_read(image, 0, header, sizeof *header))
        return elf64_fail(error, ELF64_TOO_SHORT, image->file_bytes);
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return elf64_fail(error, ELF64_TYPE, header->e_type);
    if (header->e_machine != EM_X86_64)
        return elf64_fail(error, ELF64_MACHINE, header->e_machine);
    if (header->e_version != EV_CURRENT)
        return elf64_fail(error, ELF64_VERSION, header->e_version);
    return true;
}

static bool check_program_headers(const struct elf64_image *image, const Elf64_Ehdr *header, struct elf64_error *error)
{
    if (header->e_phnum == 0)
        return elf64_fail(error, ELF64_NO_SEGMENTS, header->e_phnum);
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return elf64_fail(error, ELF64_HEADER_SIZE, header->e_phentsize);
    if (header->e_phnum == PN_XNUM)
        return elf64_fail(error, ELF64_HEADER_COUNT, header->e_phnum);
    if (!elf64_file_has(image, header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr)))
        return elf64_fail(error, ELF64_HEADERS_OUTSIDE, header->e_phoff);
    return true;
}

static bool is_canonical(uint64_t start, uint64_t bytes)
{
    return start >= UPPER_HALF_START || (start < LOWER_HALF_END && bytes <= LOWER_HALF_END - start);
}

static bool is_good_align(uint64_t align) { return align <= ELF64_ALIGN_MAX && (align & (align - 1)) == 0; }

/* One PT_LOAD by itself. */
static bool check_load(const struct elf64_image *image, const Elf64_Phdr *p, struct elf64_error *error)
{
    if (p->p_filesz > p->p_memsz)
        return elf64_fail(error, ELF64_FILE_OVER_MEMORY, p->p_filesz);
    if (!elf64_file_has(image, p->p_offset, p->p_filesz))
        return elf64_fail(error, ELF64_SEGMENT_OUTSIDE, p->p_offset);
    if (p->p_vaddr > ELF64_TOP_END || p->p_memsz > ELF64_TOP_END - p->p_vaddr)
        return elf64_fail(error, ELF64_SEGMENT_WRAPS, p->p_vaddr);
    if (!is_canonical(p->p_vaddr, p->p_memsz))
        return elf64_fail(error, ELF64_NOT_CANONICAL, p->p_vaddr);
    if (!image->is_relocatable && p->p_vaddr < ELF64_TOP_START)
        return elf64_fail(error, ELF64_LOW_ADDRESS, p->p_vaddr);
    if (!is_good_align(p->p_align))
        return elf64_fail(error, ELF64_ALIGN, p->p_align);
    if (p->p_memsz > -ELF64_TOP_START)
        return elf64_fail(error, ELF64_TOO_BIG, p->p_memsz);
    return true;
}

/*
 * Sorted by address. The segments are in bytes here and their offsets are addresses: elf64_lay_out() makes the rest of
 * it. Files are sorted, as the gABI demands, but for those whose linker scripts list their segments otherwise.
 */
static bool add_load(struct elf64_image *image, const Elf64_Phdr *p, struct elf64_error *error)
{
    unsigned at = image->n_segments;

    if (at == ELF64_SEGMENTS_MAX)
        return elf64_fail(error, ELF64_TOO_MANY_SEGMENTS, ELF64_SEGMENTS_MAX);
    for (; at > 0 && image->segments[at - 1].offset > p->p_vaddr; at--) {
        image->segments[at] = image->segments[at - 1];
        image->loads[at] = image->loads[at - 1];
    }
    image->segments[at] = (struct elf64_segment){ p->p_vaddr, p->p_memsz, p->p_flags & (PF_R | PF_W | PF_X) };
    image->loads[at] = (struct elf64_load){ .file_offset = p->p_offset, .bytes = (uint32_t)p->p_filesz };
    image->n_segments++;
    if (p->p_align > image->align)
        image->align = p->p_align;
    return true;
}

/* Collects the PT_LOADs and the first PT_DYNAMIC, whose p_type stays PT_NULL if there is none. */
static bool read_program_headers(struct elf64_image *image, const Elf64_Ehdr *header, Elf64_Phdr *dynamic,
                                 struct elf64_error *error)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr p;

        __builtin_memcpy(&p, image->file + header->e_phoff + i * sizeof p, sizeof p);
        if (p.p_type == PT_DYNAMIC && dynamic->p_type == PT_NULL)
            *dynamic = p;
        if (p.p_type != PT_LOAD || p.p_memsz == 0)
            continue;
        if (!check_load(image, &p, error) || !add_load(image, &p, error))
            return false;
    }
    if (image->n_segments == 0)
        return elf64_fail(error, ELF64_NO_SEGMENTS, header->e_phnum);
    return true;
}

bool elf64_read(const void *file, uint64_t bytes, struct elf64_image *ret, struct elf64_error *ret_error)
{
    Elf64_Phdr dynamic = { .p_type = PT_NULL };
    Elf64_Ehdr header;

    *ret_error = (struct elf64_error){ ELF64_OK, 0 };
    __builtin_memset(ret, 0, sizeof *ret);
    ret->file = file;
    ret->file_bytes = bytes;
    ret->align = PAGE_SIZE;
    ret->dynamic.symbols = UINT64_MAX;
    if (!read_header(ret, &header, ret_error) || !check_program_headers(ret, &header, ret_error))
        return false;
    ret->entry = header.e_entry;
    ret->is_relocatable = header.e_type == ET_DYN;
    if (!read_program_headers(ret, &header, &dynamic, ret_error) || !elf64_lay_out(ret, ret_error))
        return false;
    if (dynamic.p_type == PT_DYNAMIC && dynamic.p_filesz > 0)
        return elf64_read_dynamic(ret, dynamic.p_offset, dynamic.p_filesz, ret_error);
    if (ret->is_relocatable)
        return elf64_fail(ret_error, ELF64_NO_DYNAMIC, header.e_type);
    return true;
}

bool elf64_is_executable(const struct elf64_image *image, uint64_t address)
{
    uint64_t offset;

    if (!elf64_offset_of(image, address, 1, &offset))
        return false;
    for (unsigned i = 0; i < image->n_segments; i++)
        if (offset >= image->segments[i].offset && offset - image->segments[i].offset < image->segments[i].bytes)
            return image->segments[i].rights & ELF64_EXECUTE;
    return false;
}
