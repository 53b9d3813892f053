/*
 * What a Limine kernel must be told of memory, and find of it in its direct map, worked out piece by piece: an address
 * space of slots, each painted by itself. The rules are tables, copied from the protocol row by row. Shares no code and
 * no idea with kernel/limine/.
 */
#ifndef MODEL_LIMINE_MAP_H
#define MODEL_LIMINE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limine_memory_map.h"

#define MODEL_REVISIONS 7
#define MODEL_SLOTS_MAX 256
#define MODEL_CLAIMS_MAX 16

/* Bytes [start, the next one's start). The last one ends the list: it is empty. */
struct model_slot {
    uint64_t start;
    bool is_region;
    bool is_border; /* a block of the kernel's begins or ends at its start */
    enum region_type type;
};

struct model_limine_map {
    struct model_slot slots[MODEL_SLOTS_MAX + 1];
    size_t n_slots;
    struct mem_region regions[MODEL_SLOTS_MAX]; /* of the slots: what region_normalize() would make of them */
    struct region_map map;
    struct region_claim claims[MODEL_CLAIMS_MAX];
    size_t n_claims;
};

/* A world by chance, with borders at page 0's end and at 4 GiB, and claims of any bytes. `random` changes. */
void model_limine_map_fill(struct model_limine_map *world, uint64_t *random);

/* Paints pages over, claims or not; anywhere below the world's end or above. Changes no regions. */
void model_limine_map_paint(struct model_limine_map *world, uint64_t start, uint64_t end, enum region_type type);

/* Regions out of slots that have been painted. */
void model_limine_map_regions(struct model_limine_map *world);

/* Whether the entries say of every slot what they must, and hold nothing else; NULL, or what is wrong. */
const char *model_limine_map_check(const struct model_limine_map *world, uint64_t base_revision,
                                   const struct limine_memory_map_entry *entries, size_t n);

/* Whether the walk over right entries finds what must be mapped, and nothing else; NULL, or what is wrong. */
const char *model_direct_map_check(const struct model_limine_map *world, uint64_t base_revision,
                                   struct direct_map_walk walk);

/* What the direct map makes of a slot: enum direct_map_kind, or -1 for nothing. */
int model_direct_map_kind(const struct model_slot *slot, uint64_t base_revision);

/* The tables. */
enum limine_memory_type model_limine_type(enum region_type type, uint64_t base_revision);
bool model_is_mapped(enum limine_memory_type type, uint64_t base_revision);

uint64_t model_random_below(uint64_t *random, uint64_t n);

#endif
