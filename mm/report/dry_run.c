#include "dry_run.h"

/* The lowest `bytes`, whole pages, of usable memory from `floor` up; bytes == 0 in the result: there are none. */
static struct phys_range find_usable(const struct region_map *map, uint64_t floor, uint64_t bytes)
{
    for (size_t i = 0; i < map->n_regions; i++) {
        const struct mem_region *r = &map->regions[i];
        const uint64_t start = r->start.value > floor ? r->start.value : floor;

        if (r->type == REGION_USABLE && start < r->end.value && r->end.value - start >= bytes)
            return (struct phys_range){ { start }, bytes };
    }
    return (struct phys_range){ 0 };
}

struct phys_range dry_run_place(const struct map_subject *subject, const struct region_map *map)
{
    const struct phys_range given = subject->metadata;
    const uint64_t bytes = align_up(pmm_metadata_bytes(map->regions, map->n_regions), PAGE_SIZE);

    if (given.bytes) /* with room to spare it keeps only what is needed, as in the kernel */
        return (struct phys_range){ given.start, given.bytes < bytes ? given.bytes : bytes };
    const struct phys_range above = find_usable(map, MIB(1), bytes);

    return above.bytes ? above : find_usable(map, PAGE_SIZE, bytes);
}

/* The place of the first region that ends above the frame. */
static size_t first_above(const struct region_map *map, frame_t f)
{
    size_t low = 0, high = map->n_regions;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (frame_of(map->regions[middle].end).value <= f.value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * What pmm_reserve_usable() does; but that looks at every frame, which takes for ever if a file says that most of the
 * address space is reserved. Between usable regions there is nothing to look at.
 */
static enum pmm_status reserve_usable(struct dry_run *run, const struct region_map *map, struct frame_range range)
{
    enum pmm_status status = pmm_reserve(run->pmm, &run->cpu, range);

    if (status != PMM_NOT_USABLE)
        return status;
    const uint64_t end = range.first.value + range.count;

    for (size_t i = first_above(map, range.first); i < map->n_regions; i++) {
        const struct frame_range region = frame_range_inside(region_range(&map->regions[i]));
        const uint64_t from = region.first.value > range.first.value ? region.first.value : range.first.value;
        const uint64_t region_end = region.first.value + region.count;
        const uint64_t to = region_end < end ? region_end : end;

        if (region.first.value >= end)
            break;
        if (map->regions[i].type == REGION_USABLE)
            status = pmm_reserve(run->pmm, &run->cpu, (struct frame_range){ { from }, to - from });
        if (status != PMM_OK && status != PMM_NOT_USABLE)
            return status;
    }
    return PMM_OK;
}

enum report_status dry_run_start(const struct map_subject *subject, const struct region_map *map,
                                 struct phys_range place, void *block, struct dry_run *ret)
{
    ret->metadata = place;
    ret->bad = NULL;
    ret->refusal = pmm_init(block, place.bytes, place.start, map->regions, map->n_regions, &ret->pmm);
    if (ret->refusal != PMM_OK)
        return REPORT_REFUSED;
    pmm_cpus_init(ret->pmm, &ret->cpu, 1, (struct pmm_barrier){ 0 });
    for (size_t i = 0; i < subject->n_reserved; i++) {
        ret->bad = &subject->reserved[i];
        ret->refusal = reserve_usable(ret, map, *ret->bad);
        if (ret->refusal != PMM_OK)
            return REPORT_REFUSED;
    }
    return REPORT_OK;
}
