/* The allocator goes from a loader to a kernel: sealed, moved, adopted, reclaimed. What is refused, and why. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../mm/pmm_layout.h"
#include "model_pmm.h"
#include "pmm_handover.h"

#define CPUS 4
#define MODULE_FIRST 2000
#define MODULE_FRAMES 700

/*
 *   0      159  256     1024        1100                        60000     61000
 *   | usable |  | usable | reclaim. | usable: metadata at 1200, | reclaim.| usable ... 100000
 *                                     a module at 2000
 */
static const struct phys_range metadata_place = { { 1200 << PAGE_SHIFT }, 0 };

static size_t loaders_regions(struct mem_region regions[6])
{
    regions[0] = model_region(0, 159, REGION_USABLE);
    regions[1] = model_region(256, 768, REGION_USABLE);
    regions[2] = model_region(1024, 76, REGION_BOOTLOADER_RECLAIMABLE);
    regions[3] = model_region(1100, 58900, REGION_USABLE);
    regions[4] = model_region(60000, 1000, REGION_BOOTLOADER_RECLAIMABLE);
    regions[5] = model_region(61000, 39000, REGION_USABLE);
    return 6;
}

/* As a loader leaves it, but neither drained nor sealed: a module reserved, some frames taken. */
static void make_loader(struct pmm_fixture *f, struct pmm_model *model)
{
    struct mem_region regions[6];
    const size_t n = loaders_regions(regions);

    pmm_fixture_init(f, metadata_place.start, regions, n);
    model_init(model, (struct phys_range){ metadata_place.start, f->block_bytes }, regions, n);
    assert_int_equal(fixture_reserve(f, MODULE_FIRST, MODULE_FRAMES), PMM_OK);
    model_take(model, frame(MODULE_FIRST), MODULE_FRAMES);
    for (unsigned i = 0; i < 100; i++)
        model_take(model, frame(fixture_alloc(f)), 1);
}

static enum pmm_status try_adopt(struct pmm_fixture *f)
{
    struct pmm *const untouched = (struct pmm *)f;
    struct pmm *pmm = untouched;
    const enum pmm_status status = pmm_adopt(f->block, f->block_bytes, f->metadata_start, f->cpus, 1, NO_BARRIER, &pmm);

    assert_ptr_equal(pmm, status == PMM_OK ? f->block : untouched);
    return status;
}

static struct pmm_fixture sealed_small_machine(void)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(frame_start(frame(300)));

    (void)fixture_alloc(&f);
    (void)fixture_alloc_run(&f, 70, 1, PMM_ANYWHERE);
    pmm_drain(f.pmm, f.cpus);
    pmm_seal(f.pmm);
    return f;
}

/* ---- the way it should go */

static void a_kernel_goes_on_where_its_loader_stopped(void **state)
{
    struct pmm_fixture f;
    struct pmm_model model;
    (void)state;

    make_loader(&f, &model);
    const struct pmm_stats before = fixture_stats(&f);

    pmm_fixture_hand_over(&f, CPUS, NO_BARRIER);
    const struct pmm_stats after = fixture_stats(&f);

    assert_memory_equal(&after, &before, sizeof(after));
    model_compare_counts(&model, &f);
    model_compare_frames(&model, &f);
    pmm_fixture_free(&f);
    model_free(&model);
}

static void the_first_call_after_adoption_can_be_any_cpus(void **state)
{
    struct pmm_fixture f;
    struct pmm_model model;
    frame_t got;
    (void)state;

    for (unsigned first = 0; first < CPUS; first++) {
        make_loader(&f, &model);
        pmm_fixture_hand_over(&f, CPUS, NO_BARRIER);
        for (unsigned i = 0; i < CPUS * 50; i++) {
            assert_int_equal(pmm_alloc_frame(f.pmm, &f.cpus[(first + i) % CPUS], &got), PMM_OK);
            model_take(&model, got, 1);
        }
        model_compare_frames(&model, &f);
        pmm_fixture_free(&f);
        model_free(&model);
    }
}

