/* Where firmware may have put its tables. Pure. */
#ifndef ACPI_PLACE_H
#define ACPI_PLACE_H

#include <stdbool.h>

#include "addr.h"
#include "mem_region.h"

/* Whether looking there is harmless: a garbage address may be that of a device. The range must not wrap. */
bool acpi_may_lie_in(const struct region_map *map, struct phys_range bytes);

#endif
