#include "atomics.h"
#include "pmm_cpu.h"
#include "pmm_layout.h"

/* The maximal run of free positions that begins at or after `from`; false: there is none. */
static bool next_free_run(const struct pmm *pmm, uint64_t from, struct span *ret_span, uint64_t *ret_start,
                          uint64_t *ret_end)
{
    const uint64_t start = pmm_next_free(pmm, from);

    if (start >= pmm_end_position(pmm))
        return false;
    *ret_span = pmm_span_of_word(pmm, start >> WORD_SHIFT);
    *ret_start = start;
    *ret_end = pmm_next_allocated(pmm, start, span_position(ret_span, span_end(ret_span)));
    return true;
}

struct frame_range pmm_next_free_run(struct pmm *pmm, struct pmm_cpu *caller, frame_t from)
{
    struct cpu *cpu = pmm_cpu(caller);
    struct frame_range run = { from, 0 };
    struct span span;
    uint64_t start, end;

    pmm_stop_and_drain(pmm, cpu);
    if (pmm_span_from(pmm, from.value, &span)) {
        const uint64_t first = from.value > span.first ? from.value : span.first;

        if (next_free_run(pmm, span_position(&span, first), &span, &start, &end))
            run = (struct frame_range){ { span_frame(&span, start) }, end - start };
    }
    pmm_resume(pmm, cpu);
    return run;
}

struct pmm_stats pmm_stats(struct pmm *pmm, struct pmm_cpu *caller)
{
    struct cpu *cpu = pmm_cpu(caller);
    struct pmm_stats stats = { .total_frames = pmm->total_frames };
    uint64_t start, end = 0;
    struct span span;

    pmm_stop_and_drain(pmm, cpu);
    stats.usable_frames = pmm->usable_frames;
    stats.free_frames = atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);
    stats.allocated_frames = stats.usable_frames - stats.free_frames;
    while (next_free_run(pmm, end, &span, &start, &end))
        if (end - start > stats.largest_free_run)
            stats.largest_free_run = end - start;
    pmm_resume(pmm, cpu);
    return stats;
}

/* Seen in the middle of a call, the sum may be off by what is on its way from one place to another. */
static uint64_t count_of(const struct cpu *cpu)
{
    uint64_t free = own_load(&cpu->moved) + word_count(own_load(&cpu->get_free));

    for (unsigned i = 0; i < sizeof(cpu->put_free) / sizeof(uint64_t); i++)
        free += word_count(word_load(cpu_put_free_words(cpu) + i));
    return free + (own_load(&cpu->last_freed) != NO_FRAME);
}

uint64_t pmm_free_frames(struct pmm *pmm, struct pmm_cpu *caller)
{
    const struct cpu *cpu = pmm_cpu(caller);
    uint64_t free = atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);

    for (uint64_t i = 0; i < cpu->n_cpus; i++)
        free += count_of(&cpu->cpus[i]);
    if (free > (uint64_t)INT64_MAX)
        return 0;
    return free < pmm->total_frames ? free : pmm->total_frames;
}
