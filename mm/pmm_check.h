/*
 * Whether a block of metadata is what it should be, drained; private to mm/pmm*.c. Each check relies on those before it
 * having succeeded, and reads nothing outside the block.
 *
 * ret_offset   receives where in the block the first wrong word or byte lies, bytes; untouched if PMM_OK is returned.
 */
#ifndef PMM_CHECK_H
#define PMM_CHECK_H

#include "pmm_layout.h"

/* The header's sizes, offsets and constants, for a block of `bytes`, at least sizeof(struct pmm). */
MUST_CHECK enum pmm_status pmm_check_header(const struct pmm *pmm, uint64_t bytes, uint64_t *ret_offset);

/* Spans and pending pieces: sorted, disjoint, where they belong, and the counts that follow from them. */
MUST_CHECK enum pmm_status pmm_check_regions(const struct pmm *pmm, uint64_t *ret_offset);

/* What must be allocated is: padding, pending frames, frame 0, the metadata. A step per word of that. */
MUST_CHECK enum pmm_status pmm_check_bits(const struct pmm *pmm, uint64_t *ret_offset);

/* As many frames are free as are counted. A step per word of an area that is not free. */
MUST_CHECK enum pmm_status pmm_check_counts(const struct pmm *pmm, uint64_t *ret_offset);

/*
 * What is free can be found, and searches stay inside the block: owner bytes are such as a drained block has, they and
 * the summaries say at least what the bits do. A step per word of an area that was touched.
 */
MUST_CHECK enum pmm_status pmm_check_lists(const struct pmm *pmm, uint64_t *ret_offset);

/* All but the header, in this order. */
MUST_CHECK enum pmm_status pmm_check_contents(const struct pmm *pmm, uint64_t *ret_offset);

#define OWNERS_A_WORD sizeof(uint64_t)

/*
 * Whether the eight areas from this one, a multiple of eight, on exist and were never touched: nearly all are, when a
 * machine starts.
 */
static inline bool pmm_eight_unwritten(const struct pmm *pmm, uint64_t area)
{
    uint64_t owners;

    if (area % OWNERS_A_WORD || pmm->n_areas - area < OWNERS_A_WORD)
        return false;
    __builtin_memcpy(&owners, pmm_owners(pmm) + area, sizeof(owners));
    return owners == UINT64_MAX;
}
_Static_assert(OWNER_UNWRITTEN == UINT8_MAX, "eight of them are all ones");

/* Where something inside the block lies. */
static inline uint64_t pmm_offset_of(const struct pmm *pmm, const volatile void *at)
{
    return (uint64_t)((const volatile char *)at - (const char *)pmm);
}

static inline enum pmm_status pmm_flaw(const struct pmm *pmm, enum pmm_status status, const volatile void *at,
                                       uint64_t *ret_offset)
{
    *ret_offset = pmm_offset_of(pmm, at);
    return status;
}

#endif
