/* The frame allocator's contract, sentence by sentence. test_pmm_random.c looks for what nobody thought of. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model_pmm.h"

#define FRAMES_2M (MIB(2) >> PAGE_SHIFT)
#define FRAMES_1G (GIB(1) >> PAGE_SHIFT)
#define LOW (MIB(1) >> PAGE_SHIFT)

static const phys_addr_t elsewhere = { GIB(1024 * 1024) }; /* metadata that lies in nobody's memory */

/*
 *   0     1         160          256                 1024       1100       1500      1600   frames
 *   |usable (low)   |  reserved  | usable            |reclaim.  | usable   |  hole   | usable 1600..1700
 */
static const struct mem_region regions[] = {
    { { 0 }, { 160 << 12 }, REGION_USABLE, 0 },
    { { 160 << 12 }, { 256 << 12 }, REGION_RESERVED, 0 },
    { { 256 << 12 }, { 1024 << 12 }, REGION_USABLE, 0 },
    { { 1024 << 12 }, { 1100 << 12 }, REGION_BOOTLOADER_RECLAIMABLE, 0 },
    { { 1100 << 12 }, { 1500 << 12 }, REGION_USABLE, 0 },
    { { 1600 << 12 }, { 1700 << 12 }, REGION_USABLE, 0 },
};

static struct pmm_fixture make(phys_addr_t metadata)
{
    struct pmm_fixture f;

    pmm_fixture_init(&f, metadata, regions, ARRAY_LENGTH(regions));
    return f;
}

static struct pmm_fixture make_one_region(uint64_t first, uint64_t count)
{
    const struct mem_region region = model_region(first, count, REGION_USABLE);
    struct pmm_fixture f;

    pmm_fixture_init(&f, elsewhere, &region, 1);
    return f;
}

static frame_t alloc_frame(struct pmm_fixture *f)
{
    frame_t got;

    assert_int_equal(pmm_alloc_frame(f->pmm, &f->cpu, &got), PMM_OK);
    return got;
}

static uint64_t alloc_run(struct pmm_fixture *f, uint64_t n, uint64_t align, phys_addr_t below)
{
    frame_t got;

    assert_int_equal(pmm_alloc_run(f->pmm, &f->cpu, n, align, below, &got), PMM_OK);
    return got.value;
}

static void dealloc(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    assert_int_equal(pmm_dealloc_run(f->pmm, &f->cpu, frame(first), n), PMM_OK);
}

static enum pmm_status reserve(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    return pmm_reserve(f->pmm, &f->cpu, (struct frame_range){ { first }, n });
}

static enum pmm_status add(struct pmm_fixture *f, uint64_t first, uint64_t n)
{
    return pmm_add(f->pmm, &f->cpu, (struct frame_range){ { first }, n });
}

static void statistics_count_tracked_usable_free_and_allocated_frames(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    struct pmm_stats s = pmm_stats(f.pmm, &f.cpu);
    (void)state;

    assert_int_equal(s.total_frames, 160 + 768 + 76 + 400 + 100);
    assert_int_equal(s.usable_frames, 160 + 768 + 400 + 100);
    assert_int_equal(s.allocated_frames, 1); /* frame 0 */
    assert_int_equal(s.free_frames, s.usable_frames - 1);
    assert_int_equal(s.largest_free_run, 768);
    assert_int_equal(add(&f, 1024, 76), PMM_OK);
    s = pmm_stats(f.pmm, &f.cpu);
    assert_int_equal(s.usable_frames, s.total_frames);
    assert_int_equal(s.largest_free_run, 768 + 76 + 400);
    pmm_fixture_free(&f);
}

static void the_lowest_free_frame_from_1_mib_up_comes_first(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    (void)state;

    for (uint64_t want = LOW; want < LOW + 300; want++)
        assert_int_equal(alloc_frame(&f).value, want);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(300)), PMM_OK);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(280)), PMM_OK);
    assert_int_equal(alloc_frame(&f).value, 280);
    assert_int_equal(alloc_frame(&f).value, 300);
    assert_int_equal(alloc_frame(&f).value, LOW + 300);
    pmm_fixture_free(&f);
}

