#include "frames_survey.h"

#define END_OF_LOW (GIB(4) >> PAGE_SHIFT)

/* Aligned 2^order frames that lie wholly within the frames [first, end). */
static uint64_t count_aligned(uint64_t first, uint64_t end, unsigned order)
{
    const uint64_t from = (first >> order) + ((first & ((1ull << order) - 1)) != 0);
    const uint64_t to = end >> order;

    return to > from ? to - from : 0;
}

static void add_run(struct frames_survey *survey, struct frame_range run)
{
    const uint64_t first = run.first.value, end = first + run.count;
    struct run_class *class = &survey->classes[63 - __builtin_clzll(run.count)];

    class->runs++;
    class->frames += run.count;
    survey->n_runs++;
    if (run.count > survey->largest.count)
        survey->largest = run;
    for (unsigned i = 0; i < HUGE_SIZES; i++) {
        const uint64_t below = count_aligned(first, end < END_OF_LOW ? end : END_OF_LOW, HUGE_ORDER(i));

        survey->huge_below[i] += below;
        survey->huge_above[i] += count_aligned(first, end, HUGE_ORDER(i)) - below;
    }
}

void frames_survey(struct dry_run *run, struct frames_survey *ret)
{
    struct frame_range free = { 0 };

    ret->stats = pmm_stats(run->pmm, &run->cpu);
    ret->metadata = run->metadata;
    while ((free = pmm_next_free_run(run->pmm, &run->cpu, frame(free.first.value + free.count))).count)
        add_run(ret, free);
}

unsigned thousandths_missing(uint64_t part, uint64_t whole)
{
    return whole ? (unsigned)(((whole - part) * 1000 + whole / 2) / whole) : 0;
}
