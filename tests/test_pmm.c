/* What the allocator hands out, and in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "model_pmm_fixture.h"

/*
 *  area 0: frames 256..512 are its second half      area 1 and on: wholly free
 *   |....|XXXX|                                      |........|........|
 */
static void areas_in_use_are_used_up_before_another_is_begun(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(0, 64 * FRAMES_1G / 512, REGION_USABLE);
    (void)state;

    assert_int_equal(fixture_reserve(&f, 5 * FRAMES_2M + 70, 1), PMM_OK);
    for (uint64_t want = LOW; want < FRAMES_2M; want++)
        assert_int_equal(fixture_alloc(&f), want);
    for (uint64_t want = 5 * FRAMES_2M; want < 6 * FRAMES_2M; want++)
        if (want != 5 * FRAMES_2M + 70)
            assert_int_equal(fixture_alloc(&f), want);
    assert_int_equal(fixture_alloc(&f), FRAMES_2M);
    pmm_fixture_free(&f);
}

static void a_frame_just_freed_is_the_next_one(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    for (uint64_t want = LOW; want < LOW + 10; want++)
        assert_int_equal(fixture_alloc(&f), want);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(fixture_try_dealloc(&f, LOW + 4), PMM_OK);
        assert_int_equal(fixture_alloc(&f), LOW + 4);
    }
    pmm_fixture_free(&f);
}

static void low_memory_goes_only_to_who_asks_for_it(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_alloc_run(&f, 1, 1, PMM_ANYWHERE), LOW);
    assert_int_equal(fixture_alloc_run(&f, 1, 1, phys_addr(MIB(1) + 2 * PAGE_SIZE)), LOW + 1);
    assert_int_equal(fixture_try_run(&f, 1, 1, phys_addr(MIB(1) + 2 * PAGE_SIZE)), PMM_NO_MEMORY);
    assert_int_equal(fixture_alloc_run(&f, 1, 1, PMM_LOW_MEMORY), 1);
    assert_int_equal(fixture_alloc_run(&f, 2, 8, phys_addr(16 * PAGE_SIZE)), 8);
    assert_int_equal(fixture_try_run(&f, 160, 1, PMM_LOW_MEMORY), PMM_NO_MEMORY);
    assert_int_equal(fixture_reserve(&f, 100, 10), PMM_OK);
    fixture_dealloc(&f, 1, 1);
    assert_int_equal(fixture_alloc_run(&f, 1, 1, PMM_LOW_MEMORY), 1);
    pmm_fixture_free(&f);
}

static void a_run_may_not_reach_below_1_mib_unless_bounded_to_it(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(100, 412, REGION_USABLE); /* contiguous across 1 MiB */
    (void)state;

    assert_int_equal(fixture_try_run(&f, 257, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_alloc_run(&f, 256, 1, PMM_ANYWHERE), LOW);
    assert_int_equal(fixture_try_run(&f, 157, 1, PMM_LOW_MEMORY), PMM_NO_MEMORY);
    assert_int_equal(fixture_alloc_run(&f, 156, 1, PMM_LOW_MEMORY), 100);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), 0);
    pmm_fixture_free(&f);
}

static void exhaustion_hands_out_every_frame_once(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    uint8_t seen[1700] = { 0 };
    uint64_t n = 0;
    frame_t got = frame(77);
    (void)state;

    assert_int_equal(fixture_add(&f, 1024, 76), PMM_OK);
    for (; pmm_alloc_frame(f.pmm, f.cpus, &got) == PMM_OK; n++)
        assert_int_equal(seen[got.value]++, 0);
    assert_int_equal(n, 768 + 76 + 400 + 100);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), 159);
    for (n = 1; n < 160; n++)
        assert_int_equal(fixture_alloc_run(&f, 1, 1, PMM_LOW_MEMORY), n);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), 0);
    assert_int_equal(fixture_try_run(&f, 1, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_run(&f, 1, 1, PMM_LOW_MEMORY), PMM_NO_MEMORY);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(0)).count, 0);
    assert_int_equal(fixture_stats(&f).largest_free_run, 0);
    fixture_dealloc(&f, 1699, 1);
    assert_int_equal(fixture_alloc(&f), 1699);
    pmm_fixture_free(&f);
}