static void a_kernel_frees_its_loaders_frames_and_modules(void **state)
{
    struct pmm_fixture f;
    struct pmm_model model;
    (void)state;

    make_loader(&f, &model);
    pmm_fixture_hand_over(&f, CPUS, NO_BARRIER);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpus[2], frame(MODULE_FIRST), MODULE_FRAMES), PMM_OK);
    assert_int_equal(model_dealloc_run(&model, frame(MODULE_FIRST), MODULE_FRAMES), PMM_OK);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpus[1], frame(1030)), PMM_NOT_USABLE);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpus[1], frame(1200)), PMM_PROTECTED);
    assert_int_equal(pmm_reclaim_loader(f.pmm, &f.cpus[3]), 76 + 1000);
    assert_int_equal(model_add(&model, (struct frame_range){ { 1024 }, 76 }), PMM_OK);
    assert_int_equal(model_add(&model, (struct frame_range){ { 60000 }, 1000 }), PMM_OK);
    model_compare_counts(&model, &f);
    model_compare_frames(&model, &f);
    assert_int_equal(pmm_reclaim_loader(f.pmm, &f.cpus[0]), 0);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpus[1], frame(1030)), PMM_DOUBLE_FREE);
    pmm_fixture_free(&f);
    model_free(&model);
}

