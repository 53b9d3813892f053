#include "mmu.h"

#include "cpu.h"
#include "image.h"
#include "kernel_map.h"
#include "paging_pool.h"
#include "pat.h"
#include "x86.h"

static enum paging_status map_identity(struct paging *paging, struct phys_range range, unsigned rights,
                                       enum cache_type cache)
{
    if (!range.bytes)
        return PAGING_OK;
    return paging_map(paging, virt_addr(range.start.value), range.start, range.bytes, rights, cache);
}

static enum paging_status map_ram(struct paging *paging, const struct region_map *map)
{
    enum paging_status status = PAGING_OK;
    size_t cursor = 0;

    for (struct phys_range r = kernel_map_next(map, &cursor); r.bytes && status == PAGING_OK;
         r = kernel_map_next(map, &cursor))
        status = map_identity(paging, r, PAGE_WRITE, CACHE_WRITE_BACK);
    return status;
}

/* Everything read-only first, then the two parts that are more. */
static enum paging_status map_image(struct paging *paging)
{
    const struct image_layout image = image_layout();
    enum paging_status status = map_identity(paging, image.whole, PAGE_READ, CACHE_WRITE_BACK);

    if (status == PAGING_OK)
        status = paging_protect(paging, virt_addr(image.text.start.value), image.text.bytes, PAGE_EXECUTE,
                                CACHE_WRITE_BACK);
    if (status == PAGING_OK)
        status = paging_protect(paging, virt_addr(image.data.start.value), image.data.bytes, PAGE_WRITE,
                                CACHE_WRITE_BACK);
    return status;
}

/* Mostly RAM, mapped by now; but where the map contradicts itself, part of it may count as something else. */
static enum paging_status map_loader_memory(struct mmu *mmu, const struct boot_info *info)
{
    for (unsigned use = 0; use < LOADER_USES; use++)
        if (info->loader[use].bytes && !mmu_map_physical(mmu, info->loader[use], CACHE_WRITE_BACK, PAGE_WRITE))
            return PAGING_NO_MEMORY;
    return PAGING_OK;
}

static enum paging_status unmap_guards(struct paging *paging, const struct boot_info *info)
{
    enum paging_status status = paging_unmap(paging, virt_addr(info->loader[LOADER_STACK].start.value), PAGE_SIZE);

    if (status == PAGING_OK)
        status = paging_unmap(paging, virt_addr(info->loader[LOADER_FAULT_STACK].start.value), PAGE_SIZE);
    return status;
}

/*
 * Order matters: XD bits are made legal before tables have any. The PAT entries that change are ones that firmware does
 * not use (reset gives 4 and 5 the meaning of 0 and 1), and loading CR3 drops every cached translation: there are no
 * global ones (cpu_drop_firmware_features()).
 */
static void activate(const struct paging *paging)
{
    if (paging->no_execute)
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    wrmsr(MSR_PAT, PAT);
    write_cr3(paging->root.value);
    write_cr0((read_cr0() | CR0_WP) & ~(CR0_CD | CR0_NW));
}

enum paging_status mmu_init(struct mmu *mmu, const struct boot_info *info, const struct region_map *map)
{
    const struct cpu_features cpu = cpu_features();
    struct paging *paging = &mmu->paging;
    enum paging_status status;

    mmu->pool = frame_range_inside(info->loader[LOADER_PAGE_TABLES]);
    mmu->hhdm_offset = paging_upper_half(cpu.paging_levels).value;

    status = paging_init(paging, cpu.paging_levels, cpu.pages_1g, cpu.no_execute,
                         paging_pool_source(&mmu->pool));
    if (status == PAGING_OK)
        status = map_ram(paging, map);
    if (status == PAGING_OK)
        status = map_image(paging);
    if (status == PAGING_OK)
        status = map_loader_memory(mmu, info);
    if (status == PAGING_OK)
        status = unmap_guards(paging, info);
    if (status != PAGING_OK)
        return status;
    if (framebuffer_present(&info->framebuffer) &&
        !mmu_map_physical(mmu, info->framebuffer.memory, CACHE_WRITE_COMBINING, PAGE_WRITE))
        return PAGING_NO_MEMORY;
    paging_mirror(paging);
    activate(paging);
    return PAGING_OK;
}

