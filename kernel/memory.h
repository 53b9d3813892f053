/* The machine's memory in the kernel's hands: regions, address space, allocator. */
#ifndef MEMORY_H
#define MEMORY_H

#include "boot_info.h"
#include "mem_region.h"
#include "mmu.h"
#include "pmm.h"

struct memory {
    struct region_map map;
    struct mmu mmu;
    struct pmm *pmm;
    struct pmm_cpu boot_cpu;
    struct pmm_cpu *cpu; /* of the processor we boot on: &boot_cpu, or its entry once there are more */
    struct phys_range metadata; /* of the allocator: what it needs of the loader's allocation, whole pages */
    struct phys_range tables;   /* page tables in use, of those that the loader allocated */
    uint64_t late_tables;       /* frames of page tables that came from the allocator: those stay */
    uint64_t late_frames;       /* frames handed out by memory_allocate() so far, and late_tables */
    void *pixels;       /* where the framebuffer is mapped; NULL: nowhere */
};

/* Regions from the firmware's final map. Panics if it makes no sense: the loader has seen it before. */
void memory_read_map(struct memory *memory, const struct boot_info *info);

/*
 * Moves into our own page tables, with the framebuffer write-combining, and only then builds the allocator over all
 * usable memory, the firmware's former memory included. What is in use of the loader's allocations is allocated;
 * further page tables come from the allocator.
 */
void memory_take_over(struct memory *memory, const struct boot_info *info);

/*
 * What is still in use of a loader's allocation, after memory_take_over(): all of it, but for page tables that were not
 * needed, and for the metadata, which the allocator guards itself.
 */
struct phys_range memory_in_use(const struct memory *memory, const struct boot_info *info, enum loader_use use);

/*
 * Memory for the kernel itself: contiguous, page-aligned, whole frames, zeroed, seen in the HHDM; NULL: there is none.
 * bytes   >= 1.
 */
MUST_CHECK void *memory_allocate(struct memory *memory, uint64_t bytes);

/* Gives back what memory_allocate() returned for so many bytes, mapped and writable as it was. */
void memory_free(struct memory *memory, void *start, uint64_t bytes);

#endif