static void reclaiming_leaves_out_frame_zero_and_the_metadata(void **state)
{
    const struct mem_region regions[] = {
        model_region(0, 600, REGION_BOOTLOADER_RECLAIMABLE), model_region(600, 600, REGION_USABLE),
    };
    struct pmm_fixture f;
    (void)state;

    pmm_fixture_init(&f, frame_start(frame(500)), regions, ARRAY_LENGTH(regions));
    pmm_fixture_hand_over(&f, 2, NO_BARRIER);
    const uint64_t n = bytes_to_frames(f.block_bytes);

    assert_int_equal(pmm_reclaim_loader(f.pmm, f.cpus), 600 - 1 - n);
    assert_int_equal(fixture_stats(&f).usable_frames, 1200);
    assert_int_equal(fixture_try_dealloc(&f, 0), PMM_PROTECTED);
    assert_int_equal(fixture_try_dealloc(&f, 500), PMM_PROTECTED);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void what_was_added_in_parts_is_reclaimed_for_the_rest(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(LOW, 200 * FRAMES_1G, REGION_BOOTLOADER_RECLAIMABLE);
    (void)state;

    assert_int_equal(fixture_add(&f, 65 * FRAMES_1G, 65 * FRAMES_1G), PMM_OK);
    pmm_fixture_hand_over(&f, 2, NO_BARRIER);
    assert_int_equal(pmm_reclaim_loader(f.pmm, f.cpus), 135 * FRAMES_1G);
    assert_int_equal(fixture_stats(&f).largest_free_run, 200 * FRAMES_1G);
    pmm_fixture_free(&f);
}

static void a_machine_without_memory_can_be_handed_over(void **state)
{
    const struct mem_region none = model_region(0, 100, REGION_RESERVED);
    struct pmm_fixture f;
    frame_t got;
    (void)state;

    pmm_fixture_init(&f, ELSEWHERE, &none, 1);
    pmm_fixture_hand_over(&f, 2, NO_BARRIER);
    assert_int_equal(pmm_reclaim_loader(f.pmm, f.cpus), 0);
    assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_NO_MEMORY);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void metadata_of_many_spans_and_sizes_can_be_handed_over(void **state)
{
    struct mem_region regions[300];
    struct pmm_fixture f;
    uint64_t next = 1;
    (void)state;

    srand(3);
    for (size_t i = 0; i < ARRAY_LENGTH(regions); i++) {
        const uint64_t count = (uint64_t)rand() % (i % 9 ? 300 : 90000) + 1;

        regions[i] = model_region(next, count, i % 5 ? REGION_USABLE : REGION_BOOTLOADER_RECLAIMABLE);
        next += count + (uint64_t)rand() % 3 * 100;
    }
    pmm_fixture_init(&f, frame_start(frame(next / 2)), regions, ARRAY_LENGTH(regions));
    pmm_fixture_hand_over(&f, 3, NO_BARRIER);
    (void)pmm_reclaim_loader(f.pmm, f.cpus);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

/* ---- what is refused */

static void a_block_that_was_changed_after_its_seal_is_refused(void **state)
{
    struct pmm_fixture f = sealed_small_machine();
    (void)state;

    f.pmm->seal ^= 1;
    assert_int_equal(try_adopt(&f), PMM_BAD_CHECKSUM);
    f.pmm->seal ^= 1;
    assert_int_equal(try_adopt(&f), PMM_OK);
    assert_int_equal(try_adopt(&f), PMM_BAD_CHECKSUM); /* twice */
    (void)fixture_alloc(&f);
    pmm_seal(f.pmm);
    assert_int_equal(try_adopt(&f), PMM_BAD_COUNTS); /* not drained */
    pmm_drain(f.pmm, f.cpus);
    assert_int_equal(try_adopt(&f), PMM_BAD_CHECKSUM);
    pmm_seal(f.pmm);
    assert_int_equal(try_adopt(&f), PMM_OK);
    pmm_fixture_free(&f);
}

static void a_block_is_refused_for_where_it_lies(void **state)
{
    struct pmm_fixture f = sealed_small_machine();
    const phys_addr_t start = f.metadata_start;
    const size_t bytes = f.block_bytes;
    struct pmm *pmm = NULL;
    (void)state;

    f.metadata_start.value = start.value + PAGE_SIZE;
    assert_int_equal(try_adopt(&f), PMM_BAD_METADATA);
    f.metadata_start.value = UINT64_MAX;
    assert_int_equal(try_adopt(&f), PMM_BAD_METADATA);
    f.metadata_start = start;
    for (f.block_bytes = 0; f.block_bytes < bytes; f.block_bytes += 8)
        assert_int_equal(try_adopt(&f), PMM_BAD_METADATA);
    assert_int_equal(pmm_adopt((char *)f.block + 8, bytes - 8, start, f.cpus, 1, NO_BARRIER, &pmm), PMM_BAD_METADATA);
    assert_int_equal(pmm_adopt(f.block, bytes, start, f.cpus, 0, NO_BARRIER, &pmm), PMM_BAD_RANGE);
    assert_int_equal(pmm_adopt(f.block, bytes, start, f.cpus, PMM_CPUS_MAX + 1, NO_BARRIER, &pmm), PMM_BAD_RANGE);
    assert_null(pmm);
    f.block_bytes = bytes;
    assert_int_equal(try_adopt(&f), PMM_OK);
    pmm_fixture_free(&f);
}

/* A copy of a block, sealed again after a change where that makes sense. */
struct copy {
    struct pmm_fixture f;
};

static struct copy copy_of(const struct pmm_fixture *f)
{
    struct copy copy = { *f };

    assert_int_equal(posix_memalign(&copy.f.block, 64, f->block_bytes), 0);
    memcpy(copy.f.block, f->block, f->block_bytes);
    copy.f.pmm = copy.f.block;
    return copy;
}

static enum pmm_status adopt_copy(struct copy *copy)
{
    const enum pmm_status status = try_adopt(&copy->f);

    free(copy->f.block);
    return status;
}

/* Sets one word of the block, seals it, and tells what becomes of it. */
static enum pmm_status adopt_with(const struct pmm_fixture *f, const void *at, uint64_t value, size_t bytes)
{
    struct copy copy = copy_of(f);

    memcpy((char *)copy.f.block + ((const char *)at - (const char *)f->block), &value, bytes);
    pmm_seal(copy.f.pmm);
    return adopt_copy(&copy);
}

#define WITH(f, member, value) adopt_with(&(f), &(f).pmm->member, value, sizeof((f).pmm->member))

static void the_status_says_what_is_wrong_with_a_header(void **state)
{
    struct pmm_fixture f = sealed_small_machine();
    const struct pmm *p = f.pmm;
    (void)state;

    assert_int_equal(WITH(f, magic, p->magic ^ 1), PMM_BAD_MAGIC);
    assert_int_equal(WITH(f, version, p->version + 1), PMM_BAD_VERSION);
    assert_int_equal(WITH(f, header_bytes, p->header_bytes + 64), PMM_BAD_VERSION);
    assert_int_equal(WITH(f, metadata_bytes, p->metadata_bytes + 64), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, metadata_bytes, p->metadata_bytes - 8), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, metadata_frames.first, p->metadata_frames.first.value + 1), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, metadata_frames.count, p->metadata_frames.count + 1), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, pending_capacity, p->pending_capacity + 8), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, lock, 1), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, n_late, 1), PMM_BAD_METADATA);
    assert_int_equal(WITH(f, total_frames, p->total_frames + 1), PMM_BAD_COUNTS);
    assert_int_equal(WITH(f, usable_frames, p->usable_frames - 1), PMM_BAD_COUNTS);
    assert_int_equal(WITH(f, pending_frames, p->pending_frames + 1), PMM_BAD_COUNTS);
    assert_int_equal(WITH(f, free_frames, p->free_frames + 1), PMM_BAD_COUNTS);
    assert_int_equal(WITH(f, first_high_word, p->first_high_word + 1), PMM_BAD_REGIONS);
    assert_int_equal(WITH(f, first_high_area, p->first_high_area + 1), PMM_BAD_REGIONS);
    assert_int_equal(WITH(f, n_pending, 0), PMM_BAD_COUNTS);
    pmm_fixture_free(&f);
}

