#include "model_elf.h"

#include <stdlib.h>
#include <string.h>

#include "panic.h"

/* Of the kernel: one page for the tables, each with a quarter of it. */
#define TABLES 0x1000
#define RELA (TABLES + 0x000)
#define JMPREL (TABLES + 0x400)
#define RELR (TABLES + 0x800)
#define SYMBOLS (TABLES + 0xC00)
#define TABLE_BYTES 0x400
#define DYNAMIC (MODEL_ELF_DATA + 0x700)
#define DYNAMIC_BYTES (MODEL_ELF_BSS - DYNAMIC)

void model_elf_open(struct model_elf *elf, uint16_t type, uint64_t entry)
{
    *elf = (struct model_elf){ calloc(MODEL_ELF_CAPACITY, 1), MODEL_ELF_CONTENTS };
    *model_elf_header(elf) = (Elf64_Ehdr){
        .e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = type,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = entry,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
    };
}

void model_elf_close(struct model_elf *elf)
{
    free(elf->bytes);
    elf->bytes = NULL;
}

Elf64_Ehdr *model_elf_header(struct model_elf *elf) { return (Elf64_Ehdr *)elf->bytes; }

Elf64_Phdr *model_elf_phdr(struct model_elf *elf, unsigned index)
{
    ASSERT(index < model_elf_header(elf)->e_phnum);
    return (Elf64_Phdr *)(elf->bytes + sizeof(Elf64_Ehdr)) + index;
}

Elf64_Phdr *model_elf_add_phdr(struct model_elf *elf, uint32_t type, uint32_t flags)
{
    const unsigned index = model_elf_header(elf)->e_phnum++;
    Elf64_Phdr *p = model_elf_phdr(elf, index);

    ASSERT((uint8_t *)(p + 1) <= elf->bytes + MODEL_ELF_CONTENTS);
    *p = (Elf64_Phdr){ .p_type = type, .p_flags = flags };
    return p;
}

/* Room for `bytes` at the end of the file. */
static size_t append(struct model_elf *elf, size_t bytes, size_t align)
{
    const size_t at = (elf->size + align - 1) / align * align;

    ASSERT(at <= MODEL_ELF_CAPACITY && bytes <= MODEL_ELF_CAPACITY - at);
    elf->size = at + bytes;
    return at;
}

Elf64_Phdr *model_elf_add_load(struct model_elf *elf, uint32_t flags, uint64_t vaddr, uint64_t filesz, uint64_t memsz)
{
    Elf64_Phdr *p = model_elf_add_phdr(elf, PT_LOAD, flags);

    p->p_offset = append(elf, filesz, 16);
    p->p_vaddr = p->p_paddr = vaddr;
    p->p_filesz = filesz;
    p->p_memsz = memsz;
    p->p_align = 4096;
    for (uint64_t i = 0; i < filesz; i++)
        elf->bytes[p->p_offset + i] = (uint8_t)(1 + (i * 7 + vaddr / 4096) % 251);
    return p;
}

void *model_elf_at(struct model_elf *elf, uint64_t vaddr)
{
    for (unsigned i = 0; i < model_elf_header(elf)->e_phnum; i++) {
        const Elf64_Phdr *p = model_elf_phdr(elf, i);

        if (p->p_type == PT_LOAD && vaddr >= p->p_vaddr && vaddr - p->p_vaddr < p->p_filesz)
            return elf->bytes + p->p_offset + (vaddr - p->p_vaddr);
    }
    assert_failed("an address in the file", __FILE_NAME__, __LINE__);
}

void model_elf_put(struct model_elf *elf, uint64_t vaddr, uint64_t value)
{
    memcpy(model_elf_at(elf, vaddr), &value, sizeof value);
}

static Elf64_Dyn *dynamic_of(struct model_elf *elf, int64_t tag)
{
    for (unsigned i = 0; i < model_elf_header(elf)->e_phnum; i++) {
        const Elf64_Phdr *p = model_elf_phdr(elf, i);
        Elf64_Dyn *entry = (Elf64_Dyn *)(elf->bytes + p->p_offset);

        if (p->p_type != PT_DYNAMIC)
            continue;
        while (entry->d_tag != DT_NULL && entry->d_tag != tag)
            entry++;
        ASSERT((uint8_t *)(entry + 1) < elf->bytes + p->p_offset + p->p_filesz); /* DT_NULL stays the last */
        return entry;
    }
    assert_failed("a dynamic segment", __FILE_NAME__, __LINE__);
}

void model_elf_set_dynamic(struct model_elf *elf, int64_t tag, uint64_t value)
{
    *dynamic_of(elf, tag) = (Elf64_Dyn){ .d_tag = tag, .d_un.d_val = value };
}

