#include "acpi_place.h"

/* Where ACPI 6.5, 5.2.5.1 Finding the RSDP on IA-PC Systems looks; firmware's maps may leave it out. */
static const struct phys_range bios_area = { { 0xE0000 }, 0x20000 };

static bool may_hold_tables(enum region_type type)
{
    switch (type) {
    case REGION_USABLE:
    case REGION_BOOTLOADER_RECLAIMABLE:
    case REGION_ACPI_RECLAIMABLE:
    case REGION_ACPI_NVS:
    case REGION_RUNTIME_SERVICES:
    case REGION_RESERVED:
    case REGION_RESERVED_MAPPED:
        return true;
    default:
        return false;
    }
}

bool acpi_may_lie_in(const struct region_map *map, struct phys_range bytes)
{
    const uint64_t end = phys_range_end(bytes);

    for (uint64_t at = bytes.start.value; at < end;) {
        const struct mem_region *region = region_find(map, phys_addr(at));

        if (phys_range_contains(bios_area, phys_addr(at)))
            at = phys_range_end(bios_area);
        else if (region && may_hold_tables(region->type))
            at = region->end.value;
        else
            return false;
    }
    return true;
}
