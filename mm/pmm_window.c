#include "pmm_cpu.h"
#include "pmm_layout.h"

/* The part of the range that begins beyond `gap` or ends before it, whichever holds the frame. */
static struct frame_range cut(struct frame_range range, uint64_t frame, struct frame_range gap)
{
    const uint64_t end = range.first.value + range.count;
    const uint64_t gap_end = gap.first.value + gap.count;

    if (gap_end <= frame && gap_end > range.first.value)
        return (struct frame_range){ { gap_end }, end - gap_end };
    if (gap.first.value > frame && gap.first.value < end)
        return (struct frame_range){ range.first, gap.first.value - range.first.value };
    return range;
}

enum pmm_status pmm_find_window(const struct pmm *pmm, struct cpu *cpu, uint64_t f)
{
    struct span span;

    if (!pmm_span_of_frame(pmm, f, &span) || pmm_pending_overlaps(pmm, f, 1))
        return PMM_NOT_USABLE;
    if (pmm_is_protected(pmm, f, 1))
        return PMM_PROTECTED;
    struct frame_range window = { { span.first }, span.count };

    window = pmm_pending_free_around(pmm, window, f);
    window = cut(window, f, (struct frame_range){ { 0 }, 1 });
    window = cut(window, f, pmm->metadata_frames);
    cpu->window_first = window.first.value;
    cpu->window_count = window.count;
    cpu->window_shift = span_position(&span, 0);
    return PMM_OK;
}

void pmm_find_get_span(const struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    const struct span span = pmm_span_of_word(pmm, word);

    cpu->get_span_word = span.first_word;
    cpu->get_span_words = span.n_words;
    cpu->get_span_shift = span_frame(&span, 0);
}
