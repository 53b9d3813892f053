/*
 * Runs of exactly 2 MiB, aligned to that: whole areas, without stopping anybody. What they cannot do is done by
 * stopping the others. As pmm_alloc_run() and pmm_dealloc_run() for 512 frames. Private to mm/pmm*.c.
 */
#ifndef PMM_HUGE_H
#define PMM_HUGE_H

#include "pmm_area.h"

enum pmm_status pmm_alloc_area(struct pmm *pmm, struct cpu *cpu, uint64_t align, frame_t *ret_first);
enum pmm_status pmm_dealloc_area(struct pmm *pmm, struct cpu *cpu, frame_t first);

/* ---- pmm_run.c: any run, with all others stopped. The CPU has not entered. */

enum pmm_status pmm_search_run(struct pmm *pmm, struct cpu *cpu, uint64_t n, uint64_t align, phys_addr_t below,
                               frame_t *ret_first);
enum pmm_status pmm_dealloc_any_run(struct pmm *pmm, struct cpu *cpu, frame_t first, uint64_t n);

#endif
