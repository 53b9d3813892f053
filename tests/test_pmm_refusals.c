/* What the allocator refuses, and how; a refusal changes nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model_pmm_fixture.h"

static void frame_zero_is_never_handed_out_nor_taken_back(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_true(pmm_is_usable(f.pmm, f.cpus, frame(0)));
    assert_int_equal(fixture_try_run(&f, 1, 1, phys_addr(PAGE_SIZE)), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_dealloc(&f, 0), PMM_PROTECTED);
    assert_int_equal(fixture_try_dealloc_run(&f, 0, 3), PMM_PROTECTED);
    assert_int_equal(fixture_reserve(&f, 0, 1), PMM_PROTECTED);
    pmm_fixture_free(&f);
}

static void requests_that_make_no_sense_are_bad_ranges(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_try_run(&f, 0, 1, PMM_ANYWHERE), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_run(&f, 1, 0, PMM_ANYWHERE), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_run(&f, 1, 3, PMM_ANYWHERE), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_dealloc_run(&f, 256, 0), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_dealloc_run(&f, 256, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(fixture_reserve(&f, 256, 0), PMM_BAD_RANGE);
    assert_int_equal(fixture_reserve(&f, 256, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(fixture_add(&f, 1024, 0), PMM_BAD_RANGE);
    assert_int_equal(fixture_add(&f, 1024, UINT64_MAX), PMM_BAD_RANGE);
    pmm_fixture_free(&f);
}

static void huge_sizes_and_alignments_find_no_memory(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_try_run(&f, UINT64_MAX, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_run(&f, (uint64_t)1 << 40, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_run(&f, 1, (uint64_t)1 << 63, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_run(&f, 1, (uint64_t)1 << 40, PMM_ANYWHERE), PMM_NO_MEMORY);
    pmm_fixture_free(&f);
}

static void a_double_free_is_refused(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    const uint64_t run = fixture_alloc_run(&f, 100, 1, PMM_ANYWHERE);
    (void)state;

    fixture_dealloc(&f, run, 100);
    assert_int_equal(fixture_try_dealloc(&f, run), PMM_DOUBLE_FREE);
    assert_int_equal(fixture_try_dealloc_run(&f, run, 100), PMM_DOUBLE_FREE);
    assert_int_equal(fixture_try_dealloc(&f, 5), PMM_DOUBLE_FREE);
    pmm_fixture_free(&f);
}

static void frames_that_are_no_usable_memory_are_refused(void **state)
{
    static const uint64_t not_usable[] = { 160, 255, 1024, 1099, 1500, 1599, 1700, (uint64_t)1 << 40, UINT64_MAX };
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    for (size_t i = 0; i < ARRAY_LENGTH(not_usable); i++) {
        const frame_t bad = frame(not_usable[i]);

        assert_false(pmm_is_usable(f.pmm, f.cpus, bad));
        assert_int_equal(pmm_dealloc_frame(f.pmm, f.cpus, bad), PMM_NOT_USABLE);
        if (bad.value == UINT64_MAX)
            continue; /* as a range it wraps */
        assert_int_equal(pmm_dealloc_run(f.pmm, f.cpus, bad, 1), PMM_NOT_USABLE);
        assert_int_equal(fixture_reserve(&f, bad.value, 1), PMM_NOT_USABLE);
    }
    assert_int_equal(fixture_reserve(&f, 1020, 10), PMM_NOT_USABLE);
    assert_int_equal(fixture_reserve(&f, 1690, 11), PMM_NOT_USABLE);
    pmm_fixture_free(&f);
}

static void a_run_of_the_wrong_length_is_refused(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_reserve(&f, 300, 100), PMM_OK);
    assert_int_equal(fixture_try_dealloc_run(&f, 300, 101), PMM_WRONG_LENGTH);
    assert_int_equal(fixture_try_dealloc_run(&f, 299, 10), PMM_WRONG_LENGTH);
    assert_int_equal(fixture_reserve(&f, 1000, 24), PMM_OK);
    assert_int_equal(fixture_try_dealloc_run(&f, 1000, 25), PMM_WRONG_LENGTH); /* reclaimable follows */
    assert_int_equal(fixture_reserve(&f, 1690, 10), PMM_OK);
    assert_int_equal(fixture_try_dealloc_run(&f, 1690, 11), PMM_WRONG_LENGTH); /* nothing follows */
    fixture_dealloc(&f, 320, 10); /* any part of a run, and the rest in pieces */
    fixture_dealloc(&f, 300, 20);
    fixture_dealloc(&f, 330, 70);
    pmm_fixture_free(&f);
}

/* The block as it was: compared byte by byte with what has become of it. */
static void *snapshot(const struct pmm_fixture *f)
{
    void *copy = malloc(f->block_bytes);

    memcpy(copy, f->block, f->block_bytes);
    return copy;
}

static void expect_unchanged(const struct pmm_fixture *f, void *before)
{
    assert_memory_equal(before, f->block, f->block_bytes);
    free(before);
}

