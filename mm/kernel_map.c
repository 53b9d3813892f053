#include "kernel_map.h"

#include "paging.h"

#define GUARD_PAGES 2 /* one below each of the loader's stacks */

/* Pieces of the image with rights of their own: header, text, relocations, constants, data. */
#define IMAGE_PIECES 5

static bool is_mapped_type(enum region_type type)
{
    switch (type) {
    case REGION_USABLE:
    case REGION_BOOTLOADER_RECLAIMABLE:
    case REGION_ACPI_RECLAIMABLE:
    case REGION_ACPI_NVS:
        return true;
    default:
        return false;
    }
}

struct phys_range kernel_map_next(const struct region_map *map, size_t *cursor)
{
    size_t i = *cursor;

    while (i < map->n_regions && (!is_mapped_type(map->regions[i].type) || map->regions[i].end.value <= PAGE_SIZE))
        i++;
    *cursor = i;
    if (i == map->n_regions)
        return (struct phys_range){ { 0 }, 0 };

    const uint64_t start = map->regions[i].start.value ? map->regions[i].start.value : PAGE_SIZE;
    uint64_t end = map->regions[i++].end.value;

    while (i < map->n_regions && is_mapped_type(map->regions[i].type) && map->regions[i].start.value == end)
        end = map->regions[i++].end.value;
    *cursor = i;
    return (struct phys_range){ phys_addr(start), end - start };
}

static struct phys_range whole_pages(struct phys_range range)
{
    const struct frame_range frames = frame_range_around(range);

    return (struct phys_range){ frame_start(frames.first), frames_to_bytes(frames.count) };
}

uint64_t kernel_map_tables_max(const struct region_map *map, struct phys_range image, struct phys_range framebuffer,
                               unsigned levels, bool pages_1g)
{
    struct paging_estimate estimate = paging_estimate_begin(levels, pages_1g);
    size_t cursor = 0;

    for (struct phys_range r = kernel_map_next(map, &cursor); r.bytes; r = kernel_map_next(map, &cursor))
        paging_estimate_range(&estimate, r);
    paging_estimate_range(&estimate, whole_pages(image));
    paging_estimate_range(&estimate, whole_pages(framebuffer));
    paging_estimate_splits(&estimate, GUARD_PAGES + IMAGE_PIECES + KERNEL_MAP_LATE_HOLES);
    return estimate.tables;
}