static void runs_are_the_lowest_that_fit_and_cross_words_but_no_holes(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_reserve(&f, 300, 1), PMM_OK);
    assert_int_equal(fixture_alloc_run(&f, 100, 1, PMM_ANYWHERE), 301);
    assert_int_equal(fixture_alloc_run(&f, 44, 1, PMM_ANYWHERE), 256);
    assert_int_equal(fixture_alloc_run(&f, 130, 64, PMM_ANYWHERE), 448);
    assert_int_equal(fixture_alloc_run(&f, 400, 1, PMM_ANYWHERE), 578);
    assert_int_equal(fixture_alloc_run(&f, 47, 1, PMM_ANYWHERE), 401);
    assert_int_equal(fixture_alloc_run(&f, 400, 1, PMM_ANYWHERE), 1100); /* 978..1024 is too short */
    assert_int_equal(fixture_alloc_run(&f, 100, 1, PMM_ANYWHERE), 1600);
    pmm_fixture_free(&f);
}

/*
 *  512        1024        1536
 *   |X.........|.........X|      the longest free run that contains no whole area, and one frame more
 */
static void runs_of_nearly_two_areas_are_found_wherever_they_lie(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(512, 1600, REGION_USABLE);
    (void)state;

    assert_int_equal(fixture_reserve(&f, 512, 1), PMM_OK);
    assert_int_equal(fixture_reserve(&f, 1535, 577), PMM_OK);
    assert_int_equal(fixture_try_run(&f, 1023, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
    assert_int_equal(fixture_alloc_run(&f, 1022, 1, PMM_ANYWHERE), 513);
    fixture_dealloc(&f, 513, 1022);
    fixture_dealloc(&f, 1535, 1);
    assert_int_equal(fixture_alloc_run(&f, 1023, 1, PMM_ANYWHERE), 513);
    pmm_fixture_free(&f);
}

/*
 *  0        4096             8192+64                          a small span whose words lie anyhow
 *   |XXXXXXXX|                  |..............|
 */
static void aligned_runs_of_many_areas_are_found_in_spans_that_are_not_aligned(void **state)
{
    const struct mem_region regions[] = {
        model_region(1024, 4096, REGION_USABLE),
        model_region(8192 + 64, 4096, REGION_USABLE),
    };
    struct pmm_fixture f;
    (void)state;

    pmm_fixture_init(&f, ELSEWHERE, regions, ARRAY_LENGTH(regions));
    assert_int_equal(fixture_reserve(&f, 1024 + 1000, 2096), PMM_OK);
    assert_int_equal(fixture_alloc_run(&f, 1800, 1024, PMM_ANYWHERE), 9 * 1024);
    pmm_fixture_free(&f);
}

/*
 *  1024       1280              2048        2304       256 frames each, packed: 8 words that are free, and no 2 MiB
 *   |..........|                  |..........|
 */
static void two_halves_of_an_area_are_no_2_mib(void **state)
{
    const struct mem_region regions[] = {
        model_region(1024, 256, REGION_USABLE),
        model_region(2048, 256, REGION_USABLE),
    };
    struct pmm_fixture f;
    (void)state;

    for (uint64_t n_cpus = 1; n_cpus <= 2; n_cpus++) {
        pmm_fixture_init(&f, ELSEWHERE, regions, ARRAY_LENGTH(regions));
        pmm_fixture_use_cpus(&f, n_cpus, NO_BARRIER);
        assert_int_equal(fixture_try_run(&f, FRAMES_2M, 1, PMM_ANYWHERE), PMM_NO_MEMORY);
        assert_int_equal(fixture_try_run(&f, FRAMES_2M, FRAMES_2M, PMM_ANYWHERE), PMM_NO_MEMORY);
        assert_int_equal(fixture_alloc_run(&f, 256, 1, PMM_ANYWHERE), 1024);
        pmm_fixture_free(&f);
    }
}

static void a_bound_is_exclusive_and_for_the_whole_run(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_try_run(&f, 11, 1, frame_start(frame(266))), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_run(&f, 10, 1, phys_addr((266 << PAGE_SHIFT) - 1)), PMM_NO_MEMORY);
    assert_int_equal(fixture_alloc_run(&f, 10, 1, frame_start(frame(266))), 256);
    assert_int_equal(fixture_try_run(&f, 1, 1, phys_addr(0)), PMM_NO_MEMORY);
    pmm_fixture_free(&f);
}

static void reserving_takes_exactly_these_frames_or_none(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    const uint64_t free_before = pmm_free_frames(f.pmm, f.cpus);
    (void)state;

    assert_int_equal(fixture_reserve(&f, 257, 400), PMM_OK);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), free_before - 400);
    assert_int_equal(fixture_reserve(&f, 656, 2), PMM_NOT_FREE);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), free_before - 400);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(LOW)).first.value, 256);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(LOW)).count, 1);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(257)).first.value, 657);
    pmm_fixture_free(&f);
}