/* Every call and every reason, with metadata in 300, 400..500 allocated, and 1024..1100 still reclaimable. */
static void a_failed_call_changes_not_a_single_byte(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(frame_start(frame(300)));
    const frame_t refused[] = { { 5 }, { 300 }, { 1024 } };
    static const enum pmm_status reasons[] = { PMM_DOUBLE_FREE, PMM_PROTECTED, PMM_NOT_USABLE };
    uint64_t done;
    (void)state;

    assert_int_equal(fixture_reserve(&f, 400, 100), PMM_OK);
    void *before = snapshot(&f);

    assert_int_equal(fixture_try_run(&f, 0, 1, PMM_ANYWHERE), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_run(&f, 1, 0, PMM_ANYWHERE), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_run(&f, 1, 3, PMM_ANYWHERE), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_run(&f, 800, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_run(&f, 200, 1, PMM_LOW_MEMORY), PMM_NO_MEMORY);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        assert_int_equal(fixture_try_dealloc(&f, refused[i].value), reasons[i]);
        assert_int_equal(fixture_try_dealloc_run(&f, refused[i].value, 1), reasons[i]);
        assert_int_equal(pmm_dealloc_frames(f.pmm, f.cpus, &refused[i], 1, &done), reasons[i]);
        assert_int_equal(done, 0);
    }
    assert_int_equal(fixture_try_dealloc_run(&f, 400, 0), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_dealloc_run(&f, 400, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(fixture_try_dealloc_run(&f, 400, 101), PMM_WRONG_LENGTH);
    assert_int_equal(fixture_try_dealloc_run(&f, 256, 10), PMM_DOUBLE_FREE);
    assert_int_equal(fixture_try_dealloc_run(&f, 1000, 25), PMM_WRONG_LENGTH);
    assert_int_equal(fixture_reserve(&f, 390, 0), PMM_BAD_RANGE);
    assert_int_equal(fixture_reserve(&f, 390, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(fixture_reserve(&f, 390, 20), PMM_NOT_FREE);
    assert_int_equal(fixture_reserve(&f, 295, 10), PMM_PROTECTED);
    assert_int_equal(fixture_reserve(&f, 0, 10), PMM_PROTECTED);
    assert_int_equal(fixture_reserve(&f, 1020, 10), PMM_NOT_USABLE);
    assert_int_equal(pmm_reserve_usable(f.pmm, f.cpus, (struct frame_range){ { 399 }, 0 }), PMM_BAD_RANGE);
    assert_int_equal(pmm_reserve_usable(f.pmm, f.cpus, (struct frame_range){ { 399 }, 2 }), PMM_NOT_FREE);
    assert_int_equal(fixture_add(&f, 1024, 0), PMM_BAD_RANGE);
    assert_int_equal(fixture_add(&f, 1024, UINT64_MAX), PMM_BAD_RANGE);
    assert_int_equal(fixture_add(&f, 1023, 10), PMM_NOT_FREE);
    assert_int_equal(fixture_add(&f, 1090, 1000), PMM_NOT_USABLE);
    expect_unchanged(&f, before);
    pmm_fixture_free(&f);
}

static void a_request_that_finds_no_memory_changes_not_a_single_byte(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(0, LOW + 10, REGION_USABLE); /* low memory remains free */
    frame_t got = { 12345 };
    (void)state;

    assert_int_equal(fixture_alloc_run(&f, 10, 1, PMM_ANYWHERE), LOW);
    void *before = snapshot(&f);

    assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_NO_MEMORY);
    assert_int_equal(pmm_alloc_frames(f.pmm, f.cpus, &got, 1), 0);
    assert_int_equal(pmm_alloc_run(f.pmm, f.cpus, 1, 1, PMM_ANYWHERE, &got), PMM_NO_MEMORY);
    assert_int_equal(got.value, 12345);
    expect_unchanged(&f, before);
    pmm_fixture_free(&f);
}

static void an_addition_that_would_cut_one_piece_too_many_changes_not_a_single_byte(void **state)
{
    enum { FIRST = 1000, CUTS = 64 };
    struct pmm_fixture f = pmm_fixture_of_one_region(FIRST, 1000, REGION_BOOTLOADER_RECLAIMABLE);
    (void)state;

    for (uint64_t i = 0; i < CUTS; i++)
        assert_int_equal(fixture_add(&f, FIRST + 1 + 2 * i, 1), PMM_OK);
    void *before = snapshot(&f);

    assert_int_equal(fixture_add(&f, FIRST + 500, 1), PMM_NO_MEMORY);
    expect_unchanged(&f, before);
    pmm_fixture_free(&f);
}

static void every_lock_is_released_when_memory_runs_out(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(LOW, 10, REGION_USABLE);
    frame_t got;
    (void)state;

    assert_int_equal(fixture_alloc_run(&f, 10, 1, PMM_ANYWHERE), LOW);
    assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_NO_MEMORY);
    pmm_check_invariants(f.pmm, f.cpus);
    assert_int_equal(pmm_alloc_frames(f.pmm, f.cpus, &got, 1), 0);
    pmm_check_invariants(f.pmm, f.cpus);
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
        cmocka_unit_test(frame_zero_is_never_handed_out_nor_taken_back),
        cmocka_unit_test(requests_that_make_no_sense_are_bad_ranges),
        cmocka_unit_test(huge_sizes_and_alignments_find_no_memory),
        cmocka_unit_test(a_double_free_is_refused),
        cmocka_unit_test(frames_that_are_no_usable_memory_are_refused),
        cmocka_unit_test(a_run_of_the_wrong_length_is_refused),
        cmocka_unit_test(a_failed_call_changes_not_a_single_byte),
        cmocka_unit_test(a_request_that_finds_no_memory_changes_not_a_single_byte),
        cmocka_unit_test(an_addition_that_would_cut_one_piece_too_many_changes_not_a_single_byte),
        cmocka_unit_test(every_lock_is_released_when_memory_runs_out),
        cmocka_unit_test(every_status_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
