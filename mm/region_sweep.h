/*
 * The sweep behind region_normalize(), private to mm/: spans of bytes in any order become regions, in one buffer.
 *
 *   slots    [ region region ... ->            <- unread | span span span ]
 *            0                                 n_spans                    2 * n_spans
 *
 * Spans lie in the upper half and are read upwards; regions grow from the bottom. Starts and ends of the spans read so
 * far bound the number of regions written: after i spans at most 2i - 1, which end at or below slot n_spans + i.
 */
#ifndef REGION_SWEEP_H
#define REGION_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem_region.h"

/* What one descriptor or claim says about the bytes [start, end); end > start. */
struct span {
    uint64_t start;
    uint64_t end;
    uint32_t firmware_type; /* of a descriptor of any type; 0 for a claim */
    uint8_t type;           /* enum region_type */
    bool is_claim;
};

union slot {
    struct mem_region region;
    struct span span;
};
_Static_assert(sizeof(union slot) == sizeof(struct mem_region), "slots become the caller's array of regions");

/* Ascending by start, in place; O(n log n), no recursion. Spans of one start come in no particular order. */
void span_sort(union slot *spans, size_t n);

/*
 * Writes the regions of the sorted spans slots[n_spans..2 * n_spans) to slots[0..) and returns their number. A byte
 * has the strongest type (enum order) of the spans around it. A frame is usable or reclaimable if all of its bytes
 * are; otherwise it has the strongest other type among its bytes, and none if there is none.
 */
size_t span_sweep(union slot *slots, size_t n_spans);

#endif