static void low_memory_goes_only_to_who_asks_for_it(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    frame_t got;
    (void)state;

    assert_int_equal(alloc_run(&f, 1, 1, PMM_ANYWHERE), LOW);
    assert_int_equal(alloc_run(&f, 1, 1, phys_addr(MIB(1) + 2 * PAGE_SIZE)), LOW + 1);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 1, phys_addr(MIB(1) + 2 * PAGE_SIZE), &got), PMM_NO_MEMORY);
    assert_int_equal(alloc_run(&f, 1, 1, PMM_LOW_MEMORY), 1);
    assert_int_equal(alloc_run(&f, 2, 8, phys_addr(16 * PAGE_SIZE)), 8);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 160, 1, PMM_LOW_MEMORY, &got), PMM_NO_MEMORY);
    assert_int_equal(reserve(&f, 100, 10), PMM_OK);
    dealloc(&f, 1, 1);
    assert_int_equal(alloc_run(&f, 1, 1, PMM_LOW_MEMORY), 1);
    pmm_fixture_free(&f);
}

static void a_run_may_not_reach_below_1_mib_unless_bounded_to_it(void **state)
{
    struct pmm_fixture f = make_one_region(100, 412); /* contiguous across 1 MiB */
    frame_t got;
    (void)state;

    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 257, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(alloc_run(&f, 256, 1, PMM_ANYWHERE), LOW);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 157, 1, PMM_LOW_MEMORY, &got), PMM_NO_MEMORY);
    assert_int_equal(alloc_run(&f, 156, 1, PMM_LOW_MEMORY), 100);
    assert_int_equal(pmm_free_frames(f.pmm), 0);
    pmm_fixture_free(&f);
}

static void frame_zero_is_never_handed_out_nor_taken_back(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    frame_t got;
    (void)state;

    assert_true(pmm_is_usable(f.pmm, frame(0)));
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 1, phys_addr(PAGE_SIZE), &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(0)), PMM_PROTECTED);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(0), 3), PMM_PROTECTED);
    assert_int_equal(reserve(&f, 0, 1), PMM_PROTECTED);
    pmm_fixture_free(&f);
}

static void exhaustion_hands_out_every_frame_once(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    uint8_t seen[1700] = { 0 };
    uint64_t n = 0;
    frame_t got = frame(77);
    (void)state;

    assert_int_equal(add(&f, 1024, 76), PMM_OK);
    for (; pmm_alloc_frame(f.pmm, &f.cpu, &got) == PMM_OK; n++)
        assert_int_equal(seen[got.value]++, 0);
    assert_int_equal(n, 768 + 76 + 400 + 100);
    assert_int_equal(pmm_free_frames(f.pmm), 159);
    for (n = 1; n < 160; n++)
        assert_int_equal(alloc_run(&f, 1, 1, PMM_LOW_MEMORY), n);
    assert_int_equal(pmm_free_frames(f.pmm), 0);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 1, PMM_LOW_MEMORY, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_next_free_run(f.pmm, &f.cpu, frame(0)).count, 0);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).largest_free_run, 0);
    dealloc(&f, 1699, 1);
    assert_int_equal(alloc_frame(&f).value, 1699);
    pmm_fixture_free(&f);
}

static void runs_are_the_lowest_that_fit_and_cross_words_but_no_holes(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    (void)state;

    assert_int_equal(reserve(&f, 300, 1), PMM_OK);
    assert_int_equal(alloc_run(&f, 100, 1, PMM_ANYWHERE), 301);
    assert_int_equal(alloc_run(&f, 44, 1, PMM_ANYWHERE), 256);
    assert_int_equal(alloc_run(&f, 130, 64, PMM_ANYWHERE), 448);
    assert_int_equal(alloc_run(&f, 400, 1, PMM_ANYWHERE), 578);
    assert_int_equal(alloc_run(&f, 47, 1, PMM_ANYWHERE), 401);
    assert_int_equal(alloc_run(&f, 400, 1, PMM_ANYWHERE), 1100); /* 978..1024 is followed by reclaimable memory */
    assert_int_equal(alloc_run(&f, 100, 1, PMM_ANYWHERE), 1600);
    pmm_fixture_free(&f);
}

/*
 *  512        1024        1536
 *   |X.........|.........X|      the longest free run that contains no whole area, and one frame more
 */
