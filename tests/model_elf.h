/*
 * ELF64 files made in memory, for tests: sound ones, whose every byte the test may then spoil. After a mistake in
 * using it, it aborts.
 */
#ifndef MODEL_ELF_H
#define MODEL_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_ELF_TOP 0xFFFFFFFF80000000ull

/* Header, then room for program headers, then contents. */
#define MODEL_ELF_CONTENTS 0x1000
#define MODEL_ELF_CAPACITY (256u << 10)

struct model_elf {
    uint8_t *bytes; /* MODEL_ELF_CAPACITY of them, those beyond `size` zero */
    size_t size;
};

void model_elf_open(struct model_elf *elf, uint16_t type, uint64_t entry);
void model_elf_close(struct model_elf *elf);

Elf64_Ehdr *model_elf_header(struct model_elf *elf);
Elf64_Phdr *model_elf_phdr(struct model_elf *elf, unsigned index);

/* Appends a program header; its fields and contents are the test's business. */
Elf64_Phdr *model_elf_add_phdr(struct model_elf *elf, uint32_t type, uint32_t flags);

/* Appends a PT_LOAD with p_align 4096, and its contents: each byte differs from its neighbours and is never 0. */
Elf64_Phdr *model_elf_add_load(struct model_elf *elf, uint32_t flags, uint64_t vaddr, uint64_t filesz, uint64_t memsz);

/* Where in the file the byte for an address is. */
void *model_elf_at(struct model_elf *elf, uint64_t vaddr);
void model_elf_put(struct model_elf *elf, uint64_t vaddr, uint64_t value);

/* Appends an entry before the DT_NULL of the dynamic segment, or changes the entry if there is one of this tag. */
void model_elf_set_dynamic(struct model_elf *elf, int64_t tag, uint64_t value);

/* Appends to a table in the image that dynamic entries describe: sets address, size and size of an entry. */
void model_elf_add_rela(struct model_elf *elf, uint64_t offset, uint32_t type, uint32_t symbol, int64_t addend);
void model_elf_add_jmprel(struct model_elf *elf, uint64_t offset, uint32_t type, uint32_t symbol, int64_t addend);
void model_elf_add_relr(struct model_elf *elf, uint64_t entry);
/* Symbol numbers count from 1; the table begins with the null symbol. */
void model_elf_add_symbol(struct model_elf *elf, uint8_t bind, uint8_t type, uint16_t section, uint64_t value);

/* Appends a section table with a section of this name, and one for the names. */
void model_elf_add_section(struct model_elf *elf, const char *name, uint64_t vaddr, uint64_t bytes);

/*
 * A kernel, linked for `base`, pages: 0 text (R-X), 1 tables (R--), 2 data (RW-) and from 0x900 of that on .bss, to
 * the end of page 4. Its dynamic segment is at the end of the data, its tables of relocations and symbols are empty.
 */
#define MODEL_ELF_KERNEL_BYTES 0x5000
#define MODEL_ELF_DATA 0x2000
#define MODEL_ELF_BSS 0x2900
void model_elf_open_kernel(struct model_elf *elf, uint16_t type, uint64_t base);

/* The file in memory of just its size, so that ASan sees every byte beyond. The caller frees. */
uint8_t *model_elf_copy(const struct model_elf *elf, size_t bytes);

#endif
