/*
 * The frame allocator built for a memory map that need not be this machine's: the very code that a boot runs, in memory
 * of the caller's. The frames that it is about are not touched. Pure.
 */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include "map_report.h"
#include "pmm.h"

/* An allocator; stays where it is. */
struct dry_run {
    struct pmm *pmm; /* in the caller's block */
    struct pmm_cpu cpu;
    struct phys_range metadata;    /* what it would occupy */
    enum pmm_status refusal;       /* of REPORT_REFUSED: what the allocator says */
    const struct frame_range *bad; /* of REPORT_REFUSED: the one of subject->reserved; NULL: the metadata */
};

/*
 * Where the metadata goes, whole pages: where the subject says; else low, but above what processors need to start, and
 * never into frame 0. map: regions of the subject as REGION_VIEW_OWNED. bytes == 0: there is no such memory.
 */
struct phys_range dry_run_place(const struct map_subject *subject, const struct region_map *map);

/*
 * place     from dry_run_place(), bytes > 0.
 * block     64-aligned, place.bytes long; the allocator's until it is no longer wanted.
 * Returns REPORT_OK; REPORT_REFUSED if the metadata cannot lie at the place or reserved frames are not free.
 */
MUST_CHECK enum report_status dry_run_start(const struct map_subject *subject, const struct region_map *map,
                                            struct phys_range place, void *block, struct dry_run *ret);

#endif
