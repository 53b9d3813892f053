/*
 * The frame allocator as a byte per frame: slow, obvious, and right. Plus a comparison of
 * every count and frame with those of an allocator under test.
 */
#ifndef MODEL_PMM_H
#define MODEL_PMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model_pmm_fixture.h"
#include "pmm.h"

enum model_state {
    MODEL_HOLE,      /* never tracked */
    MODEL_PENDING,   /* reclaimable, not added yet */
    MODEL_FREE,
    MODEL_ALLOCATED,
};

struct pmm_model {
    uint8_t *states;       /* enum model_state of frames 0..n_frames; what lies above is a hole */
    uint64_t n_frames;
    struct frame_range metadata;
    uint64_t total, usable, free;
};

/* metadata: as the allocator under test was told. */
void model_init(struct pmm_model *model, struct phys_range metadata, const struct mem_region *regions,
                size_t n_regions);
void model_free(struct pmm_model *model);

/* Which frame is handed out is the allocator's choice: fails the test unless all n are free, and takes them. */
void model_take(struct pmm_model *model, frame_t first, uint64_t n);

/* Whether pmm_alloc_frame() must find one: there is a free frame from 1 MiB up. */
bool model_has_frame(const struct pmm_model *model);

/* As the functions of pmm.h. */
enum pmm_status model_dealloc_frame(struct pmm_model *model, frame_t f);
enum pmm_status model_alloc_run(struct pmm_model *model, uint64_t n, uint64_t align, phys_addr_t below,
                                frame_t *ret_first);
enum pmm_status model_dealloc_run(struct pmm_model *model, frame_t first, uint64_t n);
enum pmm_status model_reserve(struct pmm_model *model, struct frame_range range);
enum pmm_status model_add(struct pmm_model *model, struct frame_range range);
struct frame_range model_next_free_run(const struct pmm_model *model, frame_t from);
struct pmm_stats model_stats(const struct pmm_model *model);

/* Fails the test unless the counts agree; unless every frame is in the same state on both sides. */
void model_compare_counts(const struct pmm_model *model, struct pmm_fixture *fixture);
void model_compare_frames(const struct pmm_model *model, struct pmm_fixture *fixture);

#endif
