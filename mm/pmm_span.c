#include "pmm_layout.h"

struct span pmm_place_span(struct frame_range frames, uint64_t n_words)
{
    const uint64_t first_chunk = frames.first.value >> WORD_SHIFT;
    const uint64_t last_chunk = (frames.first.value + frames.count - 1) >> WORD_SHIFT;
    const uint64_t padding = frames.count < LARGE_SPAN_FRAMES ? 0 : (first_chunk - n_words) % AREA_WORDS;

    return (struct span){
        .first = frames.first.value,
        .count = frames.count,
        .first_word = n_words + padding,
        .n_words = last_chunk - first_chunk + 1,
    };
}

struct span pmm_span_at(const struct pmm *pmm, uint64_t index)
{
    const struct span_record r = pmm_spans(pmm)[index];
    const uint64_t first = record_first(r);
    const uint64_t last = first + record_count(r) - 1;

    return (struct span){
        .first = first,
        .count = record_count(r),
        .first_word = record_word(r),
        .n_words = (last >> WORD_SHIFT) - (first >> WORD_SHIFT) + 1,
    };
}

bool pmm_span_from(const struct pmm *pmm, uint64_t frame, struct span *ret_span)
{
    uint64_t low = 0, high = pmm->n_spans;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        const struct span_record r = pmm_spans(pmm)[middle];

        if (record_first(r) + record_count(r) <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == pmm->n_spans)
        return false;
    *ret_span = pmm_span_at(pmm, low);
    return true;
}

bool pmm_span_of_frame(const struct pmm *pmm, uint64_t frame, struct span *ret_span)
{
    return pmm_span_from(pmm, frame, ret_span) && frame >= ret_span->first;
}

struct span pmm_span_of_word(const struct pmm *pmm, uint64_t word)
{
    uint64_t low = 0, high = pmm->n_spans;

    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;

        if (record_word(pmm_spans(pmm)[middle]) <= word)
            low = middle;
        else
            high = middle;
    }
    return pmm_span_at(pmm, low);
}

uint64_t pmm_find_first_high_word(const struct pmm *pmm)
{
    for (uint64_t i = 0; i < pmm->n_spans; i++) {
        const struct span span = pmm_span_at(pmm, i);

        if (span.first >= LOW_FRAMES)
            return span.first_word;
        if (span_end(&span) > LOW_FRAMES)
            return span_position(&span, LOW_FRAMES) >> WORD_SHIFT;
    }
    return pmm->n_words - 1;
}
