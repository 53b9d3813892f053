/*
 * Kernels as ELF64 files (System V gABI, chapters 4 and 5; psABI AMD64, 4.4 Relocation): what a file wants to be in
 * memory, whether it may, and putting it there. Pure; any file may be handed in. Every check works in time linear in
 * the file's bytes, every placement in the image's.
 *
 *     file      header, program headers | text | data |
 *     image     | text  ......|           |  data  .bss......|      whole pages, physically contiguous
 *               virt_start       a gap                       virt_start + bytes         (.: zeroes)
 *
 * Addresses are those the file was linked for, unless "run-time" is said: those are higher by the slide, modulo 2^64.
 */
#ifndef ELF64_H
#define ELF64_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"

#define ELF64_TOP_START 0xFFFFFFFF80000000ull /* the top 2 GiB, where images run */
#define ELF64_TOP_END 0xFFFFFFFFFFFFF000ull   /* exclusive; the last page stays free, so that no end wraps to 0 */
#define ELF64_ALIGN_MAX GIB(1)

/* Loadable segments of a file. The linkers make at most a handful. */
#define ELF64_SEGMENTS_MAX 64

/* A segment's rights, as in p_flags. */
#define ELF64_EXECUTE 1u
#define ELF64_WRITE 2u
#define ELF64_READ 4u

/* X(status, what the offending value is, text for a one-line message) */
#define ELF64_STATUSES(X)                                                                                              \
    X(OK, 0, "ok")                                                                                                     \
    X(TOO_SHORT, file bytes, "the file ends inside its ELF header")                                                    \
    X(NOT_ELF, first four bytes, "not an ELF file")                                                                    \
    X(CLASS, EI_CLASS, "not a 64-bit ELF file")                                                                        \
    X(DATA, EI_DATA, "not a little-endian ELF file")                                                                   \
    X(VERSION, EI_VERSION or e_version, "unknown ELF version")                                                         \
    X(TYPE, e_type, "neither an executable nor a relocatable (PIE) image")                                             \
    X(MACHINE, e_machine, "not for x86-64")                                                                            \
    X(HEADER_SIZE, e_phentsize, "wrong size of a program header")                                                      \
    X(HEADER_COUNT, e_phnum, "too many program headers")                                                               \
    X(HEADERS_OUTSIDE, e_phoff, "the program headers lie beyond the end of the file")                                  \
    X(NO_SEGMENTS, e_phnum, "no loadable segment")                                                                     \
    X(TOO_MANY_SEGMENTS, ELF64_SEGMENTS_MAX, "more loadable segments than can be taken")                               \
    X(FILE_OVER_MEMORY, p_filesz, "a segment has more bytes in the file than in memory")                               \
    X(SEGMENT_OUTSIDE, p_offset, "a segment's bytes lie beyond the end of the file")                                   \
    X(SEGMENT_WRAPS, p_vaddr, "a segment reaches beyond the end of the address space")                                 \
    X(NOT_CANONICAL, p_vaddr, "a segment lies at a non-canonical address")                                             \
    X(LOW_ADDRESS, p_vaddr, "a segment of a fixed image lies below the top 2 GiB")                                     \
    X(MIXED_HALVES, p_vaddr, "some segments lie in the top 2 GiB and some below")                                      \
    X(ALIGN, p_align, "a segment's alignment is no power of two up to 1 GiB")                                          \
    X(OVERLAP, p_vaddr, "segments overlap")                                                                            \
    X(MIXED_RIGHTS, address of the page, "segments with different rights share a page")                                \
    X(TOO_BIG, bytes, "the image is larger than 2 GiB")                                                                \
    X(TOO_HIGH, virt_start, "the image does not fit below the end of the address space")                               \
    X(ENTRY, address, "the entry point is not in an executable segment")                                               \
    X(NO_DYNAMIC, e_type, "a relocatable image without a dynamic segment")                                             \
    X(DYNAMIC_OUTSIDE, p_offset, "the dynamic segment lies beyond the end of the file")                                \
    X(NEEDS_LIBRARY, d_val, "the image needs a shared library")                                                        \
    X(REL, d_val, "relocations without addends are not supported")                                                     \
    X(ENTRY_SIZE, d_val, "wrong size of a relocation or symbol")                                                       \
    X(TABLE_SIZE, bytes, "a relocation table is no whole number of entries")                                           \
    X(TABLE_OUTSIDE, address, "a relocation table lies outside the image")                                             \
    X(SLIDE, slide, "the image may not run at this address")                                                           \
    X(RELOCATION, relocation type, "unknown type of relocation")                                                       \
    X(TARGET_OUTSIDE, r_offset, "a relocation's target lies outside the image")                                        \
    X(SYMBOL_OUTSIDE, symbol index, "a relocation's symbol lies outside the image")                                    \
    X(UNDEFINED, symbol index, "a relocation's symbol is undefined")                                                   \
    X(IFUNC, symbol index, "a relocation's symbol is an indirect function")

