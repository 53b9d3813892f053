#include "pmm_hold.h"
#include "pmm_cpu.h"
#include "pmm_layout.h"

/* ---- getting a frame */

static inline struct pmm_frame leave_with(struct cpu *cpu, uint64_t number)
{
    cpu_leave(cpu);
    return (struct pmm_frame){ PMM_OK, frame(number) };
}

/* The CPU has entered, and these frames of its get word are free: some. */
static inline struct pmm_frame take_lowest(struct cpu *cpu, uint64_t free)
{
    own_store(&cpu->get_free, free & (free - 1));
    return leave_with(cpu, cpu->get_first + word_lowest(free));
}

/* When all that is free is held by CPUs: takes it from them. Also the one way to be sure that nothing is left. */
static struct pmm_frame take_last(struct pmm *pmm, struct cpu *cpu)
{
    struct pmm_frame got = { .status = PMM_NO_MEMORY };

    pmm_stop_and_drain(pmm, cpu);
    const uint64_t position = pmm_next_free(pmm, pmm->first_high_word << WORD_SHIFT);

    if (position < pmm_end_position(pmm)) {
        const struct span span = pmm_span_of_word(pmm, position >> WORD_SHIFT);

        pmm_mark_allocated(pmm, position, 1);
        pmm_count_free(pmm, -(uint64_t)1);
        got = (struct pmm_frame){ PMM_OK, frame(span_frame(&span, position)) };
    }
    pmm_resume(pmm, cpu);
    return got;
}

/* The CPU has entered, and has no frame left. */
static __attribute__((noinline)) struct pmm_frame take_from_next_word(struct pmm *pmm, struct cpu *cpu)
{
    if (LIKELY(pmm_refill(pmm, cpu)))
        return take_lowest(cpu, own_load(&cpu->get_free));
    cpu_leave(cpu);
    return take_last(pmm, cpu);
}

static __attribute__((noinline)) struct pmm_frame take_after_stop(struct pmm *pmm, struct cpu *cpu)
{
    pmm_enter(pmm, cpu);
    cpu_fold_last_freed(cpu);
    if (own_load(&cpu->get_free))
        return take_lowest(cpu, own_load(&cpu->get_free));
    return take_from_next_word(pmm, cpu);
}

struct pmm_frame pmm_take_frame(struct pmm *pmm, struct pmm_cpu *caller)
{
    struct cpu *cpu = pmm_cpu(caller);

    if (UNLIKELY(!cpu_enter(cpu)))
        return take_after_stop(pmm, cpu);
    const uint64_t last = own_load(&cpu->last_freed);
    const uint64_t free = own_load(&cpu->get_free);

    if (last != NO_FRAME) {
        own_store(&cpu->last_freed, NO_FRAME);
        return leave_with(cpu, last);
    }
    if (UNLIKELY(!free))
        return take_from_next_word(pmm, cpu);
    return take_lowest(cpu, free);
}

uint64_t pmm_alloc_frames(struct pmm *pmm, struct pmm_cpu *caller, frame_t *frames, uint64_t n)
{
    struct cpu *cpu = pmm_cpu(caller);
    uint64_t done = 0;

    pmm_enter(pmm, cpu);
    cpu_fold_last_freed(cpu);
    while (done < n && (own_load(&cpu->get_free) || pmm_refill(pmm, cpu))) {
        uint64_t free = own_load(&cpu->get_free);

        for (; free && done < n; free &= free - 1)
            frames[done++] = frame(cpu->get_first + word_lowest(free));
        own_store(&cpu->get_free, free);
    }
    cpu_leave(cpu);
    for (struct pmm_frame got; done < n && (got = take_last(pmm, cpu)).status == PMM_OK; done++)
        frames[done] = got.frame;
    return done;
}