static void runs_of_nearly_two_areas_are_found_wherever_they_lie(void **state)
{
    struct pmm_fixture f = make_one_region(512, 1600);
    frame_t got;
    (void)state;

    assert_int_equal(reserve(&f, 512, 1), PMM_OK);
    assert_int_equal(reserve(&f, 1535, 577), PMM_OK);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1023, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(alloc_run(&f, 1022, 1, PMM_ANYWHERE), 513);
    dealloc(&f, 513, 1022);
    dealloc(&f, 1535, 1);
    assert_int_equal(alloc_run(&f, 1023, 1, PMM_ANYWHERE), 513);
    pmm_fixture_free(&f);
}

static void a_bound_is_exclusive_and_for_the_whole_run(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    frame_t got;
    (void)state;

    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 11, 1, frame_start(frame(266)), &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 10, 1, phys_addr((266 << PAGE_SHIFT) - 1), &got), PMM_NO_MEMORY);
    assert_int_equal(alloc_run(&f, 10, 1, frame_start(frame(266))), 256);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 1, phys_addr(0), &got), PMM_NO_MEMORY);
    pmm_fixture_free(&f);
}

static void requests_that_make_no_sense_are_bad_ranges(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    frame_t got = frame(77);
    (void)state;

    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 0, 1, PMM_ANYWHERE, &got), PMM_BAD_RANGE);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 0, PMM_ANYWHERE, &got), PMM_BAD_RANGE);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 3, PMM_ANYWHERE, &got), PMM_BAD_RANGE);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(256), 0), PMM_BAD_RANGE);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(256), UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(reserve(&f, 256, 0), PMM_BAD_RANGE);
    assert_int_equal(reserve(&f, 256, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(add(&f, 1024, 0), PMM_BAD_RANGE);
    assert_int_equal(add(&f, 1024, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(got.value, 77);
    pmm_fixture_free(&f);
}

static void huge_sizes_and_alignments_find_no_memory(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    frame_t got = frame(77);
    (void)state;

    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, UINT64_MAX, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, (uint64_t)1 << 40, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, (uint64_t)1 << 63, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, (uint64_t)1 << 40, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(got.value, 77);
    pmm_fixture_free(&f);
}

static void a_double_free_is_refused(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    const uint64_t run = alloc_run(&f, 100, 1, PMM_ANYWHERE);
    (void)state;

    dealloc(&f, run, 100);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(run)), PMM_DOUBLE_FREE);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(run), 100), PMM_DOUBLE_FREE);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(5)), PMM_DOUBLE_FREE);
    pmm_fixture_free(&f);
}

static void frames_that_are_no_usable_memory_are_refused(void **state)
{
    static const uint64_t not_usable[] = { 160, 255, 1024, 1099, 1500, 1599, 1700, (uint64_t)1 << 40, UINT64_MAX };
    struct pmm_fixture f = make(elsewhere);
    (void)state;

    for (size_t i = 0; i < ARRAY_LENGTH(not_usable); i++) {
        const frame_t bad = frame(not_usable[i]);

        assert_false(pmm_is_usable(f.pmm, bad));
        assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, bad), PMM_NOT_USABLE);
        if (bad.value == UINT64_MAX)
            continue; /* as a range it wraps */
        assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, bad, 1), PMM_NOT_USABLE);
        assert_int_equal(reserve(&f, bad.value, 1), PMM_NOT_USABLE);
    }
    assert_int_equal(reserve(&f, 1020, 10), PMM_NOT_USABLE);
    assert_int_equal(reserve(&f, 1690, 11), PMM_NOT_USABLE);
    pmm_fixture_free(&f);
}

static void a_run_of_the_wrong_length_is_refused(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    (void)state;

    assert_int_equal(reserve(&f, 300, 100), PMM_OK);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(300), 101), PMM_WRONG_LENGTH);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(299), 10), PMM_WRONG_LENGTH);
    assert_int_equal(reserve(&f, 1000, 24), PMM_OK);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(1000), 25), PMM_WRONG_LENGTH); /* reclaimable follows */
    assert_int_equal(reserve(&f, 1690, 10), PMM_OK);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(1690), 11), PMM_WRONG_LENGTH); /* nothing follows */
    dealloc(&f, 320, 10); /* any part of a run, and the rest in pieces */
    dealloc(&f, 300, 20);
    dealloc(&f, 330, 70);
    pmm_fixture_free(&f);
}