/* Every field that says where something lies, at every extreme; the seal is right as far as it can be. */
static void no_header_makes_adoption_read_outside_the_block(void **state)
{
    struct pmm_fixture f = sealed_small_machine();
    const size_t fields[] = {
        offsetof(struct pmm, metadata_bytes), offsetof(struct pmm, spans_offset), offsetof(struct pmm, n_spans),
        offsetof(struct pmm, pending_offset), offsetof(struct pmm, pending_capacity), offsetof(struct pmm, n_pending),
        offsetof(struct pmm, words_offset), offsetof(struct pmm, n_words), offsetof(struct pmm, owners_offset),
        offsetof(struct pmm, n_areas), offsetof(struct pmm, partial.n_bits), offsetof(struct pmm, partial.n_levels),
        offsetof(struct pmm, dense.level_offset), offsetof(struct pmm, free_areas.n_levels),
        offsetof(struct pmm, free_areas.level_offset) + 8,
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        const uint64_t right = *(uint64_t *)((char *)f.block + fields[i]);

        for (unsigned bit = 0; bit < 64; bit++) {
            const uint64_t values[] = { (uint64_t)1 << bit, -((uint64_t)1 << bit), right + ((uint64_t)1 << bit),
                                        right - ((uint64_t)1 << bit), 0 };

            for (size_t v = 0; v < ARRAY_LENGTH(values); v++) {
                struct copy copy = copy_of(&f);

                memcpy((char *)copy.f.block + fields[i], &values[v], sizeof(values[v]));
                const enum pmm_status status = adopt_copy(&copy);

                /* A little more or less may fit: then the checksum tells. */
                assert_true(values[v] == right ? status == PMM_OK
                                               : status == PMM_BAD_METADATA || status == PMM_BAD_CHECKSUM);
            }
        }
    }
    pmm_fixture_free(&f);
}

static void spans_and_pieces_that_cannot_be_are_refused(void **state)
{
    struct pmm_fixture f = sealed_small_machine();
    struct span_record *spans = pmm_spans(f.pmm);
    struct pending_piece *piece = pmm_pending(f.pmm);
    (void)state;

    assert_int_equal(f.pmm->n_spans, 3);
    assert_int_equal(f.pmm->n_pending, 1);
    assert_int_equal(adopt_with(&f, &spans[1].first_and_word, spans[0].first_and_word, 8), PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, &spans[1].first_and_word, spans[1].first_and_word + 64, 8), PMM_BAD_BITS);
    assert_int_equal(adopt_with(&f, &spans[2].first_and_word, spans[2].first_and_word + 1, 8), PMM_BAD_BITS);
    assert_int_equal(adopt_with(&f, &spans[0].count_and_word, spans[0].count_and_word + 96, 8), PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, &spans[0].count_and_word, 0, 8), PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, &spans[2].count_and_word, (uint64_t)1 << COUNT_BITS, 8), PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, &spans[2].count_and_word, UINT64_MAX, 8), PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, &spans[2].first_and_word, spans[2].first_and_word + ((uint64_t)1 << FRAME_BITS), 8),
                     PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, piece, piece->first_and_count + 1, 8), PMM_BAD_BITS);
    assert_int_equal(adopt_with(&f, piece, piece->first_and_count + 100000, 8), PMM_BAD_REGIONS);
    assert_int_equal(adopt_with(&f, piece, piece->first_and_count + ((uint64_t)1000 << FRAME_BITS), 8),
                     PMM_BAD_REGIONS);
    pmm_fixture_free(&f);
}

