/*
 * What the kernel's page tables hold of the machine's memory, and how many tables that takes: shared by the loader,
 * which allocates the tables' frames, and the kernel, which fills them. Pure.
 */
#ifndef KERNEL_MAP_H
#define KERNEL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "mem_region.h"

/* Room for so many holes that the firmware may yet make in usable memory, between a look at its map and the exit. */
#define KERNEL_MAP_LATE_HOLES 64

/*
 * RAM to map, writable: USABLE, BOOTLOADER_RECLAIMABLE, ACPI_RECLAIMABLE and ACPI_NVS regions, touching ones joined,
 * without page 0. Looks from regions[*cursor] on and moves the cursor past what it returns; bytes == 0: no more.
 */
struct phys_range kernel_map_next(const struct region_map *map, size_t *cursor);

/*
 * Frames for the page tables that the kernel starts with: all of kernel_map_next(), the image, the guard pages and the
 * framebuffer, with slack for KERNEL_MAP_LATE_HOLES. Further tables come from the allocator that runs by then.
 * map           as it is now; either view.
 * framebuffer   bytes == 0: none.    levels  4 or 5.
 */
uint64_t kernel_map_tables_max(const struct region_map *map, struct phys_range image, struct phys_range framebuffer,
                               unsigned levels, bool pages_1g);

#endif
