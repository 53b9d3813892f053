#include "limine_tables.h"

#include "cpu.h"
#include "image.h"
#include "kernel_map.h"
#include "paging_pool.h"

#define ENTRIES 512

/* The start page, the image and the local APIC: three branches of three tables, where the image may cross borders. */
#define LOW_TABLES 16
#define LOW_LEVELS 4
#define ROOTS 2 /* start_root, and a fifth level for low */

/* ---- how many tables ---- */

/* Addresses of the half that it lies in: what a table can tell apart. */
static uint64_t within_half(const struct handover *h, uint64_t virt)
{
    return virt - paging_upper_half(h->paging_levels).value;
}

static void estimate_direct_map(struct paging_estimate *estimate, const struct limine_map *map, uint64_t offset)
{
    struct direct_map_walk walk = direct_map_begin(map->entries, map->n_entries, map->handover->base_revision);

    for (struct direct_map_range r = direct_map_next(&walk); r.bytes.bytes; r = direct_map_next(&walk))
        paging_estimate_range(estimate, (struct phys_range){ phys_addr(r.bytes.start.value + offset), r.bytes.bytes });
}

uint64_t limine_tables_max(const struct limine_map *map)
{
    const struct handover *h = map->handover;
    struct paging_estimate upper = paging_estimate_begin(h->paging_levels, map->pages_1g), lower = upper;
    const struct phys_range image = { phys_addr(within_half(h, h->kernel_virt.value)), h->kernel.bytes };

    estimate_direct_map(&upper, map, within_half(h, h->hhdm_offset));
    paging_estimate_range(&upper, image);
    /* Each segment begins and ends small pages in a 2 MiB of its own, at worst. */
    paging_estimate_splits(&upper, 2 * h->n_segments + 2 * h->n_framebuffers + KERNEL_MAP_LATE_HOLES);
    if (direct_map_is_identity_too(h->base_revision)) {
        estimate_direct_map(&lower, map, 0);
        paging_estimate_splits(&lower, 2 * h->n_framebuffers + KERNEL_MAP_LATE_HOLES);
    }
    return upper.tables + lower.tables + LOW_TABLES + ROOTS;
}

/* ---- the tables ---- */

static enum paging_status map_direct(struct paging *paging, const struct limine_map *map, uint64_t offset)
{
    struct direct_map_walk walk = direct_map_begin(map->entries, map->n_entries, map->handover->base_revision);
    enum paging_status status = PAGING_OK;

    for (struct direct_map_range r = direct_map_next(&walk); r.bytes.bytes && status == PAGING_OK;
         r = direct_map_next(&walk)) {
        const bool skips_page_0 = !offset && !r.bytes.start.value;
        const uint64_t start = skips_page_0 ? PAGE_SIZE : r.bytes.start.value, end = phys_range_end(r.bytes);

        if (start < end)
            status = paging_map(paging, virt_addr(offset + start), phys_addr(start), end - start,
                                PAGE_WRITE | PAGE_EXECUTE,
                                r.kind == DIRECT_MAP_FRAMEBUFFER ? CACHE_WRITE_COMBINING : CACHE_WRITE_BACK);
    }
    return status;
}

static enum paging_status map_kernel(struct paging *paging, const struct handover *h)
{
    enum paging_status status = PAGING_OK;

    for (size_t i = 0; i < h->n_segments && status == PAGING_OK; i++) {
        const struct handover_segment *s = &h->segments[i];

        status = paging_map(paging, virt_addr(h->kernel_virt.value + s->offset),
                            phys_addr(h->kernel.start.value + s->offset), s->bytes, s->rights, CACHE_WRITE_BACK);
    }
    return status;
}

static enum paging_status build_kernel(struct limine_tables *tables, const struct limine_map *map)
{
    const struct handover *h = map->handover;
    struct paging *kernel = &tables->kernel;
    enum paging_status status = paging_init(kernel, h->paging_levels, map->pages_1g, map->no_execute,
                                            paging_pool_source(&tables->pool));

    if (status == PAGING_OK)
        status = map_direct(kernel, map, h->hhdm_offset);
    if (status == PAGING_OK)
        status = map_kernel(kernel, h);
    if (status == PAGING_OK && direct_map_is_identity_too(h->base_revision))
        status = map_direct(kernel, map, 0);
    return status;
}

static enum paging_status map_one_to_one(struct paging *paging, struct phys_range range, unsigned rights,
                                         enum cache_type cache)
{
    if (!range.bytes)
        return PAGING_OK;
    return paging_map(paging, virt_addr(range.start.value), range.start, range.bytes, rights, cache);
}

static enum paging_status build_low(struct limine_tables *tables, const struct limine_map *map, struct phys_range apic)
{
    const frame_t page = map->handover->start_page;
    const struct phys_range start_page = { frame_start(page), page.value ? PAGE_SIZE : 0 };
    struct paging *low = &tables->low;
    enum paging_status status = paging_init(low, LOW_LEVELS, map->pages_1g, map->no_execute,
                                            paging_pool_source(&tables->pool));

    if (status == PAGING_OK)
        status = map_one_to_one(low, start_page, PAGE_WRITE | PAGE_EXECUTE, CACHE_WRITE_BACK);
    if (status == PAGING_OK)
        status = map_one_to_one(low, image_layout().whole, PAGE_WRITE | PAGE_EXECUTE, CACHE_WRITE_BACK);
    if (status == PAGING_OK)
        status = map_one_to_one(low, apic, PAGE_WRITE, CACHE_UNCACHED);
    return status;
}

/* `levels` above low, whose upper half is left to the caller. */
static void fill_root(uint64_t *root, const struct paging *low, unsigned levels)
{
    const uint64_t *entries = identity_pointer(low->root);

    __builtin_memset(root, 0, PAGE_SIZE);
    if (levels == LOW_LEVELS)
        __builtin_memcpy(root, entries, PAGE_SIZE / 2);
    else
        root[0] = paging_table_entry(low->root);
}

static enum paging_status build_roots(struct limine_tables *tables, const struct handover *h)
{
    const struct paging_source pool = paging_pool_source(&tables->pool);
    const unsigned levels_now = cpu_features().paging_levels;
    const uint64_t *kernel = identity_pointer(tables->kernel.root);
    uint64_t *start;

    tables->low_root = tables->low.root;
    if (levels_now != LOW_LEVELS) {
        if (!pool.take(pool.context, &tables->low_root))
            return PAGING_NO_MEMORY;
        fill_root(identity_pointer(tables->low_root), &tables->low, levels_now);
    }
    tables->start_root = frame_start(h->start_root);
    if (!h->start_root.value && !pool.take(pool.context, &tables->start_root))
        return PAGING_NO_MEMORY;
    start = identity_pointer(tables->start_root);
    fill_root(start, &tables->low, h->paging_levels);
    __builtin_memcpy(start + ENTRIES / 2, kernel + ENTRIES / 2, PAGE_SIZE / 2);
    return PAGING_OK;
}

enum paging_status limine_tables_build(struct limine_tables *tables, const struct boot_info *info,
                                       const struct limine_map *map, struct phys_range apic)
{
    enum paging_status status;

    tables->pool = frame_range_inside(info->loader[LOADER_PAGE_TABLES]);
    status = build_kernel(tables, map);
    if (status == PAGING_OK)
        status = build_low(tables, map, apic);
    if (status == PAGING_OK)
        status = build_roots(tables, map->handover);
    return status;
}