static void append_to_table(struct model_elf *elf, int64_t bytes_tag, int64_t address_tag, const void *entry,
                            size_t bytes)
{
    const Elf64_Dyn *size = dynamic_of(elf, bytes_tag);
    const uint64_t used = size->d_tag == bytes_tag ? size->d_un.d_val : 0;

    ASSERT(used + bytes <= TABLE_BYTES);
    memcpy(model_elf_at(elf, dynamic_of(elf, address_tag)->d_un.d_ptr + used), entry, bytes);
    model_elf_set_dynamic(elf, bytes_tag, used + bytes);
}

void model_elf_add_rela(struct model_elf *elf, uint64_t offset, uint32_t type, uint32_t symbol, int64_t addend)
{
    const Elf64_Rela r = { offset, ELF64_R_INFO((uint64_t)symbol, type), addend };

    append_to_table(elf, DT_RELASZ, DT_RELA, &r, sizeof r);
}

void model_elf_add_jmprel(struct model_elf *elf, uint64_t offset, uint32_t type, uint32_t symbol, int64_t addend)
{
    const Elf64_Rela r = { offset, ELF64_R_INFO((uint64_t)symbol, type), addend };

    append_to_table(elf, DT_PLTRELSZ, DT_JMPREL, &r, sizeof r);
}

void model_elf_add_relr(struct model_elf *elf, uint64_t entry)
{
    append_to_table(elf, DT_RELRSZ, DT_RELR, &entry, sizeof entry);
}

void model_elf_add_symbol(struct model_elf *elf, uint8_t bind, uint8_t type, uint16_t section, uint64_t value)
{
    Elf64_Sym *symbol = model_elf_at(elf, dynamic_of(elf, DT_SYMTAB)->d_un.d_ptr);

    /* No table says how many there are: a symbol without a name, type and value is the first free one. */
    for (symbol++; symbol->st_info || symbol->st_shndx || symbol->st_value; symbol++)
        ;
    *symbol = (Elf64_Sym){ .st_info = (unsigned char)ELF64_ST_INFO(bind, type), .st_shndx = section,
                           .st_value = value };
}

void model_elf_add_section(struct model_elf *elf, const char *name, uint64_t vaddr, uint64_t bytes)
{
    const size_t name_bytes = strlen(name) + 1;
    const size_t names_at = append(elf, 1 + name_bytes, 1), at = append(elf, 3 * sizeof(Elf64_Shdr), 8);
    Elf64_Shdr *sections = (Elf64_Shdr *)(elf->bytes + at);

    memcpy(elf->bytes + names_at + 1, name, name_bytes);
    sections[1] = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, .sh_addr = vaddr,
                                .sh_size = bytes };
    sections[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = names_at, .sh_size = 1 + name_bytes };
    model_elf_header(elf)->e_shoff = at;
    model_elf_header(elf)->e_shentsize = sizeof(Elf64_Shdr);
    model_elf_header(elf)->e_shnum = 3;
    model_elf_header(elf)->e_shstrndx = 2;
}

void model_elf_open_kernel(struct model_elf *elf, uint16_t type, uint64_t base)
{
    Elf64_Phdr *p;

    model_elf_open(elf, type, base + 0x10);
    model_elf_add_load(elf, PF_R | PF_X, base, 0x800, 0x800);
    model_elf_add_load(elf, PF_R, base + TABLES, 0x1000, 0x1000);
    memset(model_elf_at(elf, base + TABLES), 0, 0x1000);
    model_elf_add_load(elf, PF_R | PF_W, base + MODEL_ELF_DATA, MODEL_ELF_BSS - MODEL_ELF_DATA, 0x3000);
    memset(model_elf_at(elf, base + DYNAMIC), 0, DYNAMIC_BYTES);
    p = model_elf_add_phdr(elf, PT_DYNAMIC, PF_R | PF_W);
    p->p_offset = (uint64_t)((uint8_t *)model_elf_at(elf, base + DYNAMIC) - elf->bytes);
    p->p_vaddr = base + DYNAMIC;
    p->p_filesz = p->p_memsz = DYNAMIC_BYTES;
    model_elf_set_dynamic(elf, DT_RELA, base + RELA);
    model_elf_set_dynamic(elf, DT_RELAENT, sizeof(Elf64_Rela));
    model_elf_set_dynamic(elf, DT_JMPREL, base + JMPREL);
    model_elf_set_dynamic(elf, DT_PLTREL, DT_RELA);
    model_elf_set_dynamic(elf, DT_RELR, base + RELR);
    model_elf_set_dynamic(elf, DT_RELRENT, sizeof(Elf64_Relr));
    model_elf_set_dynamic(elf, DT_SYMTAB, base + SYMBOLS);
    model_elf_set_dynamic(elf, DT_SYMENT, sizeof(Elf64_Sym));
}

uint8_t *model_elf_copy(const struct model_elf *elf, size_t bytes)
{
    uint8_t *copy = malloc(bytes);

    memcpy(copy, elf->bytes, bytes);
    return copy;
}
