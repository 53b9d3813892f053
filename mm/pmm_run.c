#include "pmm_huge.h"
#include "pmm_search.h"
#include "pmm_small.h"

enum pmm_status pmm_search_run(struct pmm *pmm, struct cpu *cpu, uint64_t n, uint64_t align, phys_addr_t below,
                               frame_t *ret_first)
{
    const struct run_request request = { n, align, below.value >> PAGE_SHIFT };
    const bool low = below.value <= PMM_LOW_MEMORY.value;
    uint64_t position, first;

    pmm_stop_and_drain(pmm, cpu);
    const bool found = pmm_find_run(pmm, &request, low ? 0 : pmm->first_high_word << WORD_SHIFT, &position, &first);
    if (found) {
        pmm_mark_allocated(pmm, position, n);
        pmm_count_free(pmm, -n);
        *ret_first = frame(first);
    }
    pmm_resume(pmm, cpu);
    return found ? PMM_OK : PMM_NO_MEMORY;
}

enum pmm_status pmm_alloc_run(struct pmm *pmm, struct pmm_cpu *caller, uint64_t n, uint64_t align, phys_addr_t below,
                              frame_t *ret_first)
{
    if (!n || !align || (align & (align - 1)))
        return PMM_BAD_RANGE;
    if (n == AREA_FRAMES && align <= AREA_FRAMES && below.value == PMM_ANYWHERE.value)
        return pmm_alloc_area(pmm, pmm_cpu(caller), align, ret_first);
    if (n < AREA_FRAMES && align <= WORD_BITS && below.value == PMM_ANYWHERE.value && !pmm_cpu(caller)->solo &&
        pmm_alloc_small(pmm, pmm_cpu(caller), n, align, ret_first))
        return PMM_OK;
    return pmm_search_run(pmm, pmm_cpu(caller), n, align, below, ret_first);
}

static bool is_bad_range(struct frame_range range)
{
    return !range.count || range.first.value + range.count < range.first.value;
}

static enum pmm_status dealloc_run_alone(struct pmm *pmm, struct frame_range range)
{
    const uint64_t first = range.first.value;
    struct span span;

    if (!pmm_span_of_frame(pmm, first, &span) || pmm_pending_overlaps(pmm, first, 1))
        return PMM_NOT_USABLE;
    if (range.count > span_end(&span) - first || pmm_pending_overlaps(pmm, first, range.count))
        return PMM_WRONG_LENGTH;
    if (pmm_is_protected(pmm, first, range.count))
        return PMM_PROTECTED;
    const uint64_t position = span_position(&span, first);
    const uint64_t end = position + range.count;

    if (pmm_next_free(pmm, position) < end)
        return pmm_next_allocated(pmm, position, end) == end ? PMM_DOUBLE_FREE : PMM_WRONG_LENGTH;
    pmm_mark_free(pmm, position, range.count);
    pmm_count_free(pmm, range.count);
    return PMM_OK;
}

enum pmm_status pmm_dealloc_any_run(struct pmm *pmm, struct cpu *cpu, frame_t first, uint64_t n)
{
    const struct frame_range range = { first, n };

    if (is_bad_range(range))
        return PMM_BAD_RANGE;
    pmm_stop_and_drain(pmm, cpu);
    const enum pmm_status status = dealloc_run_alone(pmm, range);
    pmm_resume(pmm, cpu);
    return status;
}

enum pmm_status pmm_dealloc_run(struct pmm *pmm, struct pmm_cpu *caller, frame_t first, uint64_t n)
{
    if (n == 1 && first.value != UINT64_MAX)
        return pmm_dealloc_frame(pmm, caller, first);
    if (n == AREA_FRAMES)
        return pmm_dealloc_area(pmm, pmm_cpu(caller), first);
    if (n - 1 < AREA_FRAMES - 1 && !pmm_cpu(caller)->solo && pmm_dealloc_small(pmm, pmm_cpu(caller), first, n))
        return PMM_OK;
    return pmm_dealloc_any_run(pmm, pmm_cpu(caller), first, n);
}

static enum pmm_status reserve_alone(struct pmm *pmm, struct frame_range range)
{
    const uint64_t first = range.first.value;
    struct span span;

    /* No two spans are adjacent: what is usable throughout lies in one. */
    if (!pmm_span_of_frame(pmm, first, &span) || range.count > span_end(&span) - first ||
        pmm_pending_overlaps(pmm, first, range.count))
        return PMM_NOT_USABLE;
    if (pmm_is_protected(pmm, first, range.count))
        return PMM_PROTECTED;
    const uint64_t position = span_position(&span, first);

    if (pmm_next_allocated(pmm, position, position + range.count) != position + range.count)
        return PMM_NOT_FREE;
    pmm_mark_allocated(pmm, position, range.count);
    pmm_count_free(pmm, -range.count);
    return PMM_OK;
}

enum pmm_status pmm_reserve(struct pmm *pmm, struct pmm_cpu *caller, struct frame_range range)
{
    struct cpu *cpu = pmm_cpu(caller);

    if (is_bad_range(range))
        return PMM_BAD_RANGE;
    pmm_stop_and_drain(pmm, cpu);
    const enum pmm_status status = reserve_alone(pmm, range);
    pmm_resume(pmm, cpu);
    return status;
}

enum pmm_status pmm_reserve_usable(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range)
{
    enum pmm_status status = pmm_reserve(pmm, cpu, range);

    if (status != PMM_NOT_USABLE)
        return status;
    for (uint64_t i = 0; i < range.count; i++) {
        const struct frame_range one = { { range.first.value + i }, 1 };

        status = pmm_reserve(pmm, cpu, one);
        if (status != PMM_OK && status != PMM_NOT_USABLE)
            return status;
    }
    return PMM_OK;
}
