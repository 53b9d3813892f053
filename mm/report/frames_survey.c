#include "frames_survey.h"

#define END_OF_LOW (GIB(4) >> PAGE_SHIFT)

/* Aligned 2^order frames that lie wholly within the frames [first, end). */
static uint64_t count_aligned(uint64_t first, uint64_t end, unsigned order)
{
    const uint64_t from = (first + (1ull << order) - 1) >> order;
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
    if (run.count > survey->frames[AMOUNT_LARGEST]) {
        survey->frames[AMOUNT_LARGEST] = run.count;
        survey->starts[AMOUNT_LARGEST] = frame_start(run.first).value;
    }
    for (unsigned i = 0; i < HUGE_SIZES; i++) {
        const uint64_t below = count_aligned(first, end < END_OF_LOW ? end : END_OF_LOW, HUGE_ORDER(i));

        survey->below[i] += below;
        survey->above[i] += count_aligned(first, end, HUGE_ORDER(i)) - below;
    }
}

/* 1 - part / whole in thousandths, rounded; 0 if there is nothing. part <= whole <= 2^40. */
static uint64_t thousandths_missing(uint64_t part, uint64_t whole)
{
    return whole ? ((whole - part) * 1000 + whole / 2) / whole : 0;
}

void frames_survey(struct dry_run *run, struct frames_survey *survey)
{
    const struct pmm_stats stats = pmm_stats(run->pmm, &run->cpu);
    struct frame_range free = { 0 };

    survey->frames[AMOUNT_USABLE] = stats.usable_frames;
    survey->frames[AMOUNT_METADATA] = run->metadata.bytes >> PAGE_SHIFT;
    survey->starts[AMOUNT_METADATA] = run->metadata.start.value;
    survey->frames[AMOUNT_ALLOCATED] = stats.allocated_frames;
    survey->frames[AMOUNT_FREE] = stats.free_frames;
    while ((free = pmm_next_free_run(run->pmm, &run->cpu, frame(free.first.value + free.count))).count)
        add_run(survey, free);
    survey->thousandths[SHARE_EXTERNAL] = thousandths_missing(survey->frames[AMOUNT_LARGEST], stats.free_frames);
    for (unsigned i = 0; i < HUGE_SIZES; i++)
        survey->thousandths[SHARE_HUGE + i] =
            thousandths_missing((survey->below[i] + survey->above[i]) << HUGE_ORDER(i), stats.free_frames);
}
