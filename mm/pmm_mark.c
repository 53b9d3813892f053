#include "pmm_layout.h"

static bool area_is_zero(const struct pmm *pmm, uint64_t area)
{
    const uint64_t *words = pmm_words(pmm) + area * AREA_WORDS;
    uint64_t any = 0;

    for (unsigned i = 0; i < AREA_WORDS; i++)
        any |= words[i];
    return !any;
}

/* The most that one of its words has for any request, capped. */
static unsigned most_free(const struct pmm *pmm, uint64_t area)
{
    const uint64_t end = (area + 1) * AREA_WORDS;
    unsigned most = 0;

    for (uint64_t word = area * AREA_WORDS; word < end; word++)
        if (word >= pmm->first_high_word)
            while (most < DENSE_FRAMES && has_frames(~pmm_words(pmm)[word], most + 1))
                most++;
    return most;
}

static void note(struct summary *summary, uint64_t area, bool member)
{
    if (member)
        summary_set(summary, area);
    else
        summary_clear(summary, area);
}

static uint8_t owner_for(unsigned most)
{
    return most == DENSE_FRAMES ? OWNER_DENSE : most ? OWNER_SPARSE : OWNER_NONE;
}

void pmm_note_area(struct pmm *pmm, uint64_t area)
{
    const bool is_free = area >= pmm->first_high_area && area_is_zero(pmm, area);
    const unsigned most = is_free ? 0 : most_free(pmm, area);

    pmm_owners(pmm)[area] = is_free ? OWNER_FREE : owner_for(most);
    note(&pmm->free_areas, area, is_free);
    note(&pmm->partial, area, most > 0);
    note(&pmm->dense, area, most == DENSE_FRAMES);
}

/* Makes the words of a wholly free area what they stand for. */
static void write_area(struct pmm *pmm, uint64_t area)
{
    if (owner_is_free(pmm_owners(pmm)[area])) {
        bitmap_fill(pmm_words(pmm) + area * AREA_WORDS, AREA_WORDS, 0);
        pmm_owners(pmm)[area] = OWNER_FREE;
    }
}

void pmm_mark_allocated(struct pmm *pmm, uint64_t position, uint64_t n)
{
    const uint64_t first = position / AREA_FRAMES;
    const uint64_t last = (position + n - 1) / AREA_FRAMES;

    write_area(pmm, first);
    write_area(pmm, last);
    bitmap_set(pmm_words(pmm), position, n);
    if (last - first > 1) {
        pmm_fill_owners(pmm, first + 1, last - first - 1, OWNER_NONE);
        summary_clear_range(&pmm->free_areas, first + 1, last - first - 1);
        summary_clear_range(&pmm->partial, first + 1, last - first - 1);
        summary_clear_range(&pmm->dense, first + 1, last - first - 1);
    }
    pmm_note_area(pmm, first);
    pmm_note_area(pmm, last);
}

void pmm_mark_free(struct pmm *pmm, uint64_t position, uint64_t n)
{
    const uint64_t first = position / AREA_FRAMES;
    const uint64_t last = (position + n - 1) / AREA_FRAMES;
    const uint64_t first_whole = first + 1 > pmm->first_high_area ? first + 1 : pmm->first_high_area;

    bitmap_clear(pmm_words(pmm), position, n);
    if (first_whole < last) {
        pmm_fill_owners(pmm, first_whole, last - first_whole, OWNER_FREE);
        summary_set_range(&pmm->free_areas, first_whole, last - first_whole);
    }
    for (uint64_t area = first; area < first_whole && area < last; area++)
        pmm_note_area(pmm, area);
    pmm_note_area(pmm, last);
}

void pmm_fill_owners(struct pmm *pmm, uint64_t first, uint64_t n, uint8_t owner)
{
    uint8_t *owners = pmm_owners(pmm) + first;

    for (; n && (uintptr_t)owners % sizeof(uint64_t); n--)
        *owners++ = owner;
    bitmap_fill((uint64_t *)(void *)owners, n / sizeof(uint64_t), owner * (WORD_FULL / UINT8_MAX));
    owners += align_down(n, sizeof(uint64_t));
    for (n %= sizeof(uint64_t); n; n--)
        *owners++ = owner;
}

static struct frame_range intersection(struct frame_range a, struct frame_range b)
{
    const uint64_t first = a.first.value > b.first.value ? a.first.value : b.first.value;
    const uint64_t a_end = a.first.value + a.count;
    const uint64_t b_end = b.first.value + b.count;
    const uint64_t end = a_end < b_end ? a_end : b_end;

    return (struct frame_range){ { first }, end > first ? end - first : 0 };
}

/* Free positions in [position, position + n). */
static uint64_t count_free(const struct pmm *pmm, uint64_t position, uint64_t n)
{
    const uint64_t end = position + n;
    uint64_t free = 0, next;

    while ((position = pmm_next_free(pmm, position)) < end) {
        next = pmm_next_allocated(pmm, position, end);
        free += next - position;
        position = next;
    }
    return free;
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

        pmm_count_free(pmm, -count_free(pmm, position, part.count));
        pmm_mark_allocated(pmm, position, part.count);
    }
}

void pmm_protect(struct pmm *pmm, struct frame_range range)
{
    allocate_for_ever(pmm, intersection(range, (struct frame_range){ { 0 }, 1 }));
    allocate_for_ever(pmm, intersection(range, pmm->metadata_frames));
}
