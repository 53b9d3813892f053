#include "pmm_layout.h"

/*
 * The lowest word from 1 MiB up that has a free frame; n_words: none. Mostly that is the one where the last search
 * ended.
 */
static inline uint64_t lowest_free_word(struct pmm *pmm)
{
    if (pmm_words(pmm)[pmm->lowest_word] == WORD_FULL) {
        const uint64_t word = summary_first(&pmm->free_words);

        if (word == pmm->n_words)
            return word;
        pmm->lowest_word = word;
    }
    return pmm->lowest_word;
}

enum pmm_status pmm_alloc_frame(struct pmm *pmm, struct pmm_cpu *cpu, frame_t *ret_frame)
{
    spinlock_take(&pmm->lock);
    const uint64_t word = lowest_free_word(pmm);
    const bool found = word < pmm->n_words;

    if (found) {
        const struct span span = pmm_span_of_word(pmm, cpu, word);
        const unsigned bit = word_lowest(~pmm_words(pmm)[word]);

        pmm_mark_word_allocated(pmm, word, word_bit(bit));
        pmm_count_free(pmm, -(uint64_t)1);
        *ret_frame = frame(span_frame(&span, (word << WORD_SHIFT) + bit));
    }
    spinlock_release(&pmm->lock);
    return found ? PMM_OK : PMM_NO_MEMORY;
}

uint64_t pmm_alloc_frames(struct pmm *pmm, struct pmm_cpu *cpu, frame_t *frames, uint64_t n)
{
    uint64_t done = 0, word;

    spinlock_take(&pmm->lock);
    while (done < n && (word = lowest_free_word(pmm)) < pmm->n_words) {
        const struct span span = pmm_span_of_word(pmm, cpu, word);
        const uint64_t first = span_frame(&span, word << WORD_SHIFT);
        const uint64_t before = pmm_words(pmm)[word];
        uint64_t left = ~before;

        for (; left && done < n; left &= left - 1)
            frames[done++] = frame(first + word_lowest(left));
        pmm_mark_word_allocated(pmm, word, ~before & ~left);
    }
    pmm_count_free(pmm, -done);
    spinlock_release(&pmm->lock);
    return done;
}

static enum pmm_status dealloc_locked(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f)
{
    struct span span;

    if (!pmm_find_span(pmm, cpu, f.value, &span) || pmm_pending_overlaps(pmm, f.value, 1))
        return PMM_NOT_USABLE;
    if (pmm_is_protected(pmm, f.value, 1))
        return PMM_PROTECTED;
    const uint64_t position = span_position(&span, f.value);

    if (!(pmm_words(pmm)[position >> WORD_SHIFT] & word_bit(position)))
        return PMM_DOUBLE_FREE;
    pmm_mark_word_free(pmm, position >> WORD_SHIFT, word_bit(position));
    pmm_count_free(pmm, 1);
    return PMM_OK;
}

enum pmm_status pmm_dealloc_frame(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f)
{
    spinlock_take(&pmm->lock);
    const enum pmm_status status = dealloc_locked(pmm, cpu, f);
    spinlock_release(&pmm->lock);
    return status;
}

enum pmm_status pmm_dealloc_frames(struct pmm *pmm, struct pmm_cpu *cpu, const frame_t *frames, uint64_t n,
                                   uint64_t *ret_done)
{
    enum pmm_status status = PMM_OK;
    uint64_t done = 0;

    spinlock_take(&pmm->lock);
    while (done < n && (status = dealloc_locked(pmm, cpu, frames[done])) == PMM_OK)
        done++;
    spinlock_release(&pmm->lock);
    *ret_done = done;
    return status;
}

static bool is_bad_range(struct frame_range range)
{
    return !range.count || range.first.value + range.count < range.first.value;
}

static enum pmm_status dealloc_run_locked(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range)
{
    const uint64_t *words = pmm_words(pmm);
    const uint64_t first = range.first.value;
    struct span span;

    if (!pmm_find_span(pmm, cpu, first, &span) || pmm_pending_overlaps(pmm, first, 1))
        return PMM_NOT_USABLE;
    if (range.count > span_end(&span) - first || pmm_pending_overlaps(pmm, first, range.count))
        return PMM_WRONG_LENGTH;
    if (pmm_is_protected(pmm, first, range.count))
        return PMM_PROTECTED;
    const uint64_t position = span_position(&span, first);
    const uint64_t end = position + range.count;

    if (bitmap_next_clear(words, position, end) != end)
        return pmm_next_allocated(pmm, position, end) == end ? PMM_DOUBLE_FREE : PMM_WRONG_LENGTH;
    pmm_mark_free(pmm, position, range.count);
    pmm_count_free(pmm, range.count);
    return PMM_OK;
}

enum pmm_status pmm_dealloc_run(struct pmm *pmm, struct pmm_cpu *cpu, frame_t first, uint64_t n)
{
    const struct frame_range range = { first, n };

    if (is_bad_range(range))
        return PMM_BAD_RANGE;
    spinlock_take(&pmm->lock);
    const enum pmm_status status = dealloc_run_locked(pmm, cpu, range);
    spinlock_release(&pmm->lock);
    return status;
}

static enum pmm_status reserve_locked(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range)
{
    const uint64_t first = range.first.value;
    struct span span;

    /* No two spans are adjacent: what is usable throughout lies in one. */
    if (!pmm_find_span(pmm, cpu, first, &span) || range.count > span_end(&span) - first ||
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

enum pmm_status pmm_reserve(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range)
{
    if (is_bad_range(range))
        return PMM_BAD_RANGE;
    spinlock_take(&pmm->lock);
    const enum pmm_status status = reserve_locked(pmm, cpu, range);
    spinlock_release(&pmm->lock);
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

uint64_t pmm_free_frames(struct pmm *pmm, struct pmm_cpu *cpu)
{
    (void)cpu;
    return atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);
}

bool pmm_is_usable(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f)
{
    struct span span;

    spinlock_take(&pmm->lock);
    const bool usable = pmm_find_span(pmm, cpu, f.value, &span) && !pmm_pending_overlaps(pmm, f.value, 1);
    spinlock_release(&pmm->lock);
    return usable;
}

const char *pmm_status_text(enum pmm_status status)
{
    switch (status) {
    case PMM_OK:
        return "ok";
    case PMM_NO_MEMORY:
        return "no memory";
    case PMM_BAD_RANGE:
        return "bad range";
    case PMM_NOT_USABLE:
        return "not usable memory";
    case PMM_PROTECTED:
        return "protected";
    case PMM_DOUBLE_FREE:
        return "double free";
    case PMM_NOT_FREE:
        return "not free";
    case PMM_WRONG_LENGTH:
        return "wrong length";
    case PMM_BAD_METADATA:
        return "bad metadata block";
    }
    return "unknown status";
}
