#include <elf.h>
#include <stddef.h>

#include "elf64_file.h"

/* An image on its way into its block. */
struct placing {
    const struct elf64_image *image;
    uint8_t *block;
    uint64_t slide;
    struct elf64_error *error;
};

static void copy_segments(const struct placing *p)
{
    uint64_t done = 0;

    for (unsigned i = 0; i < p->image->n_loads; i++) {
        const struct elf64_load *load = &p->image->loads[i];

        __builtin_memset(p->block + done, 0, load->offset - done);
        __builtin_memcpy(p->block + load->offset, p->image->file + load->file_offset, load->bytes);
        done = (uint64_t)load->offset + load->bytes;
    }
    __builtin_memset(p->block + done, 0, p->image->bytes - done);
}

/* The 8 bytes at a link-time address, wherever in the image; NULL and an error if they are not all inside. */
static uint8_t *target_of(const struct placing *p, uint64_t address)
{
    uint64_t offset;

    if (elf64_offset_of(p->image, address, sizeof(uint64_t), &offset))
        return p->block + offset;
    elf64_fail(p->error, ELF64_TARGET_OUTSIDE, address);
    return NULL;
}

static bool symbol_value(const struct placing *p, uint64_t index, uint64_t *ret)
{
    const uint64_t symbols = p->image->dynamic.symbols, at = index * sizeof(Elf64_Sym);
    Elf64_Sym symbol;

    if (symbols > p->image->bytes || at > p->image->bytes - symbols ||
        sizeof symbol > p->image->bytes - symbols - at)
        return elf64_fail(p->error, ELF64_SYMBOL_OUTSIDE, index);
    __builtin_memcpy(&symbol, p->block + symbols + at, sizeof symbol);
    if (symbol.st_shndx == SHN_UNDEF) {
        if (ELF64_ST_BIND(symbol.st_info) != STB_WEAK)
            return elf64_fail(p->error, ELF64_UNDEFINED, index);
        *ret = 0;
        return true;
    }
    /* Its value is what a function returns that nobody has called yet. */
    if (ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC)
        return elf64_fail(p->error, ELF64_IFUNC, index);
    *ret = symbol.st_value + (symbol.st_shndx == SHN_ABS ? 0 : p->slide);
    return true;
}

/* psABI AMD64, 4.4.1 Relocation Types. */
static bool apply_rela(const struct placing *p, const Elf64_Rela *r)
{
    const uint32_t type = ELF64_R_TYPE(r->r_info);
    uint64_t value;
    uint8_t *target;

    switch (type) {
    case R_X86_64_NONE:
        return true;
    case R_X86_64_RELATIVE:
        value = p->slide + (uint64_t)r->r_addend;
        break;
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT:
        if (!symbol_value(p, ELF64_R_SYM(r->r_info), &value))
            return false;
        break;
    case R_X86_64_64:
        if (!symbol_value(p, ELF64_R_SYM(r->r_info), &value))
            return false;
        value += (uint64_t)r->r_addend;
        break;
    default:
        return elf64_fail(p->error, ELF64_RELOCATION, type);
    }
    target = target_of(p, r->r_offset);
    if (!target)
        return false;
    __builtin_memcpy(target, &value, sizeof value);
    return true;
}

/*
 * The table is read from the block, where a strange image's relocations may rewrite it as we go: its place and length
 * are settled, and each entry is checked as it is read.
 */
static bool apply_rela_table(const struct placing *p, struct elf64_range table)
{
    for (uint64_t at = 0; at < table.bytes; at += sizeof(Elf64_Rela)) {
        Elf64_Rela r;

        __builtin_memcpy(&r, p->block + table.offset + at, sizeof r);
        if (!apply_rela(p, &r))
            return false;
    }
    return true;
}

static bool add_slide(const struct placing *p, uint64_t address)
{
    uint8_t *target = target_of(p, address);
    uint64_t value;

    if (!target)
        return false;
    __builtin_memcpy(&value, target, sizeof value);
    value += p->slide;
    __builtin_memcpy(target, &value, sizeof value);
    return true;
}

/*
 * gABI, 5 Dynamic Section, SHT_RELR: an even word is the address of a word to relocate; an odd one is a map of which of
 * the 63 words after the last that was spoken of are to be.
 */
static bool apply_relr(const struct placing *p)
{
    const struct elf64_range table = p->image->dynamic.relr;
    uint64_t next = 0;

    for (uint64_t at = 0; at < table.bytes; at += sizeof(Elf64_Relr)) {
        uint64_t entry;

        __builtin_memcpy(&entry, p->block + table.offset + at, sizeof entry);
        if (!(entry & 1)) {
            if (!add_slide(p, entry))
                return false;
            next = entry + sizeof(uint64_t);
            continue;
        }
        for (uint64_t map = entry >> 1, address = next; map; map >>= 1, address += sizeof(uint64_t))
            if ((map & 1) && !add_slide(p, address))
                return false;
        next += 63 * sizeof(uint64_t);
    }
    return true;
}

bool elf64_place(const struct elf64_image *image, uint64_t slide, void *block, struct elf64_error *ret_error)
{
    const struct placing p = { image, block, slide, ret_error };

    *ret_error = (struct elf64_error){ ELF64_OK, 0 };
    if (slide < image->slide_min || slide > image->slide_max || (slide & (image->align - 1)))
        return elf64_fail(ret_error, ELF64_SLIDE, slide);
    copy_segments(&p);
    return apply_relr(&p) && apply_rela_table(&p, image->dynamic.rela) && apply_rela_table(&p, image->dynamic.jmprel);
}
