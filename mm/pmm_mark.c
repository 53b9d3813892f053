#include "pmm_layout.h"

static bool area_is_free(const struct pmm *pmm, uint64_t area)
{
    const uint64_t *words = pmm_words(pmm) + area * AREA_WORDS;
    uint64_t any = 0;

    for (unsigned i = 0; i < AREA_WORDS; i++)
        any |= words[i];
    return !any;
}

void pmm_mark_word_allocated(struct pmm *pmm, uint64_t word, uint64_t mask)
{
    uint64_t *bits = &pmm_words(pmm)[word];
    const uint64_t before = *bits;

    *bits = before | mask;
    if (!before)
        summary_clear(&pmm->free_areas, word / AREA_WORDS);
    if ((before | mask) == WORD_FULL)
        summary_clear(&pmm->free_words, word);
}

void pmm_mark_word_free(struct pmm *pmm, uint64_t word, uint64_t mask)
{
    uint64_t *bits = &pmm_words(pmm)[word];
    const uint64_t before = *bits;

    *bits = before & ~mask;
    if (before == WORD_FULL && word >= pmm->first_high_word) {
        summary_set(&pmm->free_words, word);
        if (word < pmm->lowest_word)
            pmm->lowest_word = word;
    }
    if (before == mask && area_is_free(pmm, word / AREA_WORDS))
        summary_set(&pmm->free_areas, word / AREA_WORDS);
}

void pmm_mark_allocated(struct pmm *pmm, uint64_t position, uint64_t n)
{
    uint64_t *words = pmm_words(pmm);
    const uint64_t first = position >> WORD_SHIFT;
    const uint64_t last = (position + n - 1) >> WORD_SHIFT;
    const uint64_t first_area = first / AREA_WORDS;

    bitmap_set(words, position, n);
    summary_clear_range(&pmm->free_areas, first_area, last / AREA_WORDS - first_area + 1);

    /* The words inside the range are full now; those at its ends only if the frames beyond it are allocated, too. */
    const uint64_t first_full = first + (words[first] != WORD_FULL);
    const uint64_t end_full = last + (words[last] == WORD_FULL);

    if (first_full < end_full)
        summary_clear_range(&pmm->free_words, first_full, end_full - first_full);
}

void pmm_note_free(struct pmm *pmm, uint64_t position, uint64_t n)
{
    const uint64_t first = position >> WORD_SHIFT;
    const uint64_t last = (position + n - 1) >> WORD_SHIFT;
    const uint64_t first_area = first / AREA_WORDS + !area_is_free(pmm, first / AREA_WORDS);
    const uint64_t end_area = last / AREA_WORDS + area_is_free(pmm, last / AREA_WORDS);
    const uint64_t first_high = first > pmm->first_high_word ? first : pmm->first_high_word;

    if (first_area < end_area)
        summary_set_range(&pmm->free_areas, first_area, end_area - first_area);
    if (first_high > last)
        return;
    summary_set_range(&pmm->free_words, first_high, last - first_high + 1);
    if (first_high < pmm->lowest_word)
        pmm->lowest_word = first_high;
}

void pmm_mark_free(struct pmm *pmm, uint64_t position, uint64_t n)
{
    bitmap_clear(pmm_words(pmm), position, n);
    pmm_note_free(pmm, position, n);
}

static struct frame_range intersection(struct frame_range a, struct frame_range b)
{
    const uint64_t first = a.first.value > b.first.value ? a.first.value : b.first.value;
    const uint64_t a_end = a.first.value + a.count;
    const uint64_t b_end = b.first.value + b.count;
    const uint64_t end = a_end < b_end ? a_end : b_end;

    return (struct frame_range){ { first }, end > first ? end - first : 0 };
}

/* Allocates the tracked frames of a range that may reach over holes, and into frames that are allocated already. */
static void allocate_for_ever(struct pmm *pmm, struct frame_range range)
{
    const uint64_t end = range.first.value + range.count;
    struct span span;

    for (uint64_t next = range.first.value; next < end && pmm_span_from(pmm, next, &span); next = span_end(&span)) {
        const struct frame_range whole = { { span.first }, span.count };
        const struct frame_range part = intersection(whole, range);

        if (!part.count)
            return;
        const uint64_t position = span_position(&span, part.first.value);

        pmm_count_free(pmm, bitmap_count_set(pmm_words(pmm), position, part.count) - part.count);
        pmm_mark_allocated(pmm, position, part.count);
    }
}

void pmm_protect(struct pmm *pmm, struct frame_range range)
{
    allocate_for_ever(pmm, intersection(range, (struct frame_range){ { 0 }, 1 }));
    allocate_for_ever(pmm, intersection(range, pmm->metadata_frames));
}
