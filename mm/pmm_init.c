#include "panic.h"
#include "pmm_layout.h"
#include "pmm_sections.h"

/* A walk over the tracked frames: maximal runs of adjacent ones, in ascending order. */
struct walk {
    const struct mem_region *next, *end;
    uint64_t n_words;    /* those of the runs so far, and their padding */
    phys_addr_t reached; /* end of the last run */
};

static bool is_tracked(const struct mem_region *r)
{
    return r->type == REGION_USABLE || r->type == REGION_BOOTLOADER_RECLAIMABLE;
}

/* The next run and its place among the words; false at the end. */
static bool walk_next(struct walk *walk, struct span *ret_span)
{
    while (walk->next < walk->end && !is_tracked(walk->next))
        walk->next++;
    if (walk->next == walk->end)
        return false;
    const phys_addr_t start = walk->next->start;
    phys_addr_t end = start;

    ASSERT(start.value >= walk->reached.value);
    for (; walk->next < walk->end && is_tracked(walk->next) && walk->next->start.value == end.value; walk->next++)
        end = walk->next->end;
    walk->reached = end;
    ASSERT(end.value > start.value && end.value <= (uint64_t)1 << PHYS_BITS_MAX);
    ASSERT(!((start.value | end.value) & PAGE_MASK));
    const struct frame_range frames = frame_range_inside((struct phys_range){ start, end.value - start.value });
    *ret_span = pmm_place_span(frames, walk->n_words);
    walk->n_words = ret_span->first_word + ret_span->n_words;
    return true;
}

static struct frame_range frames_of(const struct mem_region *r)
{
    return frame_range_inside(region_range(r));
}

static struct pmm_demand demand_of(const struct mem_region *regions, size_t n_regions)
{
    struct pmm_demand demand = { .n_pending = PENDING_SPARE };
    struct walk walk = { .next = regions, .end = regions + n_regions };
    struct span span;

    while (walk_next(&walk, &span))
        demand.n_spans++;
    /* The last word is padding, always: a search for an allocated frame ends there at the latest. */
    demand.n_words = align_up(walk.n_words + 1, AREA_WORDS);
    for (size_t i = 0; i < n_regions; i++)
        if (regions[i].type == REGION_BOOTLOADER_RECLAIMABLE)
            demand.n_pending += pmm_pending_pieces(frames_of(&regions[i]).count);
    return demand;
}

size_t pmm_metadata_bytes(const struct mem_region *regions, size_t n_regions)
{
    const struct pmm_demand demand = demand_of(regions, n_regions);

    return pmm_sections_of(&demand).end;
}

static void init_header(struct pmm *pmm, const struct pmm_demand *demand, const struct pmm_sections *sections)
{
    *pmm = (struct pmm){
        .magic = PMM_MAGIC,
        .version = PMM_VERSION,
        .header_bytes = sizeof(struct pmm),
        .metadata_bytes = sections->end,
        .spans_offset = sections->spans,
        .pending_offset = sections->pending,
        .pending_capacity = demand->n_pending,
        .words_offset = sections->words,
        .n_words = demand->n_words,
        .owners_offset = sections->owners,
        .n_areas = demand->n_words / AREA_WORDS,
        .first_high_word = demand->n_words - 1,
    };
    pmm_fill_owners(pmm, 0, pmm->n_areas, OWNER_NONE);
    summary_init(&pmm->partial, (char *)pmm + sections->partial, pmm->n_areas);
    summary_init(&pmm->dense, (char *)pmm + sections->dense, pmm->n_areas);
    summary_init(&pmm->free_areas, (char *)pmm + sections->free_areas, pmm->n_areas);
}

static struct span_record span_record(const struct span *span)
{
    return (struct span_record){
        .first_and_word = span->first | span->first_word << FRAME_BITS,
        .count_and_word = span->count | span->first_word >> WORD_LOW_BITS << COUNT_BITS,
    };
}

static void init_spans(struct pmm *pmm, const struct mem_region *regions, size_t n_regions)
{
    struct walk walk = { .next = regions, .end = regions + n_regions };
    struct span span;

    while (walk_next(&walk, &span)) {
        pmm_spans(pmm)[pmm->n_spans++] = span_record(&span);
        pmm->total_frames += span.count;
    }
    pmm->first_high_word = pmm_find_first_high_word(pmm);
    pmm->first_high_area = (pmm->first_high_word + AREA_WORDS - 1) / AREA_WORDS;
}

