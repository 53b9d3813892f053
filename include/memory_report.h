/*
 * The part of the boot report that depends on the map alone: the kernel prints it of the running machine and
 * memmap-report of a map in a file, with this code, so that the two agree. Pure.
 */
#ifndef MEMORY_REPORT_H
#define MEMORY_REPORT_H

#include "addr.h"
#include "format.h"
#include "mem_region.h"
#include "pmm.h"

/* "Memory map:", a line a region, a line a kind of anomaly, an empty line, "Total memory:", "Usable memory:". */
void memory_report_map(const struct sink *sink, const struct region_map *map);

/* "Physical allocator:", "Bitmap location:", "Free frames:". metadata: what the allocator's data occupies. */
void memory_report_allocator(const struct sink *sink, const struct pmm_stats *stats, struct phys_range metadata);

#endif