/* The first page from `at` on, below `end`, that is not mapped; ret_agrees: those before it have this cache type. */
static uint64_t skip_mapped(const struct paging *paging, uint64_t at, uint64_t end, enum cache_type cache,
                            bool *ret_agrees)
{
    *ret_agrees = true;
    while (at < end) {
        const struct paging_translation t = paging_translate(paging, virt_addr(at));

        if (!t.mapped)
            break;
        *ret_agrees &= t.cache == cache;
        at = align_down(at, t.page_bytes) + t.page_bytes;
    }
    return at;
}

/* Where some of the range is there already: maps the pages between. */
static enum paging_status map_missing(struct paging *paging, struct phys_range range, unsigned rights,
                                      enum cache_type cache)
{
    const uint64_t end = phys_range_end(range);
    enum paging_status status = PAGING_OK;
    uint64_t at = range.start.value;
    bool agrees;

    while ((at = skip_mapped(paging, at, end, cache, &agrees)) < end && agrees && status == PAGING_OK)
        status = map_identity(paging, (struct phys_range){ phys_addr(at), PAGE_SIZE }, rights, cache);
    return agrees ? status : PAGING_MAPPED;
}

void *mmu_map_physical(struct mmu *mmu, struct phys_range range, enum cache_type cache, unsigned rights)
{
    const uint64_t lower_half_bytes = -mmu->hhdm_offset;

    if (!range.bytes || range.start.value >= lower_half_bytes || range.bytes > lower_half_bytes - range.start.value)
        return NULL;

    const struct frame_range frames = frame_range_around(range);
    const struct phys_range pages = { frame_start(frames.first), frames_to_bytes(frames.count) };
    enum paging_status status = map_identity(&mmu->paging, pages, rights, cache);

    if (status == PAGING_MAPPED)
        status = map_missing(&mmu->paging, pages, rights, cache);
    paging_mirror(&mmu->paging);
    return status == PAGING_OK ? mmu_hhdm(mmu, range.start) : NULL;
}

void *mmu_hhdm(const struct mmu *mmu, phys_addr_t address)
{
    return virt_pointer(virt_addr(mmu->hhdm_offset + address.value));
}

phys_addr_t mmu_physical(const struct mmu *mmu, const void *pointer)
{
    return phys_addr(virt_of(pointer).value - mmu->hhdm_offset);
}

enum paging_status mmu_guard_page(struct mmu *mmu, frame_t page)
{
    const virt_addr_t at = virt_addr(frame_start(page).value);
    const enum paging_status status = paging_unmap(&mmu->paging, at, PAGE_SIZE);

    invlpg(at);
    invlpg(virt_addr(mmu->hhdm_offset + at.value));
    return status;
}

enum paging_status mmu_unguard_page(struct mmu *mmu, frame_t page)
{
    return map_identity(&mmu->paging, (struct phys_range){ frame_start(page), PAGE_SIZE }, PAGE_WRITE,
                        CACHE_WRITE_BACK);
}

/* Of the one set of tables that is active. */
static uint64_t tables_offset;

void mmu_reach_tables_at(uint64_t offset) { tables_offset = offset; }

static uint64_t *reach_active(void *context, phys_addr_t table)
{
    (void)context;
    return virt_pointer(virt_addr(tables_offset + table.value));
}

bool mmu_maps_now(virt_addr_t address)
{
    const struct cpu_features cpu = cpu_features();
    const struct paging now = {
        .root = phys_addr(read_cr3() & CR3_ADDRESS_MASK),
        .levels = cpu.paging_levels,
        .source = { .reach = reach_active },
    };

    return paging_translate(&now, address).mapped;
}

struct frame_range mmu_release_pool(struct mmu *mmu, bool (*take)(void *context, phys_addr_t *ret_table),
                                    void *context)
{
    const struct frame_range rest = mmu->pool;

    mmu->pool.count = 0;
    mmu->paging.source.take = take;
    mmu->paging.source.context = context;
    return rest;
}
