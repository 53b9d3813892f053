#include "model_pmm.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static enum model_state state_of(const struct pmm_model *model, uint64_t f)
{
    return f < model->n_frames ? model->states[f] : MODEL_HOLE;
}

static bool is_usable(const struct pmm_model *model, uint64_t f)
{
    return state_of(model, f) == MODEL_FREE || state_of(model, f) == MODEL_ALLOCATED;
}

static bool is_protected(const struct pmm_model *model, uint64_t f)
{
    return f == 0 || f - model->metadata.first.value < model->metadata.count;
}

static void make_usable(struct pmm_model *model, uint64_t f)
{
    model->usable++;
    model->free += !is_protected(model, f);
    model->states[f] = is_protected(model, f) ? MODEL_ALLOCATED : MODEL_FREE;
}

void model_init(struct pmm_model *model, struct phys_range metadata, const struct mem_region *regions,
                size_t n_regions)
{
    *model = (struct pmm_model){
        .n_frames = n_regions ? frame_of(regions[n_regions - 1].end).value : 0,
        .metadata = frame_range_around(metadata),
    };
    model->states = calloc(model->n_frames + 1, 1);
    CHECK(model->states);
    for (size_t i = 0; i < n_regions; i++) {
        for (uint64_t f = frame_of(regions[i].start).value; f < frame_of(regions[i].end).value; f++) {
            if (regions[i].type == REGION_USABLE)
                make_usable(model, f);
            else if (regions[i].type == REGION_BOOTLOADER_RECLAIMABLE)
                model->states[f] = MODEL_PENDING;
            model->total += model->states[f] != MODEL_HOLE;
        }
    }
}

void model_free(struct pmm_model *model)
{
    free(model->states);
}

static void set_states(struct pmm_model *model, uint64_t first, uint64_t n, enum model_state state)
{
    memset(model->states + first, (int)state, n);
    model->free += state == MODEL_FREE ? n : -n;
}

enum pmm_status model_alloc_run(struct pmm_model *model, uint64_t n, uint64_t align, phys_addr_t below,
                                frame_t *ret_first)
{
    const uint64_t bound = frame_of(below).value < model->n_frames ? frame_of(below).value : model->n_frames;
    uint64_t run = 0;

    if (n == 0 || align == 0 || (align & (align - 1)) != 0)
        return PMM_BAD_RANGE;
    for (uint64_t f = below.value > MIB(1) ? 256 : 0; f < bound; f++) {
        if (model->states[f] != MODEL_FREE)
            run = 0;
        else if (run || f % align == 0) /* a run that counts begins at an aligned frame */
            run++;
        if (run == n) {
            set_states(model, f + 1 - n, n, MODEL_ALLOCATED);
            *ret_first = frame(f + 1 - n);
            return PMM_OK;
        }
    }
    return PMM_NO_MEMORY;
}

void model_take(struct pmm_model *model, frame_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        CHECK(state_of(model, first.value + i) == MODEL_FREE);
    set_states(model, first.value, n, MODEL_ALLOCATED);
}

bool model_has_frame(const struct pmm_model *model)
{
    uint64_t low = 0;

    for (uint64_t f = 0; f < LOW && f < model->n_frames; f++)
        low += model->states[f] == MODEL_FREE;
    return model->free > low;
}

enum pmm_status model_dealloc_run(struct pmm_model *model, frame_t first, uint64_t n)
{
    uint64_t n_free = 0, n_protected = 0;

    if (n == 0 || n > UINT64_MAX - first.value)
        return PMM_BAD_RANGE;
    if (!is_usable(model, first.value))
        return PMM_NOT_USABLE;
    for (uint64_t i = 0; i < n; i++) {
        if (!is_usable(model, first.value + i))
            return PMM_WRONG_LENGTH;
        n_free += state_of(model, first.value + i) == MODEL_FREE;
        n_protected += is_protected(model, first.value + i);
    }
    if (n_protected)
        return PMM_PROTECTED;
    if (n_free)
        return n_free == n ? PMM_DOUBLE_FREE : PMM_WRONG_LENGTH;
    set_states(model, first.value, n, MODEL_FREE);
    return PMM_OK;
}

