/*
 * Descriptors while a text is read: rows are added one by one, and become a firmware map at the end. Allocates with
 * malloc(); no I/O.
 */
#ifndef MAP_ROWS_H
#define MAP_ROWS_H

#include <stddef.h>

#include "addr.h"
#include "compiler.h"
#include "firmware_map.h"

#define MAP_ROWS_STRIDE 48 /* what firmware uses */

/* Zeroed: none yet. */
struct map_rows {
    struct firmware_descriptor *rows;
    size_t n_rows;
    size_t capacity;
    uint64_t last_byte; /* of the range that map_rows_add_bytes() took last, whether or not it became a row */
};

/* These return NULL, or what is wrong (static text). */
MUST_CHECK const char *map_rows_add(struct map_rows *r, uint32_t type, uint64_t start, uint64_t pages,
                                    uint64_t attributes);

/* For sources that give both ends of a range, in bytes: `last` is inclusive. Its size must be whole pages. */
MUST_CHECK const char *map_rows_add_range(struct map_rows *r, uint32_t type, uint64_t start, uint64_t last,
                                          uint64_t attributes);

/*
 * For sources that know neither pages nor attributes, and whose ranges are sorted and disjoint: every row gets WB
 * alone. Conventional memory shrinks to whole pages, everything else grows. A page in which several ranges lie goes to
 * the strongest (enum region_type), or to the first of these. Rounding makes no overlaps, and what it leaves without a
 * page is no row.
 */
MUST_CHECK const char *map_rows_add_bytes(struct map_rows *r, uint32_t type, uint64_t start, uint64_t last);

/* Lays the rows out at this distance, >= FIRMWARE_STRIDE_MIN; the descriptors are the caller's, to be freed. */
MUST_CHECK const char *map_rows_lay_out(const struct map_rows *r, uint64_t stride, struct firmware_map *ret);

void map_rows_free(struct map_rows *r);

#endif
