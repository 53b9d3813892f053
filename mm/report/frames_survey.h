/* What a dry run has found out about free memory: private to mm/report/. */
#ifndef FRAMES_SURVEY_H
#define FRAMES_SURVEY_H

#include "dry_run.h"

#define FRAME_ORDERS (PHYS_BITS_MAX - PAGE_SHIFT + 1)

/* The larger pages of the processor, which count if they are free as a whole: 2 MiB and 1 GiB. */
#define HUGE_SIZES 2
#define HUGE_ORDER(i) (9 * ((i) + 1))

/* Frames of one kind. Those up to AMOUNTS_BEFORE can be told without an allocator. */
enum amount {
    AMOUNT_USABLE_NOW,  /* as long as boot services run */
    AMOUNT_RECLAIMABLE, /* those that become usable when they have ended */
    AMOUNTS_BEFORE,
    AMOUNT_USABLE = AMOUNTS_BEFORE,
    AMOUNT_METADATA,
    AMOUNT_ALLOCATED,
    AMOUNT_FREE,
    AMOUNT_LARGEST,
    AMOUNTS
};

/* Of the free memory: all but the largest run; then, what is not in whole larger pages. */
enum { SHARE_EXTERNAL, SHARE_HUGE, SHARES = SHARE_HUGE + HUGE_SIZES };

struct run_class {
    uint64_t runs;
    uint64_t frames;
};

struct frames_survey {
    uint64_t frames[AMOUNTS];
    uint64_t starts[AMOUNTS]; /* bytes; 0: they have no place */
    uint64_t n_runs;
    struct run_class classes[FRAME_ORDERS]; /* [i]: free runs of 2^i to 2^(i + 1) - 1 frames */
    uint64_t below[HUGE_SIZES];             /* larger pages below 4 GiB */
    uint64_t above[HUGE_SIZES];
    uint64_t thousandths[SHARES];
};

/* Fills all but the amounts that are told without an allocator. survey: zeroed, but for those. */
void frames_survey(struct dry_run *run, struct frames_survey *survey);

/* has_allocator: false if there was no memory for one. */
void frames_print(const struct report_style *style, const struct frames_survey *survey, bool has_allocator);

#endif
