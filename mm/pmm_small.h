/*
 * Runs shorter than 2 MiB, out of an area that the CPU owns, and back: without stopping anybody. Private to mm/pmm*.c.
 */
#ifndef PMM_SMALL_H
#define PMM_SMALL_H

#include "pmm_hold.h"

/*
 * n frames, 2 <= n < 512, aligned to at most 64: from what the CPU gets from, else from a wholly free area, which it
 * gets from then on. False: there is none at hand; a search for a run will tell. The CPU has not entered.
 */
bool pmm_alloc_small(struct pmm *pmm, struct cpu *cpu, uint64_t n, uint64_t align, frame_t *ret_first);

/* False: nothing has changed; the frames do not lie in one area that is nobody's, or are not all allocated. */
bool pmm_dealloc_small(struct pmm *pmm, struct cpu *cpu, frame_t first, uint64_t n);

#endif
