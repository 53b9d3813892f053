/*
 * Where the sections of a block of metadata lie: all of it follows from three numbers, so that who builds a block and
 * who is handed one agree. Private to mm/pmm*.c.
 */
#ifndef PMM_SECTIONS_H
#define PMM_SECTIONS_H

#include "pmm_layout.h"

/* Sections of the block begin on cache lines. */
#define SECTION_ALIGN 64

/* What the memory map demands of the block. */
struct pmm_demand {
    uint64_t n_spans;
    uint64_t n_words;   /* a multiple of AREA_WORDS, > 0 */
    uint64_t n_pending; /* pieces, those to spare included */
};

/* Offsets from the start of the block, bytes. */
struct pmm_sections {
    uint64_t spans, pending, words, owners, partial, dense, free_areas;
    uint64_t end;
};

/* None of the demands may exceed 2^48: then nothing wraps. */
struct pmm_sections pmm_sections_of(const struct pmm_demand *demand);

#endif