static void arrays_of_frames_are_ascending_and_end_with_memory(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(LOW - 50, 150, REGION_USABLE);
    frame_t frames[200];
    uint64_t done;
    (void)state;

    assert_int_equal(fixture_reserve(&f, LOW + 10, 60), PMM_OK);
    assert_int_equal(pmm_alloc_frames(f.pmm, f.cpus, frames, 0), 0);
    assert_int_equal(pmm_alloc_frames(f.pmm, f.cpus, frames, 5), 5);
    assert_int_equal(pmm_alloc_frames(f.pmm, f.cpus, frames + 5, 195), 35);
    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(frames[i].value, LOW + (i < 10 ? i : i + 60));
    frames[20] = frames[3];
    assert_int_equal(pmm_dealloc_frames(f.pmm, f.cpus, frames, 40, &done), PMM_DOUBLE_FREE);
    assert_int_equal(done, 20);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), 50 + 20);
    assert_int_equal(pmm_dealloc_frames(f.pmm, f.cpus, frames + 21, 19, &done), PMM_OK);
    assert_int_equal(done, 19);
    assert_int_equal(pmm_dealloc_frames(f.pmm, f.cpus, frames, 0, &done), PMM_OK);
    assert_int_equal(done, 0);
    pmm_fixture_free(&f);
}

static void free_runs_are_walked_in_order_and_cut_where_asked(void **state)
{
    static const struct frame_range want[] = {
        { { 1 }, 159 }, { { 256 }, 44 }, { { 310 }, 714 }, { { 1100 }, 400 }, { { 1600 }, 100 },
    };
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    frame_t from = frame(0);
    (void)state;

    assert_int_equal(fixture_reserve(&f, 300, 10), PMM_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        const struct frame_range run = pmm_next_free_run(f.pmm, f.cpus, from);

        assert_int_equal(run.first.value, want[i].first.value);
        assert_int_equal(run.count, want[i].count);
        from = frame(run.first.value + run.count);
    }
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, from).count, 0);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(UINT64_MAX)).count, 0);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(1200)).first.value, 1200);
    assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(1200)).count, 300);
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

    pmm_fixture_init(&f, ELSEWHERE, touching, ARRAY_LENGTH(touching));
    assert_int_equal(fixture_alloc_run(&f, 2001, 1, PMM_ANYWHERE), 1000);
    pmm_fixture_free(&f);
}

