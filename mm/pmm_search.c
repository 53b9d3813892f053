#include "pmm_layout.h"

uint64_t pmm_next_free(const struct pmm *pmm, uint64_t from)
{
    const uint64_t *words = pmm_words(pmm);
    uint64_t word = from >> WORD_SHIFT;

    if (word >= pmm->n_words)
        return pmm_end_position(pmm);
    uint64_t free = ~words[word] & word_from(from);

    while (!free) {
        word++;
        if (word >= pmm->first_high_word)
            word = summary_next(&pmm->free_words, word);
        if (word >= pmm->n_words)
            return pmm_end_position(pmm);
        free = ~words[word];
    }
    return (word << WORD_SHIFT) + word_lowest(free);
}

uint64_t pmm_next_allocated(const struct pmm *pmm, uint64_t from, uint64_t end)
{
    const uint64_t *words = pmm_words(pmm);
    uint64_t word = from >> WORD_SHIFT;
    uint64_t allocated = words[word] & word_from(from);

    while (!allocated) {
        word++;
        if (word << WORD_SHIFT >= end)
            return end;
        if (word % AREA_WORDS == 0) {
            const uint64_t end_area = (end + AREA_FRAMES - 1) / AREA_FRAMES;

            word = summary_next_clear(&pmm->free_areas, word / AREA_WORDS, end_area) * AREA_WORDS;
            if (word << WORD_SHIFT >= end)
                return end;
        }
        allocated = words[word];
    }
    const uint64_t found = (word << WORD_SHIFT) + word_lowest(allocated);
    return found < end ? found : end;
}

/*
 * A request for a run, and how large ones are found fast: they contain a wholly free area, and free_areas names those.
 * Any 1,023 adjacent bits hold 8 aligned words; 2 MiB that are aligned to 2 MiB *are* 8 aligned words, where the span
 * is placed so.
 */
struct run_request {
    uint64_t n, align;
    uint64_t below; /* frame, exclusive */
};

#define ALWAYS_HOLDS_AN_AREA (2 * AREA_FRAMES - 1)

/* No run that fulfils the request begins in [position, result), for a position in this span. */
static uint64_t skip_to_area(const struct pmm *pmm, const struct run_request *request, const struct span *span,
                             uint64_t position)
{
    const bool span_is_aligned = (span->first_word - (span->first >> WORD_SHIFT)) % AREA_WORDS == 0;
    uint64_t run_up; /* positions that the run may take below the area */

    if (span_is_aligned && request->n >= AREA_FRAMES && request->align >= AREA_FRAMES)
        run_up = 0;
    else if (request->n >= ALWAYS_HOLDS_AN_AREA)
        run_up = AREA_FRAMES - 1;
    else
        return position;
    const uint64_t area = summary_next(&pmm->free_areas, position / AREA_FRAMES) * AREA_FRAMES;

    return area >= position + run_up ? area - run_up : position;
}

/*
 * No run of n frames begins in [position, result), for a free position: the result is the lowest one in its word from
 * which n frames are free as far as the word goes, or else the next word.
 */
static uint64_t skip_fragments(const struct pmm *pmm, uint64_t n, uint64_t position)
{
    const uint64_t word = position >> WORD_SHIFT;
    const uint64_t wanted = n < WORD_BITS ? n : WORD_BITS;
    uint64_t starts = ~pmm_words(pmm)[word] & word_from(position); /* from here on `found` frames are free */

    for (uint64_t found = 1; found < wanted && starts;) {
        const uint64_t more = found < wanted - found ? found : wanted - found;
        const uint64_t beyond_word = ~(WORD_FULL >> more);

        starts &= starts >> more | beyond_word;
        found += more;
    }
    return (word << WORD_SHIFT) + (starts ? word_lowest(starts) : WORD_BITS);
}

