/* Ranges that a table says are memory, each with an owner, and what the memory map says about them. Pure. */
#ifndef CLAIMED_H
#define CLAIMED_H

#include "map_report.h"
#include "spans.h"

/* More than any machine has. */
#define CLAIMED_MAX 1024

struct claimed_range {
    struct phys_range bytes; /* may be anything */
    uint32_t owner;          /* a domain, a handle */
    bool is_absent_allowed;  /* it need not be memory now */
    bool is_non_volatile;
};

struct claimed {
    size_t n;
    uint64_t n_left_out;      /* that there was no room for */
    bool is_nominal;          /* the ranges say how much there is, not where: the map is not asked */
    struct region_map sorted; /* disjoint; of a byte claimed twice one range has it */
    struct claimed_range ranges[CLAIMED_MAX];
    struct firmware_descriptor descriptors[CLAIMED_MAX]; /* scratch */
};

void claimed_add(struct claimed *claimed, const struct claimed_range *range);

/*
 * Of a report on claimed ranges, which begins with work_bytes of its own: what it needs, 0 only if that overflows; and,
 * once the ranges are there, `sorted` and the map's regions behind its own. REPORT_OK, REPORT_NO_SPACE or REPORT_BAD_MAP.
 */
size_t claimed_buffer_bytes(const struct map_subject *subject, size_t work_bytes);
MUST_CHECK enum report_status claimed_sort(struct claimed *claimed, const struct map_subject *subject, void *buffer,
                                           size_t buffer_bytes, size_t work_bytes, struct region_map *ret_map);
/* The range that a region of `sorted` is part of. */
const struct claimed_range *claimed_of(const struct claimed *claimed, const struct mem_region *region);

/*
 * Findings: overlaps, ranges that cannot be, memory of the map that nobody owns, owned ranges that are none.
 * whose     "domain".
 * overlap   "claimed by domain %u and %u"
 */
void claimed_find(struct listing *listing, const struct claimed *claimed, const struct region_map *map,
                  const char *whose, const char *overlap);

#endif