enum elf64_status {
#define ELF64_ENUMERATOR(name, value, text) ELF64_##name,
    ELF64_STATUSES(ELF64_ENUMERATOR)
#undef ELF64_ENUMERATOR
};

struct elf64_error {
    enum elf64_status status;
    uint64_t value; /* what offends: see ELF64_STATUSES */
};

/* Bytes [offset, offset + bytes) of the image. */
struct elf64_range {
    uint64_t offset, bytes;
};

/* What to map: whole pages. Sorted, disjoint; neighbours differ in their rights or have a gap between them. */
struct elf64_segment {
    uint64_t offset, bytes; /* in the image */
    uint32_t rights;        /* ELF64_EXECUTE | ELF64_WRITE | ELF64_READ */
};

/* What to copy. Sorted by offset, disjoint. */
struct elf64_load {
    uint64_t file_offset;
    uint32_t offset, bytes; /* in the image, which is no larger than 2 GiB */
};

/* Out of the dynamic segment. Every table lies inside the image. */
struct elf64_dynamic {
    struct elf64_range relr, rela, jmprel;
    uint64_t symbols; /* offset in the image; UINT64_MAX: none */
};

/* 2.6 KiB. Refers to the file, which must stay as it is for as long as this is used. */
struct elf64_image {
    const uint8_t *file;
    uint64_t file_bytes;

    uint64_t virt_start, bytes;  /* whole pages around all segments */
    uint64_t align;              /* of the block, a power of two from 4 KiB to ELF64_ALIGN_MAX */
    uint64_t entry;              /* not checked: a kernel may ask for another one. See elf64_is_executable() */
    uint64_t file_backed_bytes;  /* the image's first bytes, up to where the .bss of its highest segment begins */
    uint64_t slide_min, slide_max; /* multiples of align that keep the image in the top 2 GiB; equal if it is fixed */
    bool is_relocatable;
    bool has_writable_code;      /* some segment asks for both */

    unsigned n_segments, n_loads;
    struct elf64_segment segments[ELF64_SEGMENTS_MAX];
    struct elf64_load loads[ELF64_SEGMENTS_MAX];
    struct elf64_dynamic dynamic;
};

/*
 * Reads and checks everything about a file but what its relocations say.
 *
 * file       `bytes` of it, at any alignment.
 * ret        meaningless unless true is returned.
 * ret_error  on false: why.
 */
MUST_CHECK bool elf64_read(const void *file, uint64_t bytes, struct elf64_image *ret, struct elf64_error *ret_error);

/* A slide for KASLR: any legal one, equally likely if `random` is any number, equally likely. */
uint64_t elf64_random_slide(const struct elf64_image *image, uint64_t random);

/* Whether `address` lies in a page that will be mapped executable. A run-time address is this plus the slide. */
bool elf64_is_executable(const struct elf64_image *image, uint64_t address);

/*
 * Fills the block: segments, zeroes everywhere else, relocations applied.
 *
 * slide  a multiple of image->align in [slide_min, slide_max].
 * block  image->bytes of memory; whole of it is written. Its contents are meaningless if false is returned.
 */
MUST_CHECK bool elf64_place(const struct elf64_image *image, uint64_t slide, void *block,
                            struct elf64_error *ret_error);

/* Where in the image a section lies. False without one of this name inside the image, or a sound table of sections. */
bool elf64_section(const struct elf64_image *image, const char *name, struct elf64_range *ret);

const char *elf64_status_text(enum elf64_status status);

#endif