/* ---- every bit of a block */

/* Bits that mean nothing: what lies between sections, pieces to spare, and the words of areas never touched. */
static bool is_unused(const struct pmm *pmm, uint64_t byte)
{
    const uint64_t spans_end = pmm->spans_offset + pmm->n_spans * sizeof(struct span_record);
    const uint64_t pieces_end = pmm->pending_offset + pmm->n_pending * sizeof(struct pending_piece);
    const uint64_t words_end = pmm->words_offset + pmm->n_words * sizeof(uint64_t);
    const uint64_t owners_end = pmm->owners_offset + pmm->n_areas;
    const uint64_t area = (byte - pmm->words_offset) / sizeof(uint64_t) / AREA_WORDS;
    const struct summary *const summaries[] = { &pmm->partial, &pmm->dense, &pmm->free_areas };

    if (byte < sizeof(struct pmm))
        return false;
    if (byte >= pmm->words_offset && byte < words_end)
        return pmm_owners(pmm)[area] == OWNER_UNWRITTEN;
    for (unsigned i = 0; i < ARRAY_LENGTH(summaries); i++) {
        const uint64_t start = (uint64_t)((const char *)summary_level(summaries[i], 0) - (const char *)pmm);

        if (byte >= start && byte - start < summary_bytes(pmm->n_areas))
            return false;
    }
    return !(byte >= pmm->spans_offset && byte < spans_end) &&
           !(byte >= pmm->pending_offset && byte < pieces_end) &&
           !(byte >= pmm->owners_offset && byte < owners_end);
}

static void any_flipped_bit_that_means_something_is_found_by_adoption(void **state)
{
    struct mem_region regions[] = {
        model_region(0, 100, REGION_USABLE), model_region(256, 2000, REGION_USABLE),
        model_region(3000, 50, REGION_BOOTLOADER_RECLAIMABLE), model_region(3050, 600, REGION_USABLE),
    };
    struct pmm_fixture f;
    char *original;
    (void)state;

    pmm_fixture_init(&f, frame_start(frame(300)), regions, ARRAY_LENGTH(regions));
    (void)fixture_alloc_run(&f, 70, 1, PMM_ANYWHERE);
    pmm_drain(f.pmm, f.cpus);
    pmm_seal(f.pmm);
    original = malloc(f.block_bytes);
    memcpy(original, f.block, f.block_bytes);
    for (uint64_t bit = 0; bit < f.block_bytes * 8; bit++) {
        ((char *)f.block)[bit / 8] ^= (char)(1 << bit % 8);
        const bool adopted = try_adopt(&f) == PMM_OK;

        ((char *)f.block)[bit / 8] ^= (char)(1 << bit % 8);
        if (adopted)
            f.pmm->seal = ~f.pmm->seal;
        assert_int_equal(adopted, is_unused(f.pmm, bit / 8));
        assert_memory_equal(f.block, original, f.block_bytes); /* what is refused is not changed */
    }
    free(original);
    pmm_fixture_free(&f);
}

/* ---- the true bits, and what is said about them; the seal is right throughout */

static uint64_t offset_in(const struct pmm_fixture *f, const void *at)
{
    return (uint64_t)((const char *)at - (const char *)f->block);
}

/* Neither the kernel that adopts nor the one that runs accepts this word. */
static void expect_found(struct pmm_fixture *f, uint64_t *at, uint64_t wrong, enum pmm_status status, const void *where)
{
    const uint64_t right = *at;
    uint64_t offset = 77;

    assert_int_equal(adopt_with(f, at, wrong, sizeof(wrong)), status);
    *at = wrong;
    assert_int_equal(pmm_verify(f->pmm, f->cpus, &offset), status);
    assert_int_equal(offset, offset_in(f, where));
    *at = right;
    offset = 77;
    assert_int_equal(pmm_verify(f->pmm, f->cpus, &offset), PMM_OK);
    assert_int_equal(offset, 77);
}

