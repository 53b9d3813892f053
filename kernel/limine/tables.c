#include "limine_tables.h"

#include "cpu.h"
#include "image.h"
#include "kernel_map.h"
#include "paging_pool.h"

#define ENTRIES 512
#define PAGE_2M MIB(2)
#define PAGE_1G GIB(1)

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

/* Wherever they turn out to be: each may cross a border of every level, or split what is mapped there at both ends. */
static uint64_t tables_of_framebuffers(const struct handover *h)
{
    return h->n_framebuffers * 2 * (h->paging_levels - 1);
}

/* Large pages where both addresses are multiples of them alike: elsewhere each holds smaller ones. */
static void estimate_image(struct paging_estimate *estimate, const struct handover *h)
{
    const uint64_t virt = within_half(h, h->kernel_virt.value), apart = virt - h->kernel.start.value;

    paging_estimate_range(estimate, (struct phys_range){ phys_addr(virt), h->kernel.bytes });
    if (apart % PAGE_1G)
        estimate->tables += h->kernel.bytes / PAGE_1G + 1;
    if (apart % PAGE_2M)
        estimate->tables += h->kernel.bytes / PAGE_2M + 1;
}

/* What the firmware's tables add that was not memory of a mapped type. */
static void estimate_tables_of_firmware(struct paging_estimate *estimate, const struct handover *h, uint64_t offset)
{
    for (size_t i = 0; i < h->n_tables; i++) {
        const struct frame_range frames = frame_range_around(h->tables[i].bytes);

        paging_estimate_range(estimate, (struct phys_range){ phys_addr(frame_start(frames.first).value + offset),
                                                             frames_to_bytes(frames.count) });
    }
}

uint64_t limine_tables_max(const struct limine_map *map)
{
    const struct handover *h = map->handover;
    const uint64_t offset = within_half(h, h->hhdm_offset);
    struct paging_estimate upper = paging_estimate_begin(h->paging_levels, map->pages_1g), lower = upper;

    estimate_direct_map(&upper, map, offset);
    estimate_tables_of_firmware(&upper, h, offset);
    estimate_image(&upper, h);
    /* Each segment begins and ends small pages in a 2 MiB of its own, at worst. */
    paging_estimate_splits(&upper, 2 * h->n_segments + KERNEL_MAP_LATE_HOLES);
    upper.tables += tables_of_framebuffers(h);
    if (direct_map_is_identity_too(h->base_revision)) {
        estimate_direct_map(&lower, map, 0);
        paging_estimate_splits(&lower, KERNEL_MAP_LATE_HOLES);
        lower.tables += tables_of_framebuffers(h);
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