static void reserving_takes_exactly_these_frames_or_none(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    const uint64_t free_before = pmm_free_frames(f.pmm);
    (void)state;

    assert_int_equal(reserve(&f, 257, 400), PMM_OK);
    assert_int_equal(pmm_free_frames(f.pmm), free_before - 400);
    assert_int_equal(reserve(&f, 656, 2), PMM_NOT_FREE);
    assert_int_equal(pmm_free_frames(f.pmm), free_before - 400);
    assert_int_equal(alloc_frame(&f).value, 256);
    assert_int_equal(alloc_frame(&f).value, 657);
    pmm_fixture_free(&f);
}

static void reclaimable_frames_become_usable_by_being_added(void **state)
{
    struct pmm_fixture f = make(elsewhere);
    (void)state;

    assert_int_equal(add(&f, 1023, 2), PMM_NOT_FREE);
    assert_int_equal(add(&f, 1600, 1), PMM_NOT_FREE);
    assert_int_equal(add(&f, 1500, 1), PMM_NOT_USABLE);
    assert_int_equal(add(&f, 1499, 2), PMM_NOT_USABLE);
    assert_int_equal(add(&f, 1050, 10), PMM_OK);
    assert_int_equal(add(&f, 1055, 1), PMM_NOT_FREE);
    assert_int_equal(add(&f, 1049, 2), PMM_NOT_FREE);
    assert_false(pmm_is_usable(f.pmm, frame(1049)));
    assert_true(pmm_is_usable(f.pmm, frame(1050)));
    assert_true(pmm_is_usable(f.pmm, frame(1059)));
    assert_false(pmm_is_usable(f.pmm, frame(1060)));
    assert_int_equal(reserve(&f, 1050, 10), PMM_OK);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(1050), 11), PMM_WRONG_LENGTH);
    assert_int_equal(add(&f, 1024, 26), PMM_OK);
    assert_int_equal(add(&f, 1060, 40), PMM_OK);
    assert_int_equal(add(&f, 1060, 40), PMM_NOT_FREE);
    dealloc(&f, 1050, 10);
    assert_int_equal(alloc_run(&f, 768 + 76 + 400, 1, PMM_ANYWHERE), 256);
    pmm_fixture_free(&f);
}

static void splitting_reclaimable_memory_too_often_is_refused_and_changes_nothing(void **state)
{
    const struct mem_region region = model_region(1000, 1000, REGION_BOOTLOADER_RECLAIMABLE);
    struct pmm_fixture f;
    enum pmm_status status = PMM_OK;
    uint64_t n = 0;
    (void)state;

    pmm_fixture_init(&f, elsewhere, &region, 1);
    for (uint64_t i = 1001; status == PMM_OK; i += 2, n++)
        status = add(&f, i, 1);
    assert_int_equal(status, PMM_NO_MEMORY);
    assert_int_equal(--n, 64);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).usable_frames, n);
    assert_int_equal(add(&f, 1000, 1), PMM_OK); /* a whole piece, which leaves room for another one */
    assert_int_equal(add(&f, 1001 + 2 * n, 1), PMM_OK);
    for (uint64_t i = 1002; i < 1002 + 2 * n; i += 2)
        assert_int_equal(add(&f, i, 1), PMM_OK);
    assert_int_equal(add(&f, 1002 + 2 * n, 998 - 2 * n), PMM_OK);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).largest_free_run, 1000);
    pmm_fixture_free(&f);
}

static void metadata_in_usable_memory_is_allocated_for_ever(void **state)
{
    const phys_addr_t metadata = frame_start(frame(300));
    struct pmm_fixture f = make(metadata);
    const uint64_t n = bytes_to_frames(f.block_bytes);
    (void)state;

    assert_int_equal(pmm_stats(f.pmm, &f.cpu).allocated_frames, 1 + n);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(300)), PMM_PROTECTED);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(300 + n - 1)), PMM_PROTECTED);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(300 + n)), PMM_DOUBLE_FREE);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(299), 2), PMM_PROTECTED);
    assert_int_equal(reserve(&f, 299, 2), PMM_PROTECTED);
    assert_int_equal(alloc_run(&f, 44, 1, PMM_ANYWHERE), 256);
    assert_int_equal(alloc_frame(&f).value, 300 + n);
    pmm_fixture_free(&f);
}