static void a_terabyte_gives_its_largest_runs_and_its_last_frame(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(FRAMES_1G, 1024 * FRAMES_1G, REGION_USABLE);
    (void)state;

    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(fixture_reserve(&f, i * FRAMES_1G + 100 * i, 1), PMM_OK);
    assert_int_equal(fixture_alloc_run(&f, FRAMES_1G, FRAMES_1G, PMM_ANYWHERE), 1001 * FRAMES_1G);
    assert_int_equal(fixture_alloc_run(&f, FRAMES_2M, FRAMES_2M, PMM_ANYWHERE), FRAMES_1G + FRAMES_2M);
    assert_int_equal(fixture_alloc_run(&f, FRAMES_1G + 100, 1, PMM_ANYWHERE), 1002 * FRAMES_1G);
    assert_int_equal(fixture_alloc_run(&f, 20 * FRAMES_1G, 1, PMM_ANYWHERE), 1003 * FRAMES_1G + 100);
    assert_int_equal(fixture_stats(&f).largest_free_run, 2 * FRAMES_1G - 100);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);

    f = pmm_fixture_of_one_region(FRAMES_1G, 1024 * FRAMES_1G, REGION_USABLE);
    assert_int_equal(fixture_alloc_run(&f, 1024 * FRAMES_1G - 1, 1, PMM_ANYWHERE), FRAMES_1G);
    assert_int_equal(fixture_alloc(&f), 1025 * FRAMES_1G - 1);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), 0);
    fixture_dealloc(&f, FRAMES_1G, 1024 * FRAMES_1G);
    assert_int_equal(fixture_stats(&f).largest_free_run, 1024 * FRAMES_1G);
    pmm_fixture_free(&f);
}

static void memory_up_to_the_last_physical_address_is_managed(void **state)
{
    const uint64_t top = (uint64_t)1 << (PHYS_BITS_MAX - PAGE_SHIFT);
    struct pmm_fixture f = pmm_fixture_of_one_region(top - 70000, 70000, REGION_USABLE);
    frame_t got;
    (void)state;

    assert_int_equal(fixture_alloc_run(&f, 69999, 1, PMM_ANYWHERE), top - 70000);
    assert_int_equal(fixture_alloc(&f), top - 1);
    assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_NO_MEMORY);
    assert_int_equal(fixture_try_dealloc_run(&f, top - 1, 2), PMM_WRONG_LENGTH);
    fixture_dealloc(&f, top - 1, 1);
    pmm_fixture_free(&f);
}

static void a_reservation_may_leave_out_what_is_not_usable(void **state)
{
    (void)state;
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    const struct frame_range over_the_hole = { frame(1499), 102 }; /* 1500..1599 is a hole */
    const uint64_t free_before = pmm_free_frames(f.pmm, f.cpus);

    assert_int_equal(pmm_reserve(f.pmm, f.cpus, over_the_hole), PMM_NOT_USABLE);
    assert_int_equal(pmm_reserve_usable(f.pmm, f.cpus, over_the_hole), PMM_OK);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), free_before - 2);
    assert_int_equal(pmm_reserve_usable(f.pmm, f.cpus, over_the_hole), PMM_NOT_FREE);
    assert_int_equal(pmm_reserve_usable(f.pmm, f.cpus, (struct frame_range){ { 1 }, 0 }), PMM_BAD_RANGE);
    pmm_fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_in_use_are_used_up_before_another_is_begun),
        cmocka_unit_test(a_frame_just_freed_is_the_next_one),
        cmocka_unit_test(low_memory_goes_only_to_who_asks_for_it),
        cmocka_unit_test(a_reservation_may_leave_out_what_is_not_usable),
        cmocka_unit_test(a_run_may_not_reach_below_1_mib_unless_bounded_to_it),
        cmocka_unit_test(exhaustion_hands_out_every_frame_once),
        cmocka_unit_test(runs_are_the_lowest_that_fit_and_cross_words_but_no_holes),
        cmocka_unit_test(runs_of_nearly_two_areas_are_found_wherever_they_lie),
        cmocka_unit_test(aligned_runs_of_many_areas_are_found_in_spans_that_are_not_aligned),
        cmocka_unit_test(two_halves_of_an_area_are_no_2_mib),
        cmocka_unit_test(a_bound_is_exclusive_and_for_the_whole_run),
        cmocka_unit_test(reserving_takes_exactly_these_frames_or_none),
        cmocka_unit_test(arrays_of_frames_are_ascending_and_end_with_memory),
        cmocka_unit_test(free_runs_are_walked_in_order_and_cut_where_asked),
        cmocka_unit_test(regions_that_touch_are_one_piece_of_memory),
        cmocka_unit_test(a_terabyte_gives_its_largest_runs_and_its_last_frame),
        cmocka_unit_test(memory_up_to_the_last_physical_address_is_managed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
