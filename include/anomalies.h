/*
 * Which descriptors are wrong, and how: region_normalize() counts the anomalies of a map, this names them; the two
 * agree on every map. Pure; O(n log n), in the caller's buffer.
 */
#ifndef ANOMALIES_H
#define ANOMALIES_H

#include <stdbool.h>

#include "mem_region.h"

#define ANOMALY_ALONE UINT64_MAX

struct anomaly {
    enum region_anomaly kind;
    uint64_t descriptor; /* its place in the firmware's map; of ANOMALY_TRUNCATED, one more than the last */
    /*
     * The other one that it takes; ANOMALY_ALONE for most. ANOMALY_UNSORTED: the one before, which starts above.
     * ANOMALY_OVERLAP: of those that are earlier by address (of two that start together, by place), the first that
     * reaches furthest.
     */
    uint64_t other;
    bool is_remark; /* it is allowed: one of ANOMALIES_ALLOWED, or a type of an OEM or an operating system */
};

struct anomaly_visitor {
    void (*visit)(const struct anomaly_visitor *visitor, const struct anomaly *anomaly);
};

/* Bytes of buffer for a map of so many descriptors, not more than region_buffer_bytes(); 0 only if that overflows. */
size_t anomalies_buffer_bytes(uint64_t n_descriptors);

/*
 * Shows every anomaly once: ascending by descriptor, then by kind. phys_bits: as in struct region_parameters.
 * buffer: 8-aligned, apart from the map; its contents are arbitrary afterwards. Errors: as region_normalize(), before
 * anything is shown.
 */
MUST_CHECK enum region_status anomalies_visit(const struct firmware_map *map, unsigned phys_bits, void *buffer,
                                              size_t buffer_bytes, const struct anomaly_visitor *visitor);

/* For programs: "unsorted", "overlap", "zero_pages", ... */
const char *anomaly_name(enum region_anomaly kind);

#endif