static void metadata_in_reclaimable_memory_stays_allocated_when_that_is_added(void **state)
{
    struct pmm_fixture f = make(frame_start(frame(1030)));
    const uint64_t n = bytes_to_frames(f.block_bytes);
    (void)state;

    assert_int_equal(pmm_stats(f.pmm, &f.cpu).allocated_frames, 1);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(1030)), PMM_NOT_USABLE);
    assert_int_equal(add(&f, 1024, 76), PMM_OK);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).allocated_frames, 1 + n);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(1030)), PMM_PROTECTED);
    assert_int_equal(reserve(&f, 1029, 1), PMM_OK);
    assert_int_equal(reserve(&f, 1030 + n, 1), PMM_OK);
    pmm_fixture_free(&f);
}

static void metadata_that_reaches_over_holes_is_protected_on_both_sides(void **state)
{
    const struct mem_region holed[] = {
        model_region(1000, 1, REGION_USABLE), model_region(1002, 1, REGION_USABLE),
        model_region(1004, 80000, REGION_USABLE), /* so that the metadata takes three frames */
    };
    struct pmm_fixture f;
    (void)state;

    pmm_fixture_init(&f, frame_start(frame(1000)), holed, ARRAY_LENGTH(holed));
    assert_int_equal(bytes_to_frames(f.block_bytes), 3);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).allocated_frames, 2);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(1002)), PMM_PROTECTED);
    assert_int_equal(alloc_frame(&f).value, 1004);
    pmm_fixture_free(&f);
}

static void a_block_that_is_too_small_or_unaligned_is_refused(void **state)
{
    const size_t bytes = pmm_metadata_bytes(regions, ARRAY_LENGTH(regions));
    char *block = aligned_alloc(64, (bytes + 127) / 64 * 64);
    struct pmm *pmm = NULL;
    (void)state;

    assert_int_equal(pmm_init(block, bytes - 1, elsewhere, regions, ARRAY_LENGTH(regions), &pmm), PMM_BAD_METADATA);
    assert_int_equal(pmm_init(block + 8, bytes, elsewhere, regions, ARRAY_LENGTH(regions), &pmm), PMM_BAD_METADATA);
    assert_null(pmm);
    assert_int_equal(pmm_init(block, bytes, elsewhere, regions, ARRAY_LENGTH(regions), &pmm), PMM_OK);
    assert_ptr_equal(pmm, block);
    free(block);
}

static void a_machine_without_memory_has_none_to_give(void **state)
{
    const struct mem_region none = model_region(0, 100, REGION_RESERVED);
    struct pmm_fixture f;
    frame_t got;
    (void)state;

    for (size_t n = 0; n < 2; n++) {
        pmm_fixture_init(&f, phys_addr(0), &none, n);
        assert_int_equal(pmm_alloc_frame(f.pmm, &f.cpu, &got), PMM_NO_MEMORY);
        assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 1, 1, PMM_LOW_MEMORY, &got), PMM_NO_MEMORY);
        assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(0)), PMM_NOT_USABLE);
        assert_int_equal(pmm_next_free_run(f.pmm, &f.cpu, frame(0)).count, 0);
        assert_int_equal(pmm_stats(f.pmm, &f.cpu).total_frames, 0);
        pmm_check_invariants(f.pmm);
        pmm_fixture_free(&f);
    }
}

static void arrays_of_frames_are_ascending_and_end_with_memory(void **state)
{
    struct pmm_fixture f = make_one_region(LOW - 50, 150);
    frame_t frames[200];
    uint64_t done;
    (void)state;

    assert_int_equal(reserve(&f, LOW + 10, 60), PMM_OK);
    assert_int_equal(pmm_alloc_frames(f.pmm, &f.cpu, frames, 0), 0);
    assert_int_equal(pmm_alloc_frames(f.pmm, &f.cpu, frames, 5), 5);
    assert_int_equal(pmm_alloc_frames(f.pmm, &f.cpu, frames + 5, 195), 35);
    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(frames[i].value, LOW + (i < 10 ? i : i + 60));
    frames[20] = frames[3];
    assert_int_equal(pmm_dealloc_frames(f.pmm, &f.cpu, frames, 40, &done), PMM_DOUBLE_FREE);
    assert_int_equal(done, 20);
    assert_int_equal(pmm_free_frames(f.pmm), 50 + 20);
    assert_int_equal(pmm_dealloc_frames(f.pmm, &f.cpu, frames + 21, 19, &done), PMM_OK);
    assert_int_equal(done, 19);
    assert_int_equal(pmm_dealloc_frames(f.pmm, &f.cpu, frames, 0, &done), PMM_OK);
    assert_int_equal(done, 0);
    pmm_fixture_free(&f);
}