/* First fit: the lowest position >= from whose frame is aligned and from which n frames below the bound are free. */
static bool find_run(const struct pmm *pmm, struct pmm_cpu *cpu, const struct run_request *request, uint64_t from,
                     uint64_t *ret_position, uint64_t *ret_first)
{
    for (uint64_t position = pmm_next_free(pmm, from); position < pmm_end_position(pmm);
         position = pmm_next_free(pmm, position)) {
        const struct span span = pmm_span_of_word(pmm, cpu, position >> WORD_SHIFT);
        const uint64_t end = span_position(&span, span_end(&span));

        position = skip_to_area(pmm, request, &span, skip_fragments(pmm, request->n, position));
        if (position >= end) {
            if (request->n < ALWAYS_HOLDS_AN_AREA)
                position = end; /* else no run begins in the spans that were jumped over either */
            continue;
        }
        const uint64_t first = align_up(span_frame(&span, position), request->align);

        if (first >= request->below || request->n > request->below - first)
            return false;
        if (first >= span_end(&span) || request->n > span_end(&span) - first) {
            position = end;
            continue;
        }
        const uint64_t start = span_position(&span, first);

        position = pmm_next_allocated(pmm, start, start + request->n);
        if (position == start + request->n) {
            *ret_position = start;
            *ret_first = first;
            return true;
        }
    }
    return false;
}

enum pmm_status pmm_alloc_run(struct pmm *pmm, struct pmm_cpu *cpu, uint64_t n, uint64_t align, phys_addr_t below,
                              frame_t *ret_first)
{
    const struct run_request request = { n, align, below.value >> PAGE_SHIFT };
    const bool low = below.value <= PMM_LOW_MEMORY.value;
    uint64_t position, first;

    if (!n || !align || (align & (align - 1)))
        return PMM_BAD_RANGE;
    spinlock_take(&pmm->lock);
    const bool found = find_run(pmm, cpu, &request, low ? 0 : pmm->lowest_word << WORD_SHIFT, &position, &first);
    if (found) {
        pmm_mark_allocated(pmm, position, n);
        pmm_count_free(pmm, -n);
        *ret_first = frame(first);
    }
    spinlock_release(&pmm->lock);
    return found ? PMM_OK : PMM_NO_MEMORY;
}

/* The maximal run of free positions that begins at or after `from`; false: there is none. */
static bool next_free_run(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t from, struct span *ret_span,
                          uint64_t *ret_start, uint64_t *ret_end)
{
    const uint64_t start = pmm_next_free(pmm, from);

    if (start >= pmm_end_position(pmm))
        return false;
    *ret_span = pmm_span_of_word(pmm, cpu, start >> WORD_SHIFT);
    *ret_start = start;
    *ret_end = pmm_next_allocated(pmm, start, span_position(ret_span, span_end(ret_span)));
    return true;
}

struct frame_range pmm_next_free_run(struct pmm *pmm, struct pmm_cpu *cpu, frame_t from)
{
    struct frame_range run = { from, 0 };
    struct span span;
    uint64_t start, end;

    spinlock_take(&pmm->lock);
    if (pmm_find_span(pmm, cpu, from.value, &span) || pmm_span_from(pmm, from.value, &span)) {
        const uint64_t first = from.value > span.first ? from.value : span.first;

        if (next_free_run(pmm, cpu, span_position(&span, first), &span, &start, &end))
            run = (struct frame_range){ { span_frame(&span, start) }, end - start };
    }
    spinlock_release(&pmm->lock);
    return run;
}

struct pmm_stats pmm_stats(struct pmm *pmm, struct pmm_cpu *cpu)
{
    struct pmm_stats stats = { .total_frames = pmm->total_frames };
    uint64_t start, end = 0;
    struct span span;

    spinlock_take(&pmm->lock);
    stats.usable_frames = pmm->usable_frames;
    stats.free_frames = atomic_load_explicit(&pmm->free_frames, memory_order_relaxed);
    stats.allocated_frames = stats.usable_frames - stats.free_frames;
    while (next_free_run(pmm, cpu, end, &span, &start, &end))
        if (end - start > stats.largest_free_run)
            stats.largest_free_run = end - start;
    spinlock_release(&pmm->lock);
    return stats;
}
