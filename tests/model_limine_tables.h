/*
 * What page tables must hold, as a list of ranges, against every entry that they have, read as the manual says (Intel
 * SDM vol 3A, tables 4-14 to 4-20). Tables lie at their own addresses. Shares no code with mm/paging*.c.
 */
#ifndef MODEL_LIMINE_TABLES_H
#define MODEL_LIMINE_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "limine_tables.h"
#include "model_limine_map.h"

#define MODEL_RANGES_MAX (3 * MODEL_SLOTS_MAX)

struct model_range {
    uint64_t virt, phys, bytes;
    unsigned rights;
    enum cache_type cache;
};

/* In ascending order of virt. */
struct model_ranges {
    struct model_range all[MODEL_RANGES_MAX];
    size_t n;
};

/* Joins what goes on from the last. */
void model_ranges_add(struct model_ranges *ranges, struct model_range range);

/* Everything that a kernel's root must map. */
void model_ranges_of_kernel(struct model_ranges *ranges, const struct model_limine_map *world,
                            const struct handover *handover);

/* Entries [0, n_entries) of the root against the ranges: NULL, or what is wrong. */
const char *model_ranges_check(const struct model_ranges *ranges, phys_addr_t root, unsigned levels,
                               unsigned n_entries, bool no_execute);

#endif
