#include "pmm_check.h"
#include "pmm_sections.h"

static bool is_shaped(const struct pmm *pmm, const struct summary *summary, uint64_t offset)
{
    return summary_is_laid_out(summary, (const char *)pmm + offset, pmm->n_areas);
}

/* Sizes first, so that nothing wraps; everything else follows from them. */
static bool sections_fit(const struct pmm *pmm)
{
    const uint64_t bytes = pmm->metadata_bytes;
    const struct pmm_demand demand = { pmm->n_spans, pmm->n_words, pmm->pending_capacity };

    if (!pmm->n_words || pmm->n_words % AREA_WORDS || pmm->n_words > bytes / sizeof(uint64_t) ||
        pmm->n_spans > bytes / sizeof(struct span_record) ||
        pmm->pending_capacity > bytes / sizeof(struct pending_piece) || pmm->n_pending > pmm->pending_capacity)
        return false;
    const struct pmm_sections s = pmm_sections_of(&demand);

    return s.end == bytes && pmm->n_areas == pmm->n_words / AREA_WORDS && pmm->spans_offset == s.spans &&
           pmm->pending_offset == s.pending && pmm->words_offset == s.words && pmm->owners_offset == s.owners &&
           is_shaped(pmm, &pmm->partial, s.partial) && is_shaped(pmm, &pmm->dense, s.dense) &&
           is_shaped(pmm, &pmm->free_areas, s.free_areas);
}

/* The block may begin anywhere in its first frame, and reach into one more therefore. */
static bool metadata_frames_fit(const struct pmm *pmm)
{
    const struct frame_range frames = pmm->metadata_frames;

    return frames.count - bytes_to_frames(pmm->metadata_bytes) <= 1 && frames.count <= FRAMES_MAX &&
           frames.first.value <= FRAMES_MAX - frames.count;
}

enum pmm_status pmm_check_header(const struct pmm *pmm, uint64_t bytes, uint64_t *ret_offset)
{
    if (pmm->magic != PMM_MAGIC)
        return pmm_flaw(pmm, PMM_BAD_MAGIC, &pmm->magic, ret_offset);
    if (pmm->version != PMM_VERSION || pmm->header_bytes != sizeof(struct pmm))
        return pmm_flaw(pmm, PMM_BAD_VERSION, &pmm->version, ret_offset);
    if (pmm->metadata_bytes > bytes || pmm->metadata_bytes > (uint64_t)1 << PHYS_BITS_MAX)
        return pmm_flaw(pmm, PMM_BAD_METADATA, &pmm->metadata_bytes, ret_offset);
    if (!sections_fit(pmm))
        return pmm_flaw(pmm, PMM_BAD_METADATA, &pmm->spans_offset, ret_offset);
    if (!metadata_frames_fit(pmm))
        return pmm_flaw(pmm, PMM_BAD_METADATA, &pmm->metadata_frames, ret_offset);
    return PMM_OK;
}

/* Each span lies where pmm_init() would have put it, behind the ones below it. */
static enum pmm_status check_spans(const struct pmm *pmm, uint64_t *ret_offset)
{
    uint64_t next_frame = 0, next_word = 0, total = 0;

    for (uint64_t i = 0; i < pmm->n_spans; i++) {
        const struct span_record r = pmm_spans(pmm)[i];
        const struct frame_range frames = { { record_first(r) }, record_count(r) };

        if (!frames.count || frames.first.value < next_frame || frames.count > FRAMES_MAX - frames.first.value)
            return pmm_flaw(pmm, PMM_BAD_REGIONS, &pmm_spans(pmm)[i], ret_offset);
        const struct span placed = pmm_place_span(frames, next_word);

        next_frame = span_end(&placed) + 1; /* adjacent ones would be one span */
        next_word = placed.first_word + placed.n_words;
        total += frames.count;
        if (record_word(r) != placed.first_word || next_word >= pmm->n_words)
            return pmm_flaw(pmm, PMM_BAD_REGIONS, &pmm_spans(pmm)[i], ret_offset);
    }
    if (align_up(next_word + 1, AREA_WORDS) != pmm->n_words)
        return pmm_flaw(pmm, PMM_BAD_REGIONS, &pmm->n_words, ret_offset);
    return total == pmm->total_frames ? PMM_OK : pmm_flaw(pmm, PMM_BAD_COUNTS, &pmm->total_frames, ret_offset);
}

static enum pmm_status check_pending(const struct pmm *pmm, uint64_t *ret_offset)
{
    uint64_t next_frame = 0, pending = 0;
    struct span span;

    for (uint64_t i = 0; i < pmm->n_pending; i++) {
        const struct pending_piece piece = pmm_pending(pmm)[i];

        if (piece_first(piece) < next_frame || !pmm_span_of_frame(pmm, piece_first(piece), &span) ||
            piece_end(piece) > span_end(&span))
            return pmm_flaw(pmm, PMM_BAD_REGIONS, &pmm_pending(pmm)[i], ret_offset);
        next_frame = piece_end(piece);
        pending += piece_count(piece);
    }
    if (pending != pmm->pending_frames)
        return pmm_flaw(pmm, PMM_BAD_COUNTS, &pmm->pending_frames, ret_offset);
    if (pmm->usable_frames != pmm->total_frames - pending)
        return pmm_flaw(pmm, PMM_BAD_COUNTS, &pmm->usable_frames, ret_offset);
    return PMM_OK;
}

enum pmm_status pmm_check_regions(const struct pmm *pmm, uint64_t *ret_offset)
{
    const enum pmm_status status = check_spans(pmm, ret_offset);

    if (status != PMM_OK)
        return status;
    if (pmm->first_high_word != pmm_find_first_high_word(pmm) ||
        pmm->first_high_area != (pmm->first_high_word + AREA_WORDS - 1) / AREA_WORDS)
        return pmm_flaw(pmm, PMM_BAD_REGIONS, &pmm->first_high_word, ret_offset);
    return check_pending(pmm, ret_offset);
}