static void expect_owner_found(struct pmm_fixture *f, uint64_t area, uint8_t wrong, const void *where)
{
    uint8_t *owner = &pmm_owners(f->pmm)[area];
    const uint8_t right = *owner;
    uint64_t offset;

    assert_int_equal(adopt_with(f, owner, wrong, 1), PMM_BAD_LISTS);
    *owner = wrong;
    assert_int_equal(pmm_verify(f->pmm, f->cpus, &offset), PMM_BAD_LISTS);
    assert_int_equal(offset, offset_in(f, where));
    *owner = right;
}

/* 2 MiB areas: 0 partly in use, 1 and 2 full, 3 given back at once, 4 wiped by single frames, the rest untouched. */
static struct pmm_fixture machine_of_all_owners(void)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(512, 70 * FRAMES_2M, REGION_USABLE);

    assert_int_equal(fixture_reserve(&f, 512, 4 * FRAMES_2M + 100), PMM_OK);
    fixture_dealloc(&f, 512, 100);
    fixture_dealloc(&f, 512 + 3 * FRAMES_2M, FRAMES_2M);
    fixture_dealloc(&f, 512 + 4 * FRAMES_2M, 100);
    pmm_drain(f.pmm, f.cpus);
    return f;
}

static void a_free_frame_that_must_not_be_is_found(void **state)
{
    struct pmm_fixture f = sealed_small_machine();
    uint64_t *words = pmm_words(f.pmm);
    struct span span;
    (void)state;

    assert_true(pmm_span_of_frame(f.pmm, 1024, &span));
    uint64_t *pending = &words[span_position(&span, 1024) >> WORD_SHIFT];
    uint64_t *metadata = &words[span_position(&span, 300) >> WORD_SHIFT];
    uint64_t *padding = &words[f.pmm->n_words - 1];

    expect_found(&f, pending, *pending & ~word_bit(1024), PMM_BAD_BITS, pending);
    expect_found(&f, metadata, *metadata & ~word_bit(300), PMM_BAD_BITS, metadata);
    expect_found(&f, padding, *padding >> 1, PMM_BAD_BITS, padding);
    expect_found(&f, &words[0], words[0] & ~(uint64_t)1, PMM_BAD_BITS, &words[0]); /* frame 0 */
    expect_found(&f, &words[0], words[0] | 2, PMM_BAD_COUNTS, &f.pmm->free_frames);
    pmm_fixture_free(&f);
}

static void a_free_frame_that_cannot_be_found_is_found(void **state)
{
    struct pmm_fixture f = machine_of_all_owners();
    uint64_t *partial = summary_level(&f.pmm->partial, 0), *dense = summary_level(&f.pmm->dense, 0);
    uint64_t *free_areas = summary_level(&f.pmm->free_areas, 0);
    uint64_t *root = summary_level(&f.pmm->free_areas, 1);
    (void)state;

    assert_int_equal(pmm_owners(f.pmm)[0], OWNER_DENSE);
    assert_int_equal(pmm_owners(f.pmm)[3], OWNER_FREED);
    assert_int_equal(pmm_owners(f.pmm)[4], OWNER_FREE);
    assert_int_equal(pmm_owners(f.pmm)[69], OWNER_UNWRITTEN);
    expect_found(&f, partial, *partial ^ 1, PMM_BAD_LISTS, partial);
    expect_found(&f, dense, *dense ^ 1, PMM_BAD_LISTS, dense);
    for (unsigned area = 0; area < WORD_BITS; area++)
        expect_found(&f, free_areas, *free_areas ^ word_bit(area), PMM_BAD_LISTS, free_areas);
    expect_found(&f, free_areas + 1, free_areas[1] ^ word_bit(5), PMM_BAD_LISTS, free_areas + 1);
    expect_found(&f, free_areas + 1, free_areas[1] | word_bit(63), PMM_BAD_LISTS, free_areas + 1);
    expect_found(&f, root, *root ^ 2, PMM_BAD_LISTS, root);
    expect_found(&f, root, *root | 4, PMM_BAD_LISTS, root);
    pmm_fixture_free(&f);
}

