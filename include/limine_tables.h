/*
 * The page tables that a kernel gets, and those that lead there.
 *
 *   kernel   upper half: the direct map, the image with its segments' rights; base revision 0: an identity map below
 *   low      what code needs that changes tables: the start page, our own image, the local APIC, one to one, 4 levels
 *   start    kernel's upper half and, below, low: a root that the start page can load (below 4 GiB, if there is one)
 */
#ifndef LIMINE_TABLES_H
#define LIMINE_TABLES_H

#include "addr.h"
#include "boot_info.h"
#include "compiler.h"
#include "handover.h"
#include "limine_memory_map.h"
#include "paging.h"

struct limine_tables {
    struct frame_range pool; /* table frames not used yet */
    struct paging kernel;
    struct paging low;
    phys_addr_t low_root;   /* of low, as the levels that are on now want it: for who is about to change them */
    phys_addr_t start_root;
};

/* What there is to map, to be counted or done. */
struct limine_map {
    const struct handover *handover;
    const struct limine_memory_map_entry *entries;
    size_t n_entries;
    bool pages_1g, no_execute;
};

/*
 * Frames for all tables, at most: also if handover->framebuffers turn out to be elsewhere, handover->tables are to be
 * mapped where nothing was, and KERNEL_MAP_LATE_HOLES holes come up in what is mapped.
 */
uint64_t limine_tables_max(const struct limine_map *map);

/*
 * Builds all of them in info->loader[LOADER_PAGE_TABLES], which the tables that are active now map one to one.
 * apic   page of the local APIC's registers; count == 0: none.
 * tables stays where it is.
 * Errors: PAGING_NO_MEMORY.
 */
MUST_CHECK enum paging_status limine_tables_build(struct limine_tables *tables, const struct boot_info *info,
                                                  const struct limine_map *map, struct phys_range apic);

#endif
