/*
 * Physical memory for page tables on the host, and a walk through them written from the manual: shares no code with
 * mm/paging*.c. Everything inline, so that tests, fuzzers and benchmarks need no object of their own for it.
 */
#ifndef FAKE_TABLES_H
#define FAKE_TABLES_H

#include <stdlib.h>
#include <string.h>

#include "paging.h"

/* Table frames lie just below 2^52, so that every address bit of an entry counts. */
#define FAKE_TABLES_MAX (1u << 15)
#define FAKE_TABLES_START ((1ull << 52) - FAKE_TABLES_MAX * PAGE_SIZE)

struct fake_tables {
    uint64_t **frames; /* each allocated by itself, so that no overrun goes unseen */
    size_t taken;
    size_t limit; /* how many may be taken */
};

static inline bool fake_take(void *context, phys_addr_t *ret_table)
{
    struct fake_tables *t = context;

    if (t->taken == t->limit)
        return false;
    t->frames[t->taken] = malloc(PAGE_SIZE);
    memset(t->frames[t->taken], 0xA5, PAGE_SIZE); /* contents are arbitrary */
    *ret_table = phys_addr(FAKE_TABLES_START + t->taken++ * PAGE_SIZE);
    return true;
}

static inline uint64_t *fake_reach(void *context, phys_addr_t table)
{
    const struct fake_tables *t = context;
    const uint64_t offset = table.value - FAKE_TABLES_START;

    if (offset % PAGE_SIZE || offset / PAGE_SIZE >= t->taken)
        abort(); /* not a table */
    return t->frames[offset / PAGE_SIZE];
}

static inline struct fake_tables fake_tables(void)
{
    return (struct fake_tables){ malloc(FAKE_TABLES_MAX * sizeof(uint64_t *)), 0, FAKE_TABLES_MAX };
}

static inline void fake_tables_free(struct fake_tables *t)
{
    for (size_t i = 0; i < t->taken; i++)
        free(t->frames[i]);
    free(t->frames);
}

static inline struct paging_source fake_source(struct fake_tables *t)
{
    return (struct paging_source){ t, fake_take, fake_reach };
}

/*
 * The entry that maps or fails to map `virt`, as a processor would find it (Intel SDM vol 3A, 4.5.4 Linear-Address
 * Translation with 4-Level Paging and 5-Level Paging). ret_bytes receives what the entry covers.
 */
static inline uint64_t raw_entry(struct fake_tables *t, uint64_t root, unsigned levels, uint64_t virt,
                                 uint64_t *ret_bytes)
{
    uint64_t table = root;

    for (unsigned shift = 12 + 9 * (levels - 1);; shift -= 9) {
        const uint64_t entry = fake_reach(t, phys_addr(table))[virt >> shift & 511];
        const bool present = entry & 1, page_size = entry >> 7 & 1;

        *ret_bytes = 1ull << shift;
        if (!present || shift == 12 || page_size)
            return entry;
        table = entry & 0xFFFFFFFFFF000;
    }
}

#endif