static void an_owner_byte_that_is_wrong_is_found(void **state)
{
    struct pmm_fixture f = machine_of_all_owners();
    const uint8_t *owners = pmm_owners(f.pmm);
    (void)state;

    expect_owner_found(&f, 0, OWNER_NONE, &owners[0]);
    expect_owner_found(&f, 1, OWNER_FIRST, &owners[1]);
    expect_owner_found(&f, 1, OWNER_BUSY, &owners[1]);
    expect_owner_found(&f, 1, OWNER_SPARSE, summary_level(&f.pmm->partial, 0));
    expect_owner_found(&f, 3, OWNER_FREE, &pmm_words(f.pmm)[3 * AREA_WORDS]);
    expect_owner_found(&f, 4, OWNER_FREED, &pmm_words(f.pmm)[4 * AREA_WORDS]);
    pmm_fixture_free(&f);
}

/* A search takes a step more for it. With several CPUs that comes about in normal operation. */
static void an_entry_that_leads_nowhere_is_no_fault(void **state)
{
    struct pmm_fixture f = machine_of_all_owners();
    uint64_t offset;
    (void)state;

    summary_set(&f.pmm->partial, 1);
    summary_set(&f.pmm->dense, 2);
    assert_int_equal(pmm_verify(f.pmm, f.cpus, &offset), PMM_OK);
    pmm_fixture_free(&f);
}

static void verification_changes_nothing(void **state)
{
    struct pmm_fixture f;
    struct pmm_model model;
    uint64_t offset;
    frame_t got;
    (void)state;

    make_loader(&f, &model);
    pmm_fixture_hand_over(&f, CPUS, NO_BARRIER);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(pmm_alloc_frame(f.pmm, &f.cpus[i % CPUS], &got), PMM_OK);
        model_take(&model, got, 1);
        if (i % 3 == 0) {
            assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpus[i % 2], got), PMM_OK);
            assert_int_equal(model_dealloc_frame(&model, got), PMM_OK);
        }
        assert_int_equal(pmm_verify(f.pmm, &f.cpus[i / 7 % CPUS], &offset), PMM_OK);
    }
    model_compare_counts(&model, &f);
    pmm_fixture_free(&f);
    model_free(&model);
}

static void each_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = PMM_OK; i <= PMM_BAD_COUNTS; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(pmm_status_text((enum pmm_status)i), pmm_status_text((enum pmm_status)j));
    assert_string_equal(pmm_status_text((enum pmm_status)(PMM_BAD_COUNTS + 1)), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_goes_on_where_its_loader_stopped),
        cmocka_unit_test(the_first_call_after_adoption_can_be_any_cpus),
        cmocka_unit_test(a_kernel_frees_its_loaders_frames_and_modules),
        cmocka_unit_test(reclaiming_leaves_out_frame_zero_and_the_metadata),
        cmocka_unit_test(what_was_added_in_parts_is_reclaimed_for_the_rest),
        cmocka_unit_test(a_machine_without_memory_can_be_handed_over),
        cmocka_unit_test(metadata_of_many_spans_and_sizes_can_be_handed_over),
        cmocka_unit_test(a_block_that_was_changed_after_its_seal_is_refused),
        cmocka_unit_test(a_block_is_refused_for_where_it_lies),
        cmocka_unit_test(the_status_says_what_is_wrong_with_a_header),
        cmocka_unit_test(no_header_makes_adoption_read_outside_the_block),
        cmocka_unit_test(spans_and_pieces_that_cannot_be_are_refused),
        cmocka_unit_test(any_flipped_bit_that_means_something_is_found_by_adoption),
        cmocka_unit_test(a_free_frame_that_must_not_be_is_found),
        cmocka_unit_test(a_free_frame_that_cannot_be_found_is_found),
        cmocka_unit_test(an_owner_byte_that_is_wrong_is_found),
        cmocka_unit_test(an_entry_that_leads_nowhere_is_no_fault),
        cmocka_unit_test(verification_changes_nothing),
        cmocka_unit_test(each_status_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
