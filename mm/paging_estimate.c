#include "paging.h"

#include "paging_entry.h"

struct paging_estimate paging_estimate_begin(unsigned levels, bool pages_1g)
{
    return (struct paging_estimate){ .tables = 1, .levels = levels, .pages_1g = pages_1g };
}

/* Tables of a level for slots [first, last] of the level above, unless it is the slot that was counted last. */
static void count(struct paging_estimate *estimate, unsigned level, uint64_t first, uint64_t last)
{
    uint64_t *counted = &estimate->counted[level];

    estimate->tables += last - first + 1 - (first + 1 == *counted);
    *counted = last + 1;
}

void paging_estimate_range(struct paging_estimate *estimate, struct phys_range range)
{
    if (!range.bytes)
        return;
    for (unsigned level = LEVEL_4K; level < estimate->levels; level++) {
        const unsigned shift = level_shift(level + 1);
        const uint64_t page_mask = level_bytes(level + 1) - 1;
        const uint64_t first = range.start.value >> shift;
        const uint64_t last = (phys_range_end(range) - 1) >> shift;

        if (!may_be_page(level + 1, estimate->pages_1g)) {
            count(estimate, level, first, last);
            continue;
        }
        /* Large pages above: tables only where the range covers a part of one. */
        const bool cuts_first = range.start.value & page_mask, cuts_last = phys_range_end(range) & page_mask;

        if (cuts_first || (cuts_last && first == last))
            count(estimate, level, first, first);
        if (cuts_last && last != first)
            count(estimate, level, last, last);
    }
}

/* A boundary inside a 1 GiB page splits it, and then one of the 2 MiB pages. */
static uint64_t tables_per_split(const struct paging_estimate *estimate) { return estimate->pages_1g ? 2 : 1; }

void paging_estimate_splits(struct paging_estimate *estimate, uint64_t n)
{
    estimate->tables += n * 2 * tables_per_split(estimate);
}