/*
 * Every frame is free. Areas that a span covers wholly stay unwritten:
 *
 *   areas   [        ][        ][        ][        ]
 *   span         |---------------------------|
 *   words        wwww  unwritten unwritten wwww
 */
static void init_words_of_span(struct pmm *pmm, const struct span *span)
{
    uint64_t *words = pmm_words(pmm);
    const uint64_t start = span_position(span, span->first), end = span_position(span, span_end(span));
    const uint64_t end_word = span->first_word + span->n_words;
    const uint64_t first_inside = align_up(start, AREA_FRAMES) / AREA_FRAMES;
    const uint64_t first_whole = first_inside > pmm->first_high_area ? first_inside : pmm->first_high_area;
    const uint64_t end_whole = end / AREA_FRAMES;
    const bool has_whole = first_whole < end_whole;
    const uint64_t end_below = has_whole ? first_whole * AREA_WORDS : end_word;
    const uint64_t first_above = has_whole ? end_whole * AREA_WORDS : end_word;

    bitmap_fill(words + span->first_word, end_below - span->first_word, 0);
    bitmap_fill(words + first_above, end_word - first_above, 0);
    bitmap_set(words, span->first_word << WORD_SHIFT, start % WORD_BITS);
    bitmap_set(words, end, -end % WORD_BITS);
    if (has_whole) {
        pmm_fill_owners(pmm, first_whole, end_whole - first_whole, OWNER_UNWRITTEN);
        summary_set_range(&pmm->free_areas, first_whole, end_whole - first_whole);
    }
}

/* Writes the words, where need be: of the spans, and the padding between. */
static void init_words(struct pmm *pmm)
{
    uint64_t n_written = 0;

    for (uint64_t i = 0; i < pmm->n_spans; i++) {
        const struct span span = pmm_span_at(pmm, i);

        bitmap_fill(pmm_words(pmm) + n_written, span.first_word - n_written, WORD_FULL);
        init_words_of_span(pmm, &span);
        n_written = span.first_word + span.n_words;
    }
    bitmap_fill(pmm_words(pmm) + n_written, pmm->n_words - n_written, WORD_FULL);
    for (uint64_t i = 0; i < pmm->n_spans; i++) {
        const struct span span = pmm_span_at(pmm, i);
        const uint64_t last_area = (span.first_word + span.n_words - 1) / AREA_WORDS;

        for (uint64_t area = span.first_word / AREA_WORDS; area <= last_area; area++) {
            if (pmm_owners(pmm)[area] != OWNER_UNWRITTEN)
                pmm_note_area(pmm, area);
            else
                area = area + 1 < last_area ? last_area - 1 : area; /* what lies between is unwritten, too */
        }
    }
}

/* Takes the reclaimable frames out again. */
static void init_pending(struct pmm *pmm, const struct mem_region *regions, size_t n_regions)
{
    struct span span;

    for (size_t i = 0; i < n_regions; i++) {
        const struct frame_range frames = frames_of(&regions[i]);

        if (regions[i].type != REGION_BOOTLOADER_RECLAIMABLE)
            continue;
        const bool tracked = pmm_span_of_frame(pmm, frames.first.value, &span);

        ASSERT(tracked);
        pmm_pending_append(pmm, frames);
        pmm_mark_allocated(pmm, span_position(&span, frames.first.value), frames.count);
    }
}

enum pmm_status pmm_init(void *metadata, size_t metadata_bytes, phys_addr_t metadata_start,
                         const struct mem_region *regions, size_t n_regions, struct pmm **ret_pmm)
{
    const struct pmm_demand demand = demand_of(regions, n_regions);
    const struct pmm_sections sections = pmm_sections_of(&demand);
    const uint64_t phys_end = (uint64_t)1 << PHYS_BITS_MAX;
    struct pmm *pmm = metadata;

    if (virt_of(metadata).value % SECTION_ALIGN || metadata_bytes < sections.end || sections.end > phys_end ||
        metadata_start.value > phys_end - sections.end)
        return PMM_BAD_METADATA;
    init_header(pmm, &demand, &sections);
    init_spans(pmm, regions, n_regions);
    init_words(pmm);
    init_pending(pmm, regions, n_regions);
    pmm->usable_frames = pmm->total_frames - pmm->pending_frames;
    pmm_count_free(pmm, pmm->usable_frames);
    pmm->metadata_frames = frame_range_around((struct phys_range){ metadata_start, sections.end });
    pmm_protect(pmm, (struct frame_range){ { 0 }, FRAMES_MAX });
    *ret_pmm = pmm;
    return PMM_OK;
}
