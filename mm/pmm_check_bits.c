#include "pmm_check.h"

/* ---- what must be allocated */

/* The lowest position in [from, end) that is free, else end; no summary is asked. */
static uint64_t next_clear(const struct pmm *pmm, uint64_t from, uint64_t end)
{
    while (from < end) {
        const uint64_t word = from >> WORD_SHIFT;
        const uint64_t clear = ~pmm_word(pmm, word) & word_from(from);

        if (clear) {
            const uint64_t found = (word << WORD_SHIFT) + word_lowest(clear);

            return found < end ? found : end;
        }
        from = (word + 1) << WORD_SHIFT;
    }
    return end;
}

static enum pmm_status expect_allocated(const struct pmm *pmm, uint64_t from, uint64_t end, uint64_t *ret_offset)
{
    const uint64_t clear = next_clear(pmm, from, end);

    return clear >= end ? PMM_OK : pmm_flaw(pmm, PMM_BAD_BITS, &pmm_words(pmm)[clear >> WORD_SHIFT], ret_offset);
}

static enum pmm_status check_padding(const struct pmm *pmm, uint64_t *ret_offset)
{
    enum pmm_status status = PMM_OK;
    uint64_t next = 0;

    for (uint64_t i = 0; i < pmm->n_spans && status == PMM_OK; i++) {
        const struct span span = pmm_span_at(pmm, i);

        status = expect_allocated(pmm, next, span_position(&span, span.first), ret_offset);
        next = span_position(&span, span_end(&span));
    }
    return status != PMM_OK ? status : expect_allocated(pmm, next, pmm_end_position(pmm), ret_offset);
}

/* The tracked frames of a range that may reach over holes. */
static enum pmm_status check_protected(const struct pmm *pmm, struct frame_range range, uint64_t *ret_offset)
{
    const uint64_t end = range.first.value + range.count;
    enum pmm_status status = PMM_OK;
    struct span span;

    for (uint64_t next = range.first.value; status == PMM_OK && next < end && pmm_span_from(pmm, next, &span);
         next = span_end(&span)) {
        const uint64_t from = next > span.first ? next : span.first;
        const uint64_t to = end < span_end(&span) ? end : span_end(&span);

        if (from < to)
            status = expect_allocated(pmm, span_position(&span, from), span_position(&span, to), ret_offset);
    }
    return status;
}

static enum pmm_status check_pending(const struct pmm *pmm, uint64_t *ret_offset)
{
    enum pmm_status status = PMM_OK;

    for (uint64_t i = 0; i < pmm->n_pending && status == PMM_OK; i++) {
        const struct pending_piece piece = pmm_pending(pmm)[i];

        status = check_protected(pmm, (struct frame_range){ { piece_first(piece) }, piece_count(piece) }, ret_offset);
    }
    return status;
}

enum pmm_status pmm_check_bits(const struct pmm *pmm, uint64_t *ret_offset)
{
    enum pmm_status status = check_padding(pmm, ret_offset);

    if (status == PMM_OK)
        status = check_pending(pmm, ret_offset);
    if (status == PMM_OK)
        status = check_protected(pmm, (struct frame_range){ { 0 }, 1 }, ret_offset);
    if (status == PMM_OK)
        status = check_protected(pmm, pmm->metadata_frames, ret_offset);
    return status;
}

/* ---- what is free */

static uint64_t free_in_area(const struct pmm *pmm, uint64_t area)
{
    uint64_t free = 0;

    if (owner_is_free(pmm_owners(pmm)[area]))
        return AREA_FRAMES;
    for (uint64_t word = area * AREA_WORDS; word < (area + 1) * AREA_WORDS; word++)
        free += word_count(~pmm_words(pmm)[word]);
    return free;
}

enum pmm_status pmm_check_counts(const struct pmm *pmm, uint64_t *ret_offset)
{
    uint64_t free = 0;

    for (uint64_t area = 0; area < pmm->n_areas;) {
        if (pmm_eight_unwritten(pmm, area)) {
            free += OWNERS_A_WORD * AREA_FRAMES;
            area += OWNERS_A_WORD;
        } else {
            free += free_in_area(pmm, area++);
        }
    }
    if (free != atomic_load_explicit(&pmm->free_frames, memory_order_relaxed))
        return pmm_flaw(pmm, PMM_BAD_COUNTS, &pmm->free_frames, ret_offset);
    return PMM_OK;
}
