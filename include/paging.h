/*
 * x86-64 page tables, 4- and 5-level (Intel SDM vol 3A, 4.5 4-Level Paging and 5-Level Paging): map, unmap, protect,
 * translate, in tables whose frames the caller supplies. Pure: never touches CR3 and flushes no TLB; the caller does,
 * after anything but paging_map().
 *
 * A table, once taken, stays: where small pages were mapped, small ones will be mapped again.
 * Not internally synchronized: one call at a time on one struct paging.
 */
#ifndef PAGING_H
#define PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"

#define PAGING_LEVELS_MAX 5

/* Page Attribute Table entry of a mapping. The PAT is programmed as 0 WB, 1 WT, 2 UC-, 3 UC, 4 WP, 5 WC. */
enum cache_type {
    CACHE_WRITE_BACK = 0,
    CACHE_WRITE_THROUGH = 1,
    CACHE_UNCACHED = 3,
    CACHE_WRITE_PROTECTED = 4,
    CACHE_WRITE_COMBINING = 5,
};

/* Or-ed together. */
enum page_rights {
    PAGE_READ = 0, /* always */
    PAGE_WRITE = 1,
    PAGE_EXECUTE = 2,
};

/* Where table frames come from, and how to reach them. */
struct paging_source {
    void *context;
    bool (*take)(void *context, phys_addr_t *ret_table);  /* a frame, contents arbitrary; false: none left */
    uint64_t *(*reach)(void *context, phys_addr_t table); /* the frame's 512 entries */
};

struct paging {
    phys_addr_t root;
    unsigned levels; /* 4 or 5 */
    bool pages_1g;   /* the processor has 1 GiB pages */
    bool no_execute; /* EFER.NXE is set; otherwise the XD bit is reserved and left out */
    struct paging_source source;
};

enum paging_status {
    PAGING_OK,
    PAGING_NO_MEMORY,  /* the source ran dry */
    PAGING_BAD_RANGE,  /* not page-aligned, empty, wraps, not within one canonical half, or physical end above 2^52 */
    PAGING_MAPPED,     /* paging_map(): something in the range is mapped already; nothing was changed */
    PAGING_NOT_MAPPED, /* paging_protect(): something in the range is not mapped; nothing was changed */
};

struct paging_translation {
    bool mapped;         /* false: nothing else here means anything */
    phys_addr_t address; /* of the byte asked for */
    uint64_t page_bytes; /* 4 KiB, 2 MiB or 1 GiB */
    unsigned rights;     /* enum page_rights: what all levels together grant */
    enum cache_type cache;
};

/* Takes and clears a root table. PAGING_NO_MEMORY. */
MUST_CHECK enum paging_status paging_init(struct paging *paging, unsigned levels, bool pages_1g, bool no_execute,
                                          struct paging_source source);

/*
 * Maps [virt, virt + bytes) to phys, all multiples of 4 KiB: supervisor, not global, with the largest pages that fit:
 * 1 GiB or 2 MiB where both addresses are multiples of it, the range covers it, and no table was needed there before.
 * Errors: PAGING_BAD_RANGE, PAGING_MAPPED; PAGING_NO_MEMORY: the lowest part of the range is mapped, the rest is not.
 */
MUST_CHECK enum paging_status paging_map(struct paging *paging, virt_addr_t virt, phys_addr_t phys, uint64_t bytes,
                                         unsigned rights, enum cache_type cache);

/*
 * Removes what is mapped in the range, splitting large pages at its ends. Holes are fine. The tables stay.
 * Errors: PAGING_BAD_RANGE; PAGING_NO_MEMORY: every address translates as before, though perhaps by smaller pages.
 */
MUST_CHECK enum paging_status paging_unmap(struct paging *paging, virt_addr_t virt, uint64_t bytes);

/* Changes rights and cache type of a mapped range. Errors: PAGING_NOT_MAPPED, and as paging_unmap(). */
MUST_CHECK enum paging_status paging_protect(struct paging *paging, virt_addr_t virt, uint64_t bytes, unsigned rights,
                                             enum cache_type cache);

/*
 * Makes the upper half of the address space the same tables as the lower half: top-level entry 256 + i becomes a copy
 * of entry i. Needed again only after a top-level entry was added below. Map and unmap in the lower half only.
 */
void paging_mirror(struct paging *paging);

/* What a table entry says of the table below, as paging_map() writes it: all rights, the pages' own decide. */
uint64_t paging_table_entry(phys_addr_t table);

/* First address of the upper half: 0xFFFF800000000000 or 0xFF00000000000000. */
virt_addr_t paging_upper_half(unsigned levels);

/* Any address; a non-canonical one is not mapped. Never takes a table; reads only tables. */
MUST_CHECK struct paging_translation paging_translate(const struct paging *paging, virt_addr_t virt);

/* How many tables a set of mappings can take at most: begin, add every range, read `tables`. */
struct paging_estimate {
    uint64_t tables; /* the root included */
    unsigned levels;
    bool pages_1g;
    uint64_t counted[PAGING_LEVELS_MAX]; /* per level below the root: 1 + the slot counted last */
};

struct paging_estimate paging_estimate_begin(unsigned levels, bool pages_1g);

/* Bytes mapped one to one, multiples of 4 KiB. Tight if ranges come in ascending order, an upper bound in any. */
void paging_estimate_range(struct paging_estimate *estimate, struct phys_range range);

/* `n` changes of rights, or holes, of any extent inside what is mapped: each may split large pages at both ends. */
void paging_estimate_splits(struct paging_estimate *estimate, uint64_t n);

#endif
