#include <elf.h>
#include <stddef.h>

#include "elf64_file.h"

/* The entries that matter, as they are in the file; absent ones are 0. */
struct values {
    uint64_t rela, rela_bytes, rela_entry_bytes;
    uint64_t relr, relr_bytes, relr_entry_bytes;
    uint64_t jmprel, jmprel_bytes, jmprel_type;
    uint64_t rel_bytes;
    uint64_t symbols, symbol_bytes;
    bool has_symbols;
};

/* Where an entry's value is kept; NULL for those that a kernel's loader need not know. */
static uint64_t *slot_of(struct values *v, int64_t tag)
{
    switch (tag) {
    case DT_RELA: return &v->rela;
    case DT_RELASZ: return &v->rela_bytes;
    case DT_RELAENT: return &v->rela_entry_bytes;
    case DT_RELR: return &v->relr;
    case DT_RELRSZ: return &v->relr_bytes;
    case DT_RELRENT: return &v->relr_entry_bytes;
    case DT_JMPREL: return &v->jmprel;
    case DT_PLTRELSZ: return &v->jmprel_bytes;
    case DT_PLTREL: return &v->jmprel_type;
    case DT_RELSZ: return &v->rel_bytes;
    case DT_SYMTAB: return &v->symbols;
    case DT_SYMENT: return &v->symbol_bytes;
    default: return NULL;
    }
}

/* All entries up to DT_NULL or the end of the segment, whichever comes first. */
static bool collect(const struct elf64_image *image, uint64_t file_offset, uint64_t bytes, struct values *v,
                    struct elf64_error *error)
{
    for (uint64_t at = 0; bytes - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        uint64_t *slot;

        __builtin_memcpy(&entry, image->file + file_offset + at, sizeof entry);
        if (entry.d_tag == DT_NULL)
            return true;
        if (entry.d_tag == DT_NEEDED)
            return elf64_fail(error, ELF64_NEEDS_LIBRARY, entry.d_un.d_val);
        slot = slot_of(v, entry.d_tag);
        if (slot)
            *slot = entry.d_un.d_val;
        if (entry.d_tag == DT_SYMTAB)
            v->has_symbols = true;
    }
    return true;
}

static bool check_kinds(const struct values *v, struct elf64_error *error)
{
    if (v->rel_bytes)
        return elf64_fail(error, ELF64_REL, v->rel_bytes);
    if (v->jmprel_bytes && v->jmprel_type != DT_RELA)
        return elf64_fail(error, ELF64_REL, v->jmprel_type);
    if (v->rela_bytes && v->rela_entry_bytes != sizeof(Elf64_Rela))
        return elf64_fail(error, ELF64_ENTRY_SIZE, v->rela_entry_bytes);
    if (v->relr_bytes && v->relr_entry_bytes != sizeof(Elf64_Relr))
        return elf64_fail(error, ELF64_ENTRY_SIZE, v->relr_entry_bytes);
    if (v->symbol_bytes && v->symbol_bytes != sizeof(Elf64_Sym))
        return elf64_fail(error, ELF64_ENTRY_SIZE, v->symbol_bytes);
    return true;
}

static bool find_table(const struct elf64_image *image, uint64_t address, uint64_t bytes, uint64_t entry_bytes,
                       struct elf64_range *ret, struct elf64_error *error)
{
    if (bytes == 0)
        return true;
    if (bytes % entry_bytes != 0)
        return elf64_fail(error, ELF64_TABLE_SIZE, bytes);
    if (!elf64_offset_of(image, address, bytes, &ret->offset))
        return elf64_fail(error, ELF64_TABLE_OUTSIDE, address);
    ret->bytes = bytes;
    return true;
}

bool elf64_read_dynamic(struct elf64_image *image, uint64_t file_offset, uint64_t bytes, struct elf64_error *error)
{
    struct elf64_dynamic *d = &image->dynamic;
    struct values v = { 0 };

    if (!elf64_file_has(image, file_offset, bytes))
        return elf64_fail(error, ELF64_DYNAMIC_OUTSIDE, file_offset);
    if (!collect(image, file_offset, bytes, &v, error) || !check_kinds(&v, error))
        return false;
    /* A table of symbols says nowhere how long it is: each symbol is looked at when a relocation names it. */
    if (v.has_symbols && !elf64_offset_of(image, v.symbols, 0, &d->symbols))
        return elf64_fail(error, ELF64_TABLE_OUTSIDE, v.symbols);
    return find_table(image, v.relr, v.relr_bytes, sizeof(Elf64_Relr), &d->relr, error) &&
           find_table(image, v.rela, v.rela_bytes, sizeof(Elf64_Rela), &d->rela, error) &&
           find_table(image, v.jmprel, v.jmprel_bytes, sizeof(Elf64_Rela), &d->jmprel, error);
}