static void free_runs_are_walked_in_order_and_cut_where_asked(void **state)
{
    static const struct frame_range want[] = {
        { { 1 }, 159 }, { { 256 }, 44 }, { { 310 }, 714 }, { { 1100 }, 400 }, { { 1600 }, 100 },
    };
    struct pmm_fixture f = make(elsewhere);
    frame_t from = frame(0);
    (void)state;

    assert_int_equal(reserve(&f, 300, 10), PMM_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        const struct frame_range run = pmm_next_free_run(f.pmm, &f.cpu, from);

        assert_int_equal(run.first.value, want[i].first.value);
        assert_int_equal(run.count, want[i].count);
        from = frame(run.first.value + run.count);
    }
    assert_int_equal(pmm_next_free_run(f.pmm, &f.cpu, from).count, 0);
    assert_int_equal(pmm_next_free_run(f.pmm, &f.cpu, frame(UINT64_MAX)).count, 0);
    assert_int_equal(pmm_next_free_run(f.pmm, &f.cpu, frame(1200)).first.value, 1200);
    assert_int_equal(pmm_next_free_run(f.pmm, &f.cpu, frame(1200)).count, 300);
    pmm_fixture_free(&f);
}

static void regions_that_touch_are_one_piece_of_memory(void **state)
{
    const struct mem_region touching[] = {
        model_region(1000, 100, REGION_USABLE), model_region(1100, 1000, REGION_USABLE),
        model_region(2100, 900, REGION_USABLE), model_region(3000, 1, REGION_USABLE),
    };
    struct pmm_fixture f;
    (void)state;

    pmm_fixture_init(&f, elsewhere, touching, ARRAY_LENGTH(touching));
    assert_int_equal(alloc_run(&f, 2001, 1, PMM_ANYWHERE), 1000);
    pmm_fixture_free(&f);
}

static void the_block_can_be_moved_as_a_whole(void **state)
{
    struct pmm_fixture f = make(frame_start(frame(300)));
    struct pmm_fixture moved = { .block_bytes = f.block_bytes };
    (void)state;

    assert_int_equal(add(&f, 1030, 10), PMM_OK);
    assert_int_equal(alloc_run(&f, 500, 1, PMM_ANYWHERE), 300 + bytes_to_frames(f.block_bytes));
    const struct pmm_stats before = pmm_stats(f.pmm, &f.cpu);

    moved.block = aligned_alloc(64, (f.block_bytes + 63) / 64 * 64);
    memcpy(moved.block, f.block, f.block_bytes);
    memset(f.block, 0x5A, f.block_bytes);
    pmm_fixture_free(&f);
    moved.pmm = moved.block;
    pmm_cpu_init(moved.pmm, &moved.cpu);
    const struct pmm_stats after = pmm_stats(moved.pmm, &moved.cpu);

    assert_memory_equal(&after, &before, sizeof(after));
    assert_int_equal(alloc_run(&moved, 44, 1, PMM_ANYWHERE), 256);
    assert_int_equal(add(&moved, 1024, 6), PMM_OK);
    assert_int_equal(pmm_dealloc_frame(moved.pmm, &moved.cpu, frame(300)), PMM_PROTECTED);
    pmm_check_invariants(moved.pmm);
    pmm_fixture_free(&moved);
}

