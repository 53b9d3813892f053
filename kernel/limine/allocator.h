/* The frame allocator that a kernel takes over, built over the final map. */
#ifndef LIMINE_ALLOCATOR_H
#define LIMINE_ALLOCATOR_H

#include "boot_info.h"
#include "handover.h"
#include "mem_region.h"

/*
 * Builds it in info->loader[LOADER_METADATA], with all that is claimed allocated, seals it, and answers the kernel.
 * map   of REGION_VIEW_BOOT; its regions change as above.
 */
void limine_allocator_build(struct region_map *map, const struct boot_info *info, const struct handover *handover);

#endif
