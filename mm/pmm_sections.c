#include "pmm_sections.h"

/* Takes `bytes` from the block, whose first *used bytes are taken; returns their offset. */
static uint64_t section(uint64_t *used, uint64_t bytes)
{
    const uint64_t offset = align_up(*used, SECTION_ALIGN);

    *used = offset + bytes;
    return offset;
}

struct pmm_sections pmm_sections_of(const struct pmm_demand *demand)
{
    const uint64_t n_areas = demand->n_words / AREA_WORDS;
    struct pmm_sections s = { .end = sizeof(struct pmm) };

    s.spans = section(&s.end, demand->n_spans * sizeof(struct span_record));
    s.pending = section(&s.end, demand->n_pending * sizeof(struct pending_piece));
    s.words = section(&s.end, demand->n_words * sizeof(uint64_t));
    s.owners = section(&s.end, n_areas);
    s.partial = section(&s.end, summary_bytes(n_areas));
    s.dense = section(&s.end, summary_bytes(n_areas));
    s.free_areas = section(&s.end, summary_bytes(n_areas));
    return s;
}
