/* How the allocator starts: counts, its own block, and memory that comes later. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model_pmm_fixture.h"

static void statistics_count_tracked_usable_free_and_allocated_frames(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    struct pmm_stats s = fixture_stats(&f);
    (void)state;

    assert_int_equal(s.total_frames, 160 + 768 + 76 + 400 + 100);
    assert_int_equal(s.usable_frames, 160 + 768 + 400 + 100);
    assert_int_equal(s.allocated_frames, 1); /* frame 0 */
    assert_int_equal(s.free_frames, s.usable_frames - 1);
    assert_int_equal(s.largest_free_run, 768);
    assert_int_equal(fixture_add(&f, 1024, 76), PMM_OK);
    s = fixture_stats(&f);
    assert_int_equal(s.usable_frames, s.total_frames);
    assert_int_equal(s.largest_free_run, 768 + 76 + 400);
    pmm_fixture_free(&f);
}

static void reclaimable_frames_become_usable_by_being_added(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(ELSEWHERE);
    (void)state;

    assert_int_equal(fixture_add(&f, 1023, 2), PMM_NOT_FREE);
    assert_int_equal(fixture_add(&f, 1600, 1), PMM_NOT_FREE);
    assert_int_equal(fixture_add(&f, 1500, 1), PMM_NOT_USABLE);
    assert_int_equal(fixture_add(&f, 1499, 2), PMM_NOT_USABLE);
    assert_int_equal(fixture_add(&f, 1050, 10), PMM_OK);
    assert_int_equal(fixture_add(&f, 1055, 1), PMM_NOT_FREE);
    assert_int_equal(fixture_add(&f, 1049, 2), PMM_NOT_FREE);
    assert_false(pmm_is_usable(f.pmm, f.cpus, frame(1049)));
    assert_true(pmm_is_usable(f.pmm, f.cpus, frame(1050)));
    assert_true(pmm_is_usable(f.pmm, f.cpus, frame(1059)));
    assert_false(pmm_is_usable(f.pmm, f.cpus, frame(1060)));
    assert_int_equal(fixture_reserve(&f, 1050, 10), PMM_OK);
    assert_int_equal(fixture_try_dealloc_run(&f, 1050, 11), PMM_WRONG_LENGTH);
    assert_int_equal(fixture_add(&f, 1024, 26), PMM_OK);
    assert_int_equal(fixture_add(&f, 1060, 40), PMM_OK);
    assert_int_equal(fixture_add(&f, 1060, 40), PMM_NOT_FREE);
    fixture_dealloc(&f, 1050, 10);
    assert_int_equal(fixture_alloc_run(&f, 768 + 76 + 400, 1, PMM_ANYWHERE), 256);
    pmm_fixture_free(&f);
}

static void splitting_reclaimable_memory_too_often_is_refused_and_changes_nothing(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(1000, 1000, REGION_BOOTLOADER_RECLAIMABLE);
    enum pmm_status status = PMM_OK;
    uint64_t n = 0;
    (void)state;

    for (uint64_t i = 1001; status == PMM_OK; i += 2, n++)
        status = fixture_add(&f, i, 1);
    assert_int_equal(status, PMM_NO_MEMORY);
    assert_int_equal(--n, 64);
    assert_int_equal(fixture_stats(&f).usable_frames, n);
    assert_int_equal(fixture_add(&f, 1000, 1), PMM_OK); /* a whole piece, which leaves room for another one */
    assert_int_equal(fixture_add(&f, 1001 + 2 * n, 1), PMM_OK);
    for (uint64_t i = 1002; i < 1002 + 2 * n; i += 2)
        assert_int_equal(fixture_add(&f, i, 1), PMM_OK);
    assert_int_equal(fixture_add(&f, 1002 + 2 * n, 998 - 2 * n), PMM_OK);
    assert_int_equal(fixture_stats(&f).largest_free_run, 1000);
    pmm_fixture_free(&f);
}

