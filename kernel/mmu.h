/*
 * The kernel's address space. Physical memory is mapped twice, by the same tables: one to one in the lower half, and
 * at hhdm_offset in the upper half (the higher-half direct map, HHDM).
 *
 *   RAM (usable, reclaimable, ACPI)   RW-, write-back, in pages as large as fit
 *   the image's parts                 text R-X, constants R--, data RW-
 *   everything else                   only what mmu_map_physical() was asked for
 *   page 0, guard pages of stacks     not mapped
 *
 * One CPU; not from exception handlers.
 */
#ifndef MMU_H
#define MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "boot_info.h"
#include "compiler.h"
#include "mem_region.h"
#include "paging.h"

struct mmu {
    struct paging paging;
    struct frame_range pool; /* table frames not used yet */
    uint64_t hhdm_offset;
};

/*
 * Builds the tables in info->loader[LOADER_PAGE_TABLES] and switches to them: PAT, EFER.NXE, CR0.WP, CR4, CR3. Keeps
 * the number of paging levels that the firmware left on. The guards are the lowest pages of the loader's two stacks.
 * The framebuffer is mapped write-combining before the switch: a console that draws on it never loses it.
 * mmu     stays where it is from now on.
 * map     of the whole machine, either view.
 * Errors: PAGING_NO_MEMORY (pool smaller than kernel_map_tables_max() frames); the firmware's tables then stay active.
 */
MUST_CHECK enum paging_status mmu_init(struct mmu *mmu, const struct boot_info *info, const struct region_map *map);

/*
 * Makes physical bytes accessible and returns where, in the HHDM; NULL if tables ran out or the range makes no sense.
 * Pages that are mapped already keep their rights, and must have the same cache type, else NULL; what was missing below
 * the first that differs is mapped then.
 */
void *mmu_map_physical(struct mmu *mmu, struct phys_range range, enum cache_type cache, unsigned rights);

/* Where RAM is seen in the HHDM. Only for what is mapped. */
void *mmu_hhdm(const struct mmu *mmu, phys_addr_t address);

/* The other way: of a pointer into the HHDM. */
phys_addr_t mmu_physical(const struct mmu *mmu, const void *pointer);

/*
 * Takes a page of RAM, mapped so far, out of the address space, in both halves, and puts it back. This processor knows
 * at once; others may remember how it was, unless they start after this.
 * Errors: PAGING_NO_MEMORY.
 */
MUST_CHECK enum paging_status mmu_guard_page(struct mmu *mmu, frame_t page);
MUST_CHECK enum paging_status mmu_unguard_page(struct mmu *mmu, frame_t page);

/*
 * Where the tables that are active now can be read: at this offset from their physical addresses. 0, as it is at first:
 * one to one. For panics, which look before they read.
 */
void mmu_reach_tables_at(uint64_t offset);

/* Whether the processor's current tables, ours or the firmware's, map this byte. Also in exception handlers. */
bool mmu_maps_now(virt_addr_t address);

/*
 * Gives up the rest of the pool: returns its frames, and takes tables from `take` from now on (a frame with arbitrary
 * contents inside mapped RAM; false: none). May be called once the frame allocator runs.
 */
struct frame_range mmu_release_pool(struct mmu *mmu, bool (*take)(void *context, phys_addr_t *ret_table),
                                    void *context);

#endif
