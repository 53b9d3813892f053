/*
 * The frame allocator of a kernel that speaks the Limine boot protocol: handed over by the loader where it can, built
 * from the memory map elsewhere. One code path for the kernel, and the same state afterwards:
 *
 *     usable                  free, but for frame 0 and the allocator's own metadata
 *     executable and modules  allocated; pmm_dealloc_run() frees a module that is needed no more
 *     bootloader-reclaimable  waits for pmm_reclaim_loader()
 *     all else                not the allocator's
 *
 * Goes with any header for the protocol: it needs none.
 */
#ifndef PMM_LIMINE_H
#define PMM_LIMINE_H

#include "pmm.h"
#include "pmm_handover.h"
#include "polyglot_allocator.h"

struct pmm_limine {
    const void *memory_map; /* the response to the Memory Map request; its entries ascend, as the protocol promises */
    uint64_t hhdm_offset;   /* where physical memory is mapped: the response to the HHDM request */
    const struct polyglot_allocator_response *allocator; /* NULL: the request was not answered */
};

/*
 * Starts the allocator. cpus, n_cpus, barrier: as of pmm_cpus_init(), n_cpus 1..PMM_CPUS_MAX. One CPU, before any other
 * call.
 *
 * With an answer in boot->allocator: pmm_adopt(), and its errors; PMM_BAD_VERSION and PMM_BAD_METADATA also for what
 * the response itself says. Who is refused may call again without the answer: the memory map suffices.
 *
 * Without: the metadata go to the lowest usable entry from 1 MiB up that has room for them; 24 bytes per entry are
 * used above them meanwhile, and are free afterwards. Entries that overlap or are not page-aligned lose what is in
 * doubt. Errors: PMM_BAD_RANGE (n_cpus, memory_map is NULL), PMM_NO_MEMORY (no entry has room), PMM_BAD_METADATA
 * (memory beyond what a processor can address).
 *
 * ret_pmm   untouched unless PMM_OK is returned.
 */
MUST_CHECK enum pmm_status pmm_limine_start(const struct pmm_limine *boot, struct pmm_cpu *cpus, uint64_t n_cpus,
                                            struct pmm_barrier barrier, struct pmm **ret_pmm);

#endif
