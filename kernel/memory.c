#include "memory.h"

#include "outputs.h"
#include "panic.h"

void memory_read_map(struct memory *memory, const struct boot_info *info)
{
    const struct region_parameters parameters = { info->claims, info->n_claims, info->phys_bits, REGION_VIEW_OWNED };
    const struct phys_range *buffer = &info->loader[LOADER_REGIONS];
    const enum region_status status = region_normalize(&info->map, &parameters, identity_pointer(buffer->start),
                                                       buffer->bytes, &memory->map);

    if (status != REGION_OK)
        panic("the firmware's last memory map is unusable: status %u, %lu bytes in descriptors of %lu, buffer %lu",
              (unsigned)status, info->map.bytes, info->map.stride, buffer->bytes);
}

static void enter_own_tables(struct memory *memory, const struct boot_info *info)
{
    const struct framebuffer *fb = &info->framebuffer;
    const enum paging_status status = mmu_init(&memory->mmu, info, &memory->map);

    if (status != PAGING_OK)
        panic("cannot build page tables in %lu frames: status %u",
              info->loader[LOADER_PAGE_TABLES].bytes >> PAGE_SHIFT, (unsigned)status);
    memory->pixels = NULL;
    if (framebuffer_present(fb)) {
        memory->pixels = mmu_hhdm(&memory->mmu, fb->memory.start); /* mmu_init() has mapped it */
        outputs_move_framebuffer(memory->pixels);
    }
}

struct phys_range memory_in_use(const struct memory *memory, const struct boot_info *info, enum loader_use use)
{
    switch (use) {
    case LOADER_METADATA:
        return (struct phys_range){ 0 };
    case LOADER_PAGE_TABLES:
        return memory->tables;
    default:
        return info->loader[use];
    }
}

/* Where the firmware's map contradicts itself, part of the range may not count as usable, and need not be reserved. */
static void reserve(struct memory *memory, struct phys_range bytes)
{
    const enum pmm_status status = pmm_reserve_usable(memory->pmm, memory->cpu, frame_range_around(bytes));

    if (status != PMM_OK)
        panic("cannot reserve the loader's %lu bytes at %lx: %s", bytes.bytes, bytes.start.value,
              pmm_status_text(status));
}

static bool take_table(void *context, phys_addr_t *ret_table)
{
    struct memory *memory = context;
    frame_t f;

    if (pmm_alloc_frame(memory->pmm, memory->cpu, &f) != PMM_OK)
        return false;
    *ret_table = frame_start(f);
    memory->late_tables++;
    memory->late_frames++;
    return true;
}

static void start_allocator(struct memory *memory, const struct boot_info *info)
{
    const struct phys_range *block = &info->loader[LOADER_METADATA];
    const uint64_t needed = align_up(pmm_metadata_bytes(memory->map.regions, memory->map.n_regions), PAGE_SIZE);
    enum pmm_status status;

    if (needed > block->bytes)
        panic("the memory map grew: the frame allocator needs %lu bytes, the loader allocated %lu", needed,
              block->bytes);
    memory->metadata = (struct phys_range){ block->start, needed }; /* the slack is free */
    status = pmm_init(mmu_hhdm(&memory->mmu, block->start), needed, block->start, memory->map.regions,
                      memory->map.n_regions, &memory->pmm);
    if (status != PMM_OK)
        panic("cannot build the frame allocator in %lu bytes at %lx: %s", needed, block->start.value,
              pmm_status_text(status));
    memory->cpu = &memory->boot_cpu;
    pmm_cpus_init(memory->pmm, memory->cpu, 1, (struct pmm_barrier){ 0 });
}

void memory_take_over(struct memory *memory, const struct boot_info *info)
{
    enter_own_tables(memory, info);
    memory->tables = info->loader[LOADER_PAGE_TABLES];
    memory->tables.bytes -= frames_to_bytes(mmu_release_pool(&memory->mmu, take_table, memory).count);
    start_allocator(memory, info);
    for (unsigned use = 0; use < LOADER_USES; use++)
        if (memory_in_use(memory, info, (enum loader_use)use).bytes)
            reserve(memory, memory_in_use(memory, info, (enum loader_use)use));
}

void *memory_allocate(struct memory *memory, uint64_t bytes)
{
    const uint64_t n = bytes_to_frames(bytes);
    frame_t first;
    void *start;

    if (pmm_alloc_run(memory->pmm, memory->cpu, n, 1, PMM_ANYWHERE, &first) != PMM_OK)
        return NULL;
    memory->late_frames += n;
    start = mmu_hhdm(&memory->mmu, frame_start(first));
    __builtin_memset(start, 0, frames_to_bytes(n));
    return start;
}

void memory_free(struct memory *memory, void *start, uint64_t bytes)
{
    const phys_addr_t at = mmu_physical(&memory->mmu, start);
    const enum pmm_status status = pmm_dealloc_run(memory->pmm, memory->cpu, frame_of(at), bytes_to_frames(bytes));

    if (status != PMM_OK)
        panic("cannot give back %lu bytes at %lx: %s", bytes, at.value, pmm_status_text(status));
}
