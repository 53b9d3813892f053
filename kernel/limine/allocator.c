#include "allocator.h"

#include "limine_memory_map.h"
#include "panic.h"
#include "pmm_handover.h"
#include "polyglot_allocator.h"

/* Where the firmware's map contradicts itself, part of a claim may not have become usable, and need not be reserved. */
static void reserve_claims(struct pmm *pmm, struct pmm_cpu *cpu, const struct handover *h, struct phys_range metadata)
{
    for (size_t i = 0; i < h->n_claims; i++) {
        const struct region_claim *claim = &h->claims[i];

        if (claim->type != REGION_EXECUTABLE_AND_MODULES || claim->bytes.start.value == metadata.start.value)
            continue;
        const enum pmm_status status = pmm_reserve_usable(pmm, cpu, frame_range_around(claim->bytes));

        if (status != PMM_OK)
            panic("cannot reserve the kernel's %lu bytes at %lx: %s", claim->bytes.bytes, claim->bytes.start.value,
                  pmm_status_text(status));
    }
}

void limine_allocator_build(struct region_map *map, const struct boot_info *info, const struct handover *h)
{
    static struct pmm_cpu cpu;
    const struct phys_range block = info->loader[LOADER_METADATA];
    struct polyglot_allocator_response *response = h->responses.allocator;
    struct pmm *pmm;
    enum pmm_status status;

    limine_allocator_regions(map);
    status = pmm_init(identity_pointer(block.start), block.bytes, block.start, map->regions, map->n_regions, &pmm);
    if (status != PMM_OK)
        panic("cannot build the frame allocator in %lu bytes at %lx: %s", block.bytes, block.start.value,
              pmm_status_text(status));
    pmm_cpus_init(pmm, &cpu, 1, (struct pmm_barrier){ 0 });
    reserve_claims(pmm, &cpu, h, block);
    pmm_drain(pmm, &cpu);

    const struct pmm_stats stats = pmm_stats(pmm, &cpu);

    pmm_drain(pmm, &cpu);
    pmm_seal(pmm);
    response->total_frames = stats.total_frames;
    response->usable_frames = stats.usable_frames;
    response->free_frames = stats.free_frames;
}
