/* What a dry run has found out about free memory: private to mm/report/. */
#ifndef FRAMES_SURVEY_H
#define FRAMES_SURVEY_H

#include "dry_run.h"

#define FRAME_ORDERS (PHYS_BITS_MAX - PAGE_SHIFT + 1)

/* The largest pages of the processor, which count if they are free as a whole: 2 MiB and 1 GiB. */
#define HUGE_SIZES 2
#define HUGE_ORDER(i) (9 * ((i) + 1))

struct run_class {
    uint64_t runs;
    uint64_t frames;
};

struct frames_survey {
    uint64_t usable_now;  /* frames, as long as boot services run */
    uint64_t reclaimable; /* those that become usable when they have ended */
    struct pmm_stats stats;
    struct phys_range metadata;
    struct run_class classes[FRAME_ORDERS]; /* [i]: free runs of 2^i to 2^(i + 1) - 1 frames */
    uint64_t n_runs;
    struct frame_range largest;
    uint64_t huge_below[HUGE_SIZES]; /* aligned ones that are wholly free and end at or below 4 GiB */
    uint64_t huge_above[HUGE_SIZES];
};

/* Everything but usable_now and reclaimable. */
void frames_survey(struct dry_run *run, struct frames_survey *ret);

/* has_allocator: false if there was no memory for one: then there is nothing to tell but usable_now and reclaimable. */
void frames_print(const struct report_style *style, const struct frames_survey *survey, bool has_allocator);

/* 1 - part / whole in thousandths, rounded; 0 if there is nothing. part <= whole < 2^53. */
unsigned thousandths_missing(uint64_t part, uint64_t whole);

#endif
