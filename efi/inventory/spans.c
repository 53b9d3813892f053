#include "spans.h"

/* Between video memory and expansion ROMs there never is memory on a PC; tables may well claim it. */
#define VIDEO_HOLE_START 0xA0000
#define VIDEO_HOLE_END 0x100000

/* What has been found and may still grow. */
struct growing {
    struct listing *listing;
    const char *finding, *whose;
    uint64_t start, end; /* equal: nothing */
};

static void report(struct growing *g)
{
    const struct phys_range where = { phys_addr(g->start), g->end - g->start };

    if (where.bytes && !(g->start >= VIDEO_HOLE_START && g->end <= VIDEO_HOLE_END))
        listing_finding(g->listing, where, g->finding, g->whose);
}

static void grow(struct growing *g, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    if (start != g->end) {
        report(g);
        g->start = start;
    }
    g->end = end;
}

void spans_find_lacking(struct listing *listing, const struct spans *these, const struct spans *those,
                        const char *finding, const char *whose)
{
    struct growing g = { listing, finding, whose, 0, 0 };
    size_t k = 0;

    for (size_t i = 0; i < these->map->n_regions; i++) {
        const struct mem_region *r = &these->map->regions[i];
        uint64_t at = r->start.value;

        if (!these->counts(r))
            continue;
        while (k < those->map->n_regions && those->map->regions[k].end.value <= at)
            k++;
        for (size_t m = k; m < those->map->n_regions && those->map->regions[m].start.value < r->end.value; m++) {
            if (!those->counts(&those->map->regions[m]))
                continue;
            grow(&g, at, those->map->regions[m].start.value);
            at = those->map->regions[m].end.value;
        }
        grow(&g, at, r->end.value);
    }
    report(&g);
}

uint64_t spans_shared_bytes(const struct mem_region *r, const struct spans *those, size_t *cursor)
{
    const struct region_map *map = those->map;
    uint64_t sum = 0;

    while (*cursor < map->n_regions && map->regions[*cursor].end.value <= r->start.value)
        ++*cursor;
    for (size_t i = *cursor; i < map->n_regions && map->regions[i].start.value < r->end.value; i++) {
        const struct mem_region *other = &map->regions[i];
        const uint64_t start = other->start.value > r->start.value ? other->start.value : r->start.value;
        const uint64_t end = other->end.value < r->end.value ? other->end.value : r->end.value;

        if (those->counts(other))
            sum += end - start;
    }
    return sum;
}

bool region_is_usable(const struct mem_region *region)
{
    return region->type == REGION_USABLE || region->type == REGION_BOOTLOADER_RECLAIMABLE ||
           region->type == REGION_EXECUTABLE_AND_MODULES; /* this program */
}

bool region_is_memory(const struct mem_region *region)
{
    switch (region->type) {
    case REGION_ACPI_RECLAIMABLE:
    case REGION_ACPI_NVS:
    case REGION_RUNTIME_SERVICES:
    case REGION_UNACCEPTED:
    case REGION_BAD_MEMORY:
        return true;
    default:
        return region_is_usable(region);
    }
}

bool region_may_be_memory(const struct mem_region *region)
{
    return region->type != REGION_MMIO;
}