static void reclaimable_memory_of_any_size_can_be_added_at_once(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(LOW, 200 * FRAMES_1G, REGION_BOOTLOADER_RECLAIMABLE);
    (void)state;

    assert_int_equal(fixture_stats(&f).usable_frames, 0);
    assert_int_equal(fixture_add(&f, 65 * FRAMES_1G, 65 * FRAMES_1G), PMM_OK); /* parts of three pieces of 64 GiB */
    assert_false(pmm_is_usable(f.pmm, f.cpus, frame(65 * FRAMES_1G - 1)));
    assert_false(pmm_is_usable(f.pmm, f.cpus, frame(130 * FRAMES_1G)));
    assert_int_equal(fixture_stats(&f).largest_free_run, 65 * FRAMES_1G);
    assert_int_equal(fixture_add(&f, LOW, 200 * FRAMES_1G), PMM_NOT_FREE);
    assert_int_equal(fixture_add(&f, LOW, 65 * FRAMES_1G - LOW), PMM_OK);
    assert_int_equal(fixture_add(&f, 130 * FRAMES_1G, 70 * FRAMES_1G + LOW), PMM_OK);
    assert_int_equal(fixture_stats(&f).largest_free_run, 200 * FRAMES_1G);
    pmm_fixture_free(&f);
}

static void metadata_in_usable_memory_is_allocated_for_ever(void **state)
{
    const phys_addr_t metadata = frame_start(frame(300));
    struct pmm_fixture f = pmm_fixture_of_six_regions(metadata);
    const uint64_t n = bytes_to_frames(f.block_bytes);
    (void)state;

    assert_int_equal(fixture_stats(&f).allocated_frames, 1 + n);
    assert_int_equal(fixture_try_dealloc(&f, 300), PMM_PROTECTED);
    assert_int_equal(fixture_try_dealloc(&f, 300 + n - 1), PMM_PROTECTED);
    assert_int_equal(fixture_try_dealloc(&f, 300 + n), PMM_DOUBLE_FREE);
    assert_int_equal(fixture_try_dealloc_run(&f, 299, 2), PMM_PROTECTED);
    assert_int_equal(fixture_reserve(&f, 299, 2), PMM_PROTECTED);
    assert_int_equal(fixture_alloc_run(&f, 44, 1, PMM_ANYWHERE), 256);
    assert_int_equal(fixture_alloc(&f), 300 + n);
    pmm_fixture_free(&f);
}

static void metadata_in_reclaimable_memory_stays_allocated_when_that_is_added(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(frame_start(frame(1030)));
    const uint64_t n = bytes_to_frames(f.block_bytes);
    (void)state;

    assert_int_equal(fixture_stats(&f).allocated_frames, 1);
    assert_int_equal(fixture_try_dealloc(&f, 1030), PMM_NOT_USABLE);
    assert_int_equal(fixture_add(&f, 1024, 76), PMM_OK);
    assert_int_equal(fixture_stats(&f).allocated_frames, 1 + n);
    assert_int_equal(fixture_try_dealloc(&f, 1030), PMM_PROTECTED);
    assert_int_equal(fixture_reserve(&f, 1029, 1), PMM_OK);
    assert_int_equal(fixture_reserve(&f, 1030 + n, 1), PMM_OK);
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
    assert_int_equal(fixture_stats(&f).allocated_frames, 2);
    assert_int_equal(fixture_try_dealloc(&f, 1002), PMM_PROTECTED);
    assert_int_equal(fixture_alloc(&f), 1004);
    pmm_fixture_free(&f);
}

