/*
 * Search for runs, with all others stopped and drained; private to mm/pmm*.c.
 *
 * Large runs are found fast: they contain a wholly free area, and free_areas names those. Any 1,023 adjacent bits hold
 * 8 aligned words; 2 MiB that are aligned to 2 MiB *are* 8 aligned words, where the span is placed so.
 */
#ifndef PMM_SEARCH_H
#define PMM_SEARCH_H

#include "pmm_layout.h"

struct run_request {
    uint64_t n, align;
    uint64_t below; /* frame, exclusive */
};

/* First fit: the lowest position >= from whose frame is aligned and from which n frames below the bound are free. */
bool pmm_find_run(const struct pmm *pmm, const struct run_request *request, uint64_t from, uint64_t *ret_position,
                  uint64_t *ret_first);

#endif
