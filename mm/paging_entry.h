/* The format of page-table entries, and how addresses split into levels; private to mm/paging*.c. */
#ifndef PAGING_ENTRY_H
#define PAGING_ENTRY_H

#include "paging.h"

/*
 *   level   an entry covers   its table covers
 *     1        4 KiB              2 MiB
 *     2        2 MiB (a page)     1 GiB
 *     3        1 GiB (a page)   512 GiB
 *     4      512 GiB            256 TiB
 *     5      256 TiB            128 PiB
 */
#define ENTRIES 512
#define LEVEL_BITS 9
#define LEVEL_4K 1
#define LEVEL_2M 2
#define LEVEL_1G 3

/* Intel SDM vol 3A, tables 4-15 to 4-20. */
#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITE (1ull << 1)
#define ENTRY_PWT (1ull << 3)
#define ENTRY_PCD (1ull << 4)
#define ENTRY_LARGE (1ull << 7) /* PS, in levels 2 and 3 */
#define ENTRY_PAT_4K (1ull << 7)
#define ENTRY_PAT_LARGE (1ull << 12)
#define ENTRY_ADDRESS 0x000FFFFFFFFFF000ull
#define ENTRY_XD (1ull << 63)

/* Bits of a PAT index: Intel SDM vol 3A, 4.9.2 Paging and Memory Typing When the PAT is Supported. */
#define PAT_INDEX_PWT 1u
#define PAT_INDEX_PCD 2u
#define PAT_INDEX_PAT 4u

static inline unsigned level_shift(unsigned level) { return PAGE_SHIFT + LEVEL_BITS * (level - 1); }
static inline uint64_t level_bytes(unsigned level) { return 1ull << level_shift(level); }

static inline unsigned entry_index(uint64_t virt, unsigned level) { return virt >> level_shift(level) & (ENTRIES - 1); }

static inline bool is_page(uint64_t entry, unsigned level) { return level == LEVEL_4K || (entry & ENTRY_LARGE); }

static inline bool may_be_page(unsigned level, bool pages_1g)
{
    return level <= LEVEL_2M || (level == LEVEL_1G && pages_1g);
}

static inline uint64_t pat_bit(unsigned level) { return level == LEVEL_4K ? ENTRY_PAT_4K : ENTRY_PAT_LARGE; }

static inline uint64_t page_address(uint64_t entry, unsigned level)
{
    return entry & ENTRY_ADDRESS & ~(level_bytes(level) - 1);
}

#endif
