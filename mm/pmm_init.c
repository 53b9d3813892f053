#include "panic.h"
#include "pmm_layout.h"

/* Sections of the block begin on cache lines. */
#define SECTION_ALIGN 64

/* What the regions demand of the block: sizes of its sections. */
struct demand {
    uint64_t n_spans, n_words, n_pending;
};

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
    const uint64_t first_chunk = frames.first.value >> WORD_SHIFT;
    const uint64_t last_chunk = (frames.first.value + frames.count - 1) >> WORD_SHIFT;
    const uint64_t padding = frames.count < LARGE_SPAN_FRAMES ? 0 : (first_chunk - walk->n_words) % AREA_WORDS;

    *ret_span = (struct span){
        .first = frames.first.value,
        .count = frames.count,
        .first_word = walk->n_words + padding,
        .n_words = last_chunk - first_chunk + 1,
    };
    walk->n_words = ret_span->first_word + ret_span->n_words;
    return true;
}

static struct frame_range frames_of(const struct mem_region *r)
{
    return frame_range_inside(region_range(r));
}

static struct demand demand_of(const struct mem_region *regions, size_t n_regions)
{
    struct demand demand = { .n_pending = PENDING_SPARE };
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

/* Takes `bytes` from the block, whose first *used bytes are taken; returns their offset. */
static uint64_t section(uint64_t *used, uint64_t bytes)
{
    const uint64_t offset = align_up(*used, SECTION_ALIGN);

    *used = offset + bytes;
    return offset;
}

/* Where the sections lie. Only the header is filled in; the summaries' offsets come with summary_init(). */
struct sections {
    uint64_t spans, pending, words, free_words, free_areas;
    uint64_t end;
};

static struct sections sections_of(const struct demand *demand)
{
    struct sections s = { .end = sizeof(struct pmm) };

    s.spans = section(&s.end, demand->n_spans * sizeof(struct span_record));
    s.pending = section(&s.end, demand->n_pending * sizeof(struct pending_piece));
    s.words = section(&s.end, demand->n_words * sizeof(uint64_t));
    s.free_words = section(&s.end, summary_bytes(demand->n_words));
    s.free_areas = section(&s.end, summary_bytes(demand->n_words / AREA_WORDS));
    return s;
}

size_t pmm_metadata_bytes(const struct mem_region *regions, size_t n_regions)
{
    const struct demand demand = demand_of(regions, n_regions);

    return sections_of(&demand).end;
}

static void init_header(struct pmm *pmm, const struct demand *demand, const struct sections *sections)
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
        .first_high_word = demand->n_words - 1,
    };
    summary_init(&pmm->free_words, (char *)pmm + sections->free_words, demand->n_words);
    summary_init(&pmm->free_areas, (char *)pmm + sections->free_areas, demand->n_words / AREA_WORDS);
}

static struct span_record span_record(const struct span *span)
{
    return (struct span_record){
        .first_and_word = span->first | span->first_word << FRAME_BITS,
        .count_and_word = span->count | span->first_word >> WORD_LOW_BITS << COUNT_BITS,
    };
}

/* Writes the words of the spans, every frame of them free, and the padding between. */
static void init_spans(struct pmm *pmm, const struct mem_region *regions, size_t n_regions)
{
    uint64_t *words = pmm_words(pmm);
    struct walk walk = { .next = regions, .end = regions + n_regions };
    uint64_t n_written = 0;
    struct span span;

    for (; walk_next(&walk, &span); n_written = walk.n_words) {
        const uint64_t outside_below = span.first % WORD_BITS;
        const uint64_t outside_above = -span_end(&span) % WORD_BITS;

        pmm_spans(pmm)[pmm->n_spans++] = span_record(&span);
        pmm->total_frames += span.count;
        if (pmm->first_high_word == pmm->n_words - 1 && span_end(&span) > LOW_FRAMES)
            pmm->first_high_word =
                span.first > LOW_FRAMES ? span.first_word : span_position(&span, LOW_FRAMES) >> WORD_SHIFT;
        bitmap_fill(words + n_written, span.first_word - n_written, WORD_FULL);
        bitmap_fill(words + span.first_word, span.n_words, 0);
        bitmap_set(words, span.first_word << WORD_SHIFT, outside_below);
        bitmap_set(words, span_position(&span, span_end(&span)), outside_above);
    }
    bitmap_fill(words + n_written, pmm->n_words - n_written, WORD_FULL);
}

/* Notes in the summaries that everything is free. */
static void init_summaries(struct pmm *pmm)
{
    pmm->lowest_word = pmm->n_words - 1;
    for (uint64_t i = 0; i < pmm->n_spans; i++) {
        const struct span span = pmm_span_at(pmm, i);

        pmm_note_free(pmm, span_position(&span, span.first), span.count);
    }
}

/* Takes the reclaimable frames out again. */
static void init_pending(struct pmm *pmm, const struct mem_region *regions, size_t n_regions)
{
    struct pmm_cpu cpu;
    struct span span;

    pmm_cpus_init(pmm, &cpu, 1, (struct pmm_barrier){ 0 });
    for (size_t i = 0; i < n_regions; i++) {
        const struct frame_range frames = frames_of(&regions[i]);

        if (regions[i].type != REGION_BOOTLOADER_RECLAIMABLE)
            continue;
        const bool tracked = pmm_find_span(pmm, &cpu, frames.first.value, &span);

        ASSERT(tracked);
        pmm_pending_append(pmm, frames);
        pmm_mark_allocated(pmm, span_position(&span, frames.first.value), frames.count);
    }
}

enum pmm_status pmm_init(void *metadata, size_t metadata_bytes, phys_addr_t metadata_start,
                         const struct mem_region *regions, size_t n_regions, struct pmm **ret_pmm)
{
    const struct demand demand = demand_of(regions, n_regions);
    const struct sections sections = sections_of(&demand);
    const uint64_t phys_end = (uint64_t)1 << PHYS_BITS_MAX;
    struct pmm *pmm = metadata;

    if (virt_of(metadata).value % SECTION_ALIGN || metadata_bytes < sections.end || sections.end > phys_end ||
        metadata_start.value > phys_end - sections.end)
        return PMM_BAD_METADATA;
    init_header(pmm, &demand, &sections);
    init_spans(pmm, regions, n_regions);
    init_summaries(pmm);
    init_pending(pmm, regions, n_regions);
    pmm->usable_frames = pmm->total_frames - pmm->pending_frames;
    pmm_count_free(pmm, pmm->usable_frames);
    pmm->metadata_frames = frame_range_around((struct phys_range){ metadata_start, sections.end });
    pmm_protect(pmm, (struct frame_range){ { 0 }, FRAMES_MAX });
    *ret_pmm = pmm;
    return PMM_OK;
}