static void a_block_that_is_too_small_or_unaligned_is_refused(void **state)
{
    const struct mem_region region = model_region(LOW, 1000, REGION_USABLE);
    const size_t bytes = pmm_metadata_bytes(&region, 1);
    char *block = aligned_alloc(64, (bytes + 127) / 64 * 64);
    struct pmm *pmm = NULL;
    (void)state;

    assert_int_equal(pmm_init(block, bytes - 1, ELSEWHERE, &region, 1, &pmm), PMM_BAD_METADATA);
    assert_int_equal(pmm_init(block + 8, bytes, ELSEWHERE, &region, 1, &pmm), PMM_BAD_METADATA);
    assert_int_equal(pmm_init(block, bytes, phys_addr((1ull << PHYS_BITS_MAX) - bytes + 1), &region, 1, &pmm),
                     PMM_BAD_METADATA);
    assert_int_equal(pmm_init(block, bytes, phys_addr(-PAGE_SIZE), &region, 1, &pmm), PMM_BAD_METADATA);
    assert_null(pmm);
    assert_int_equal(pmm_init(block, bytes, ELSEWHERE, &region, 1, &pmm), PMM_OK);
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
        assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_NO_MEMORY);
        assert_int_equal(fixture_try_run(&f, 1, 1, PMM_LOW_MEMORY), PMM_NO_MEMORY);
        assert_int_equal(fixture_try_dealloc(&f, 0), PMM_NOT_USABLE);
        assert_int_equal(pmm_next_free_run(f.pmm, f.cpus, frame(0)).count, 0);
        assert_int_equal(fixture_stats(&f).total_frames, 0);
        pmm_check_invariants(f.pmm, f.cpus);
        pmm_fixture_free(&f);
    }
}

/* Its only area is the first of all, and wholly free. */
static void memory_of_2_mib_alone_can_be_managed(void **state)
{
    (void)state;
    for (uint64_t first = LOW; first < LOW + 2 * FRAMES_2M; first += 64) {
        struct pmm_fixture f = pmm_fixture_of_one_region(first, FRAMES_2M, REGION_USABLE);

        assert_int_equal(fixture_stats(&f).largest_free_run, FRAMES_2M);
        assert_int_equal(fixture_alloc_run(&f, FRAMES_2M, 1, PMM_ANYWHERE), first);
        pmm_check_invariants(f.pmm, f.cpus);
        pmm_fixture_free(&f);
    }
}

static void the_block_can_be_moved_as_a_whole(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_six_regions(frame_start(frame(300)));
    struct pmm_fixture moved = { .block_bytes = f.block_bytes };
    (void)state;

    assert_int_equal(fixture_add(&f, 1030, 10), PMM_OK);
    assert_int_equal(fixture_alloc_run(&f, 500, 1, PMM_ANYWHERE), 300 + bytes_to_frames(f.block_bytes));
    const struct pmm_stats before = fixture_stats(&f);

    moved.block = aligned_alloc(64, (f.block_bytes + 63) / 64 * 64);
    memcpy(moved.block, f.block, f.block_bytes);
    memset(f.block, 0x5A, f.block_bytes);
    pmm_fixture_free(&f);
    moved.pmm = moved.block;
    pmm_fixture_use_cpus(&moved, 1, NO_BARRIER);
    const struct pmm_stats after = fixture_stats(&moved);

    assert_memory_equal(&after, &before, sizeof(after));
    assert_int_equal(fixture_alloc_run(&moved, 44, 1, PMM_ANYWHERE), 256);
    assert_int_equal(fixture_add(&moved, 1024, 6), PMM_OK);
    assert_int_equal(fixture_try_dealloc(&moved, 300), PMM_PROTECTED);
    pmm_check_invariants(moved.pmm, moved.cpus);
    pmm_fixture_free(&moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_count_tracked_usable_free_and_allocated_frames),
        cmocka_unit_test(reclaimable_frames_become_usable_by_being_added),
        cmocka_unit_test(splitting_reclaimable_memory_too_often_is_refused_and_changes_nothing),
        cmocka_unit_test(reclaimable_memory_of_any_size_can_be_added_at_once),
        cmocka_unit_test(metadata_in_usable_memory_is_allocated_for_ever),
        cmocka_unit_test(metadata_in_reclaimable_memory_stays_allocated_when_that_is_added),
        cmocka_unit_test(metadata_that_reaches_over_holes_is_protected_on_both_sides),
        cmocka_unit_test(a_block_that_is_too_small_or_unaligned_is_refused),
        cmocka_unit_test(a_machine_without_memory_has_none_to_give),
        cmocka_unit_test(memory_of_2_mib_alone_can_be_managed),
        cmocka_unit_test(the_block_can_be_moved_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