enum pmm_status model_dealloc_frame(struct pmm_model *model, frame_t f)
{
    return f.value == UINT64_MAX ? PMM_NOT_USABLE : model_dealloc_run(model, f, 1);
}

enum pmm_status model_reserve(struct pmm_model *model, struct frame_range range)
{
    const uint64_t first = range.first.value;
    bool all_free = true, any_protected = false;

    if (range.count == 0 || range.count > UINT64_MAX - first)
        return PMM_BAD_RANGE;
    for (uint64_t i = 0; i < range.count; i++) {
        if (!is_usable(model, first + i))
            return PMM_NOT_USABLE;
        all_free = all_free && state_of(model, first + i) == MODEL_FREE;
        any_protected = any_protected || is_protected(model, first + i);
    }
    if (any_protected)
        return PMM_PROTECTED;
    if (!all_free)
        return PMM_NOT_FREE;
    set_states(model, first, range.count, MODEL_ALLOCATED);
    return PMM_OK;
}

enum pmm_status model_add(struct pmm_model *model, struct frame_range range)
{
    const uint64_t first = range.first.value;
    bool all_pending = true;

    if (range.count == 0 || range.count > UINT64_MAX - first)
        return PMM_BAD_RANGE;
    for (uint64_t i = 0; i < range.count; i++) {
        if (state_of(model, first + i) == MODEL_HOLE)
            return PMM_NOT_USABLE;
        all_pending = all_pending && state_of(model, first + i) == MODEL_PENDING;
    }
    if (!all_pending)
        return PMM_NOT_FREE;
    for (uint64_t i = 0; i < range.count; i++)
        make_usable(model, first + i);
    return PMM_OK;
}

struct frame_range model_next_free_run(const struct pmm_model *model, frame_t from)
{
    uint64_t first = from.value, end;

    while (first < model->n_frames && model->states[first] != MODEL_FREE)
        first++;
    for (end = first; end < model->n_frames && model->states[end] == MODEL_FREE; end++)
        ;
    return (struct frame_range){ frame(first), end - first };
}

struct pmm_stats model_stats(const struct pmm_model *model)
{
    struct pmm_stats stats = { model->total, model->usable, model->free, model->usable - model->free, 0 };
    uint64_t run = 0;

    for (uint64_t f = 0; f < model->n_frames; f++) {
        run = model->states[f] == MODEL_FREE ? run + 1 : 0;
        if (run > stats.largest_free_run)
            stats.largest_free_run = run;
    }
    return stats;
}

void model_compare_counts(const struct pmm_model *model, struct pmm_fixture *fixture)
{
    const struct pmm_stats want = model_stats(model);
    const struct pmm_stats got = pmm_stats(fixture->pmm, fixture->cpus);

    CHECK(got.total_frames == want.total_frames);
    CHECK(got.usable_frames == want.usable_frames);
    CHECK(got.free_frames == want.free_frames);
    CHECK(got.allocated_frames == want.allocated_frames);
    CHECK(got.largest_free_run == want.largest_free_run);
    CHECK(pmm_free_frames(fixture->pmm, fixture->cpus) == want.free_frames);
}

void model_compare_frames(const struct pmm_model *model, struct pmm_fixture *fixture)
{
    frame_t next = frame(0);

    for (;;) {
        const struct frame_range want = model_next_free_run(model, next);
        const struct frame_range got = pmm_next_free_run(fixture->pmm, fixture->cpus, next);

        CHECK(got.count == want.count);
        if (!want.count)
            break;
        CHECK(got.first.value == want.first.value);
        next = frame(want.first.value + want.count);
    }
    for (uint64_t f = 0; f < model->n_frames + 1; f++)
        CHECK(pmm_is_usable(fixture->pmm, fixture->cpus, frame(f)) == is_usable(model, f));
    pmm_check_invariants(fixture->pmm, fixture->cpus);
}