/* Every call that must fail, on one allocator; the block is compared byte by byte. */
static void a_failed_call_changes_not_a_single_byte(void **state)
{
    struct pmm_fixture f = make(frame_start(frame(300)));
    frame_t got = frame(77), bad[] = { { 5 } };
    uint64_t done;
    void *before = malloc(f.block_bytes);
    (void)state;

    assert_int_equal(reserve(&f, 400, 100), PMM_OK);
    memcpy(before, f.block, f.block_bytes);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 0, 1, PMM_ANYWHERE, &got), PMM_BAD_RANGE);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 800, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_run(f.pmm, &f.cpu, 200, 1, PMM_LOW_MEMORY, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(256)), PMM_DOUBLE_FREE);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(300)), PMM_PROTECTED);
    assert_int_equal(pmm_dealloc_frame(f.pmm, &f.cpu, frame(1024)), PMM_NOT_USABLE);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(400), 101), PMM_WRONG_LENGTH);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(256), 10), PMM_DOUBLE_FREE);
    assert_int_equal(pmm_dealloc_frames(f.pmm, &f.cpu, bad, 1, &done), PMM_DOUBLE_FREE);
    assert_int_equal(reserve(&f, 390, 20), PMM_NOT_FREE);
    assert_int_equal(reserve(&f, 1020, 10), PMM_NOT_USABLE);
    assert_int_equal(add(&f, 1023, 10), PMM_NOT_FREE);
    assert_int_equal(add(&f, 1090, 1000), PMM_NOT_USABLE);
    assert_int_equal(got.value, 77);
    assert_memory_equal(before, f.block, f.block_bytes);
    free(before);
    pmm_fixture_free(&f);
}

static void every_lock_is_released_when_memory_runs_out(void **state)
{
    struct pmm_fixture f = make_one_region(LOW, 10);
    frame_t got;
    (void)state;

    assert_int_equal(alloc_run(&f, 10, 1, PMM_ANYWHERE), LOW);
    assert_int_equal(pmm_alloc_frame(f.pmm, &f.cpu, &got), PMM_NO_MEMORY);
    pmm_check_invariants(f.pmm);
    assert_int_equal(pmm_alloc_frames(f.pmm, &f.cpu, &got, 1), 0);
    pmm_check_invariants(f.pmm);
    pmm_fixture_free(&f);
}

static void a_terabyte_gives_its_largest_runs_and_its_last_frame(void **state)
{
    struct pmm_fixture f = make_one_region(FRAMES_1G, 1024 * FRAMES_1G); /* 1 GiB to 1025 GiB */
    (void)state;

    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(reserve(&f, i * FRAMES_1G + 100 * i, 1), PMM_OK);
    assert_int_equal(alloc_run(&f, FRAMES_1G, FRAMES_1G, PMM_ANYWHERE), 1001 * FRAMES_1G);
    assert_int_equal(alloc_run(&f, FRAMES_2M, FRAMES_2M, PMM_ANYWHERE), FRAMES_1G + FRAMES_2M);
    assert_int_equal(alloc_run(&f, FRAMES_1G + 100, 1, PMM_ANYWHERE), 1002 * FRAMES_1G);
    assert_int_equal(alloc_run(&f, 20 * FRAMES_1G, 1, PMM_ANYWHERE), 1003 * FRAMES_1G + 100);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).largest_free_run, 2 * FRAMES_1G - 100);
    pmm_check_invariants(f.pmm);
    pmm_fixture_free(&f);

    f = make_one_region(FRAMES_1G, 1024 * FRAMES_1G);
    assert_int_equal(alloc_run(&f, 1024 * FRAMES_1G - 1, 1, PMM_ANYWHERE), FRAMES_1G);
    assert_int_equal(alloc_frame(&f).value, 1025 * FRAMES_1G - 1);
    assert_int_equal(pmm_free_frames(f.pmm), 0);
    dealloc(&f, FRAMES_1G, 1024 * FRAMES_1G);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).largest_free_run, 1024 * FRAMES_1G);
    pmm_fixture_free(&f);
}

static void memory_up_to_the_last_physical_address_is_managed(void **state)
{
    const uint64_t top = (uint64_t)1 << (PHYS_BITS_MAX - PAGE_SHIFT);
    struct pmm_fixture f = make_one_region(top - 70000, 70000);
    frame_t got;
    (void)state;

    assert_int_equal(alloc_run(&f, 69999, 1, PMM_ANYWHERE), top - 70000);
    assert_int_equal(alloc_frame(&f).value, top - 1);
    assert_int_equal(pmm_alloc_frame(f.pmm, &f.cpu, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpu, frame(top - 1), 2), PMM_WRONG_LENGTH);
    dealloc(&f, top - 1, 1);
    pmm_fixture_free(&f);
}

