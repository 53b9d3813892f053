/*
 * The physical address space cut into equal, aligned blocks, with what each of them holds: what memory_picture.c draws
 * as squares. Long stretches without memory (holes, devices: dull) show only their first few blocks:
 *
 *   regions   [USABLE      ][RESERVED                                 ]      hole      [USABLE ]
 *   blocks    |  0  |  1  |  2  |  3  | . . .       left out      . . . | 13 | . . . | 20  | 21 |
 *
 * Private to the picture. Pure.
 */
#ifndef MEMORY_BLOCKS_H
#define MEMORY_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem_region.h"
#include "pmm.h"

/* A dull stretch of more blocks than this is cut short, */
#define BLOCKS_DULL_MAX 16
/* and shows this many. */
#define BLOCKS_SHOWN_OF_CUT 6

/* What a byte can be: free, or else of a region's type, where USABLE now means allocated. */
enum block_kind { BLOCK_FREE, BLOCK_ALLOCATED, BLOCK_KINDS = REGION_TYPES + 1 };

static inline unsigned block_kind_of(enum region_type type) { return type + 1u; }
static inline enum region_type block_kind_type(unsigned kind) { return (enum region_type)(kind - 1); }

/* How many bytes there are of each kind. */
struct block_bytes {
    uint64_t of[BLOCK_KINDS];
};

struct memory_block {
    uint64_t start; /* bytes, a multiple of the block size */
    struct block_bytes bytes;
    bool cut;       /* the next block does not follow at once: blocks were left out */
};

/* A walk over the blocks, or any ranges, in ascending order. */
struct block_walk {
    const struct region_map *map;
    struct pmm *pmm; /* NULL: all usable memory counts as free */
    struct pmm_cpu *cpu;
    unsigned block_shift;

    size_t segment_region;    /* the next region to come as a segment: a region, or the hole before it */
    uint64_t segment_end;     /* of the segment before, bytes */
    uint64_t next, end;       /* blocks of the present segment that are still to come */
    uint64_t after;           /* the first block after the present segment's */
    bool cut;                 /* the present segment was cut at `end` */
    size_t counted_region;    /* the first region that may hold bytes not yet counted */
    uint64_t run_start, run_end; /* a run of free frames, bytes; none left: run_start == UINT64_MAX */
};

/* Blocks are 2^block_shift bytes. pmm and cpu may be NULL. */
void block_walk_start(struct block_walk *walk, const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu,
                      unsigned block_shift);

/* The next block; false: there are no more. */
bool block_walk_next(struct block_walk *walk, struct memory_block *ret);

/* How many blocks block_walk_next() will give. O(regions). */
uint64_t block_count(const struct region_map *map, unsigned block_shift);

/* What all the regions hold together. */
struct block_bytes block_totals(const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu);

#endif
