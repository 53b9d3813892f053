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
        ret->refusal = pmm_reserve_usable(ret->pmm, &ret->cpu, *ret->bad);
        if (ret->refusal != PMM_OK)
            return REPORT_REFUSED;
    }
    return REPORT_OK;
}