static void reclaimable_memory_of_any_size_can_be_added_at_once(void **state)
{
    const struct mem_region region = model_region(LOW, 200 * FRAMES_1G, REGION_BOOTLOADER_RECLAIMABLE);
    struct pmm_fixture f;
    (void)state;

    pmm_fixture_init(&f, elsewhere, &region, 1);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).usable_frames, 0);
    assert_int_equal(add(&f, 65 * FRAMES_1G, 65 * FRAMES_1G), PMM_OK); /* parts of three pieces of 64 GiB */
    assert_false(pmm_is_usable(f.pmm, frame(65 * FRAMES_1G - 1)));
    assert_false(pmm_is_usable(f.pmm, frame(130 * FRAMES_1G)));
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).largest_free_run, 65 * FRAMES_1G);
    assert_int_equal(add(&f, LOW, 200 * FRAMES_1G), PMM_NOT_FREE);
    assert_int_equal(add(&f, LOW, 65 * FRAMES_1G - LOW), PMM_OK);
    assert_int_equal(add(&f, 130 * FRAMES_1G, 70 * FRAMES_1G + LOW), PMM_OK);
    assert_int_equal(pmm_stats(f.pmm, &f.cpu).largest_free_run, 200 * FRAMES_1G);
    pmm_fixture_free(&f);
}

static void every_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (unsigned a = PMM_OK; a <= PMM_BAD_METADATA; a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(pmm_status_text(a), pmm_status_text(b));
    assert_non_null(pmm_status_text(99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_count_tracked_usable_free_and_allocated_frames),
        cmocka_unit_test(the_lowest_free_frame_from_1_mib_up_comes_first),
        cmocka_unit_test(low_memory_goes_only_to_who_asks_for_it),
        cmocka_unit_test(a_run_may_not_reach_below_1_mib_unless_bounded_to_it),
        cmocka_unit_test(frame_zero_is_never_handed_out_nor_taken_back),
        cmocka_unit_test(exhaustion_hands_out_every_frame_once),
        cmocka_unit_test(runs_are_the_lowest_that_fit_and_cross_words_but_no_holes),
        cmocka_unit_test(runs_of_nearly_two_areas_are_found_wherever_they_lie),
        cmocka_unit_test(a_bound_is_exclusive_and_for_the_whole_run),
        cmocka_unit_test(requests_that_make_no_sense_are_bad_ranges),
        cmocka_unit_test(huge_sizes_and_alignments_find_no_memory),
        cmocka_unit_test(a_double_free_is_refused),
        cmocka_unit_test(frames_that_are_no_usable_memory_are_refused),
        cmocka_unit_test(a_run_of_the_wrong_length_is_refused),
        cmocka_unit_test(reserving_takes_exactly_these_frames_or_none),
        cmocka_unit_test(reclaimable_frames_become_usable_by_being_added),
        cmocka_unit_test(splitting_reclaimable_memory_too_often_is_refused_and_changes_nothing),
        cmocka_unit_test(metadata_in_usable_memory_is_allocated_for_ever),
        cmocka_unit_test(metadata_in_reclaimable_memory_stays_allocated_when_that_is_added),
        cmocka_unit_test(metadata_that_reaches_over_holes_is_protected_on_both_sides),
        cmocka_unit_test(a_block_that_is_too_small_or_unaligned_is_refused),
        cmocka_unit_test(a_machine_without_memory_has_none_to_give),
        cmocka_unit_test(arrays_of_frames_are_ascending_and_end_with_memory),
        cmocka_unit_test(free_runs_are_walked_in_order_and_cut_where_asked),
        cmocka_unit_test(regions_that_touch_are_one_piece_of_memory),
        cmocka_unit_test(the_block_can_be_moved_as_a_whole),
        cmocka_unit_test(a_failed_call_changes_not_a_single_byte),
        cmocka_unit_test(every_lock_is_released_when_memory_runs_out),
        cmocka_unit_test(a_terabyte_gives_its_largest_runs_and_its_last_frame),
        cmocka_unit_test(memory_up_to_the_last_physical_address_is_managed),
        cmocka_unit_test(reclaimable_memory_of_any_size_can_be_added_at_once),
        cmocka_unit_test(every_status_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
