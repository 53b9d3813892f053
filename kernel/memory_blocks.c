#include "memory_blocks.h"

void block_walk_start(struct block_walk *walk, const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu,
                      unsigned block_shift)
{
    *walk = (struct block_walk){ .map = map, .pmm = pmm, .cpu = cpu, .block_shift = block_shift };
}

/* Not memory: however much of it there is, nobody wants to look at it. */
static bool type_is_dull(enum region_type type)
{
    switch (type) {
    case REGION_RESERVED:
    case REGION_RESERVED_MAPPED:
    case REGION_MMIO:
    case REGION_FRAMEBUFFER:
    case REGION_UNKNOWN:
        return true;
    default:
        return false;
    }
}

/*
 * Goes on to the next segment, a region or a hole, and to the blocks it shows. A block in which one segment ends and
 * others begin belongs to the last of them.
 */
static bool next_segment(struct block_walk *walk)
{
    if (walk->segment_region == walk->map->n_regions)
        return false;

    const struct mem_region *region = &walk->map->regions[walk->segment_region];
    const bool hole = walk->segment_end < region->start.value;
    const bool last = !hole && walk->segment_region + 1 == walk->map->n_regions;
    const uint64_t end = hole ? region->start.value : region->end.value;
    const uint64_t block_mask = ((uint64_t)1 << walk->block_shift) - 1;

    walk->segment_end = end;
    walk->segment_region += !hole;
    walk->next = walk->after;
    walk->end = (end >> walk->block_shift) + (last && (end & block_mask));
    walk->after = walk->end;
    walk->cut = (hole || type_is_dull(region->type)) && walk->end - walk->next > BLOCKS_DULL_MAX;
    if (walk->cut)
        walk->end = walk->next + BLOCKS_SHOWN_OF_CUT;
    return true;
}

uint64_t block_count(const struct region_map *map, unsigned block_shift)
{
    struct block_walk walk;
    uint64_t count = 0;

    block_walk_start(&walk, map, NULL, NULL, block_shift);
    while (next_segment(&walk))
        count += walk.end - walk.next;
    return count;
}

/* Fetches the first run of free frames at or after this byte. */
static void fetch_run(struct block_walk *walk, uint64_t from)
{
    const struct frame_range run = pmm_next_free_run(walk->pmm, walk->cpu, frame_of(phys_addr(from)));

    walk->run_start = run.count ? frame_start(run.first).value : UINT64_MAX;
    walk->run_end = run.count ? walk->run_start + frames_to_bytes(run.count) : UINT64_MAX;
}

/* Free bytes in [start, end), which does not lie before what was asked for last. */
static uint64_t free_bytes(struct block_walk *walk, uint64_t start, uint64_t end)
{
    uint64_t sum = 0;

    if (walk->run_end <= start)
        fetch_run(walk, start);
    while (walk->run_start < end) {
        const uint64_t from = walk->run_start > start ? walk->run_start : start;

        if (walk->run_end >= end)
            return sum + end - from;
        sum += walk->run_end - from;
        fetch_run(walk, walk->run_end);
    }
    return sum;
}

/* Adds what [start, end) of one region holds. */
static void count_piece(struct block_walk *walk, enum region_type type, uint64_t start, uint64_t end,
                        struct block_bytes *bytes)
{
    uint64_t n_free = 0;

    if (walk->pmm)
        n_free = free_bytes(walk, start, end);
    else if (type == REGION_USABLE)
        n_free = end - start;
    bytes->of[BLOCK_FREE] += n_free;
    bytes->of[block_kind_of(type)] += end - start - n_free;
}

/* What [start, end) holds; ranges come in ascending order. */
static struct block_bytes count_range(struct block_walk *walk, uint64_t start, uint64_t end)
{
    const struct region_map *map = walk->map;
    struct block_bytes bytes = { 0 };

    while (walk->counted_region < map->n_regions && map->regions[walk->counted_region].end.value <= start)
        walk->counted_region++;
    for (size_t i = walk->counted_region; i < map->n_regions && map->regions[i].start.value < end; i++) {
        const struct mem_region *region = &map->regions[i];
        const uint64_t piece_start = region->start.value > start ? region->start.value : start;
        const uint64_t piece_end = region->end.value < end ? region->end.value : end;

        count_piece(walk, region->type, piece_start, piece_end, &bytes);
    }
    return bytes;
}

bool block_walk_next(struct block_walk *walk, struct memory_block *ret)
{
    while (walk->next == walk->end)
        if (!next_segment(walk))
            return false;
    ret->start = walk->next << walk->block_shift;
    ret->bytes = count_range(walk, ret->start, ret->start + ((uint64_t)1 << walk->block_shift));
    walk->next++;
    ret->cut = walk->cut && walk->next == walk->end;
    return true;
}

struct block_bytes block_totals(const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu)
{
    struct block_walk walk;

    block_walk_start(&walk, map, pmm, cpu, 0);
    return count_range(&walk, 0, UINT64_MAX);
}
