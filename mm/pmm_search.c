#include "pmm_search.h"

/* The lowest area from `area` on that may have a free frame which any request may use; n_areas: there is none. */
static uint64_t next_area(const struct pmm *pmm, uint64_t area)
{
    const uint64_t partial = summary_next(&pmm->partial, area);
    const uint64_t free = summary_next(&pmm->free_areas, area);

    return partial < free ? partial : free;
}

uint64_t pmm_next_free(const struct pmm *pmm, uint64_t from)
{
    uint64_t word = from >> WORD_SHIFT;

    if (word >= pmm->n_words)
        return pmm_end_position(pmm);
    uint64_t free = ~pmm_word(pmm, word) & word_from(from);

    while (!free) {
        word++;
        if (word % AREA_WORDS == 0 && word >= pmm->first_high_word)
            word = next_area(pmm, word >> AREA_SHIFT) << AREA_SHIFT;
        if (word >= pmm->n_words)
            return pmm_end_position(pmm);
        free = ~pmm_word(pmm, word);
    }
    return (word << WORD_SHIFT) + word_lowest(free);
}

uint64_t pmm_next_allocated(const struct pmm *pmm, uint64_t from, uint64_t end)
{
    uint64_t word = from >> WORD_SHIFT;
    uint64_t allocated = pmm_word(pmm, word) & word_from(from);

    while (!allocated) {
        word++;
        if (word << WORD_SHIFT >= end)
            return end;
        if (word % AREA_WORDS == 0) {
            const uint64_t end_area = (end + AREA_FRAMES - 1) / AREA_FRAMES;

            word = summary_next_clear(&pmm->free_areas, word >> AREA_SHIFT, end_area) << AREA_SHIFT;
            if (word << WORD_SHIFT >= end)
                return end;
        }
        allocated = pmm_word(pmm, word);
    }
    const uint64_t found = (word << WORD_SHIFT) + word_lowest(allocated);
    return found < end ? found : end;
}

#define ALWAYS_HOLDS_AN_AREA (2 * AREA_FRAMES - 1)

/*
 * No run that fulfils the request begins in [position, result), for a position in this span, which ends at `end`. The
 * result may lie beyond that.
 */
static uint64_t skip_to_area(const struct pmm *pmm, const struct run_request *request, const struct span *span,
                             uint64_t position, uint64_t end)
{
    const bool holds_any_area = request->n >= ALWAYS_HOLDS_AN_AREA;
    const bool begins_with_area = span_is_aligned(span) && request->n >= AREA_FRAMES && request->align >= AREA_FRAMES;

    if (!holds_any_area && !begins_with_area)
        return position;
    const uint64_t area = summary_next(&pmm->free_areas, position / AREA_FRAMES) * AREA_FRAMES;

    if (begins_with_area && area < end)
        return area >= position ? area : position;
    if (holds_any_area) /* of any span: what it takes of the area below is at most one frame less than all */
        return area >= position + AREA_FRAMES - 1 ? area - (AREA_FRAMES - 1) : position;
    return end;
}

/*
 * No run of n frames begins in [position, result), for a free position: the result is the lowest one in its word from
 * which n frames are free as far as the word goes, or else the next word.
 */
static uint64_t skip_fragments(const struct pmm *pmm, uint64_t n, uint64_t position)
{
    const uint64_t word = position >> WORD_SHIFT;
    const uint64_t wanted = n < WORD_BITS ? n : WORD_BITS;
    uint64_t starts = ~pmm_word(pmm, word) & word_from(position); /* from here on `found` frames are free */

    for (uint64_t found = 1; found < wanted && starts;) {
        const uint64_t more = found < wanted - found ? found : wanted - found;
        const uint64_t beyond_word = ~(WORD_FULL >> more);

        starts &= starts >> more | beyond_word;
        found += more;
    }
    return (word << WORD_SHIFT) + (starts ? word_lowest(starts) : WORD_BITS);
}

bool pmm_find_run(const struct pmm *pmm, const struct run_request *request, uint64_t from, uint64_t *ret_position,
                  uint64_t *ret_first)
{
    for (uint64_t position = pmm_next_free(pmm, from); position < pmm_end_position(pmm);
         position = pmm_next_free(pmm, position)) {
        const struct span span = pmm_span_of_word(pmm, position >> WORD_SHIFT);
        const uint64_t end = span_position(&span, span_end(&span));

        position = skip_to_area(pmm, request, &span, skip_fragments(pmm, request->n, position), end);
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
