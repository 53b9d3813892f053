/* The memory map as the Limine protocol tells it, and what of it a kernel finds mapped. Pure. */
#ifndef LIMINE_MEMORY_MAP_H
#define LIMINE_MEMORY_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "limine_protocol.h"
#include "mem_region.h"

/* Entries that limine_memory_map() may need for so many regions and claims, its own work included. */
size_t limine_memory_map_capacity(size_t n_regions, size_t n_claims);

/*
 * Regions to entries: sorted, disjoint, whole pages; neighbours of one type are one entry, except that executables and
 * modules begin and end where their claims do.
 * regions   of REGION_VIEW_BOOT.
 * claims    as given to region_normalize().
 * entries   room for limine_memory_map_capacity() of exactly map->n_regions and n_claims, or more.
 * Returns how many. O(r + c log c) for r regions and c claims.
 */
size_t limine_memory_map(const struct region_map *map, const struct region_claim *claims, size_t n_claims,
                         uint64_t base_revision, struct limine_memory_map_entry *entries);

/*
 * Turns what is claimed for the kernel into usable regions, as the allocator sees it: the frames are allocated, and the
 * kernel may give them back one day.
 */
void limine_allocator_regions(struct region_map *map);

/* What a direct map consists of. */
enum direct_map_kind {
    DIRECT_MAP_MEMORY,      /* write-back */
    DIRECT_MAP_FRAMEBUFFER, /* write-combining */
};

struct direct_map_range {
    struct phys_range bytes; /* whole pages; bytes == 0: no more */
    enum direct_map_kind kind;
};

/* Walks over what is mapped, in ascending order; touching ranges of one kind are one. */
struct direct_map_walk {
    const struct limine_memory_map_entry *entries;
    size_t n_entries, next;
    uint64_t base_revision;
    uint64_t reached; /* everything below has been looked at */
};

struct direct_map_walk direct_map_begin(const struct limine_memory_map_entry *entries, size_t n_entries,
                                        uint64_t base_revision);
struct direct_map_range direct_map_next(struct direct_map_walk *walk);

/* Whether the base revision has an identity map of the same, but for page 0. */
static inline bool direct_map_is_identity_too(uint64_t base_revision) { return base_revision == 0; }

#endif
