/* Which addresses one list of regions has and another lacks: what a table and the memory map disagree about. Pure. */
#ifndef SPANS_H
#define SPANS_H

#include "compiler.h"
#include "listing.h"
#include "mem_region.h"

/* Those regions of a map that count. */
struct spans {
    const struct region_map *map;
    bool (*counts)(const struct mem_region *region);
};

/*
 * A finding for each range, as long as it can be, that `these` have and `those` lack. O(n + m).
 * finding  a format with one %s, for `whose`.
 */
void spans_find_lacking(struct listing *listing, const struct spans *these, const struct spans *those,
                        const char *finding, const char *whose);

/* Bytes of `those` in the region. *cursor, 0 at first, moves on: for regions that rise. */
uint64_t spans_shared_bytes(const struct mem_region *region, const struct spans *those, size_t *cursor);

/*
 * Volatile memory, in whatever use; what may be memory, as reserved regions and a framebuffer may; what an operating
 * system can use in the end.
 */
bool region_is_memory(const struct mem_region *region);
bool region_may_be_memory(const struct mem_region *region);
bool region_is_usable(const struct mem_region *region);

#endif
