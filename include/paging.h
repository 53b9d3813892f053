/*
 * x86-64 page tables, 4- and 5-level (Intel SDM vol 3A, 4.5 4-Level Paging and 5-Level Paging): map, unmap, protect,
 * translate, in tables whose frames the caller supplies. Pure: never touches CR3 and flushes no TLB.
 */
#ifndef PAGING_H
#define PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"

/* Page Attribute Table entry of a mapping. The PAT is programmed as 0 WB, 1 WT, 2 UC-, 3 UC, 4 WP, 5 WC. */
enum cache_type { CACHE_WRITE_BACK = 0, CACHE_WRITE_THROUGH = 1, CACHE_UNCACHED = 3, CACHE_WRITE_PROTECTED = 4, CACHE_WRITE_COMBINING = 5 };

enum page_rights {
    PAGE_READ = 0, /* always */
    PAGE_WRITE = 1,
    PAGE_EXECUTE = 2,
};

/* Where table frames come from, and how to reach them. */
struct paging_source {
    void *context;
    bool (*take)(void *context, phys_addr_t *ret_table);       /* a frame, contents arbitrary; false: none left */
    uint64_t *(*reach)(void *context, phys_addr_t table);      /* the frame's 512 entries */
};

struct paging {
    phys_addr_t root;
    unsigned levels;     /* 4 or 5 */
    bool pages_1g;       /* the processor has 1 GiB pages */
    bool no_execute;     /* EFER.NXE is set; otherwise the XD bit is reserved and left out */
    struct paging_source source;
};

enum paging_status {
    PAGING_OK,
    PAGING_NO_MEMORY,    /* the source ran dry. What was mapped so far stays, the rest is not mapped */
    PAGING_BAD_RANGE,    /* not page-aligned, empty, wraps, non-canonical, or physical end above 2^52 */
    PAGING_MAPPED,       /* paging_map(): something in the range is mapped already; nothing was changed */
    PAGING_NOT_MAPPED,   /* paging_protect(): something in the range is not mapped */
};

struct paging_translation {
    bool mapped;
    phys_addr_t address; /* of the byte asked for */
    uint64_t page_bytes; /* 4 KiB, 2 MiB or 1 GiB */
    unsigned rights;     /* enum page_rights */
    enum cache_type cache;
};

/* Takes and clears a root table. PAGING_NO_MEMORY. */
MUST_CHECK enum paging_status paging_init(struct paging *paging, unsigned levels, bool pages_1g, bool no_execute,
                                          struct paging_source source);

/* Maps [virt, virt + bytes) to phys, all multiples of 4 KiB, with the largest pages that fit. Supervisor, global off. */
MUST_CHECK enum paging_status paging_map(struct paging *paging, virt_addr_t virt, phys_addr_t phys, uint64_t bytes,
                                         unsigned rights, enum cache_type cache);

/* Removes what is mapped in the range, splitting large pages at its ends. Holes are fine. PAGING_NO_MEMORY: nothing changed. */
MUST_CHECK enum paging_status paging_unmap(struct paging *paging, virt_addr_t virt, uint64_t bytes);

/* Changes rights and cache type of a mapped range, splitting large pages at its ends. PAGING_NO_MEMORY: nothing changed. */
MUST_CHECK enum paging_status paging_protect(struct paging *paging, virt_addr_t virt, uint64_t bytes, unsigned rights,
                                             enum cache_type cache);

/*
 * Makes the upper half of the address space the same tables as the lower half: top-level entry 256 + i becomes a copy
 * of entry i. Needed again only after a top-level entry was added below.
 */
void paging_mirror(struct paging *paging);

/* First address of the upper half: ffff800000000000 or ff00000000000000. */
virt_addr_t paging_upper_half(unsigned levels);

MUST_CHECK struct paging_translation paging_translate(const struct paging *paging, virt_addr_t virt);

/*
 * Tables that mapping these ranges (disjoint or not) one to one can take at most, the root included, and `splits`
 * further changes of rights or holes of any extent inside them.
 */
uint64_t paging_tables_max(const struct phys_range *ranges, size_t n_ranges, unsigned levels, bool pages_1g, size_t splits);

#endif
