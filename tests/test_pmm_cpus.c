/* Several CPUs, one thread that drives them: what one does to frames that another one holds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "model_pmm_fixture.h"

#define AREAS 64

static struct pmm_fixture fixture_of_cpus(uint64_t n_cpus)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(FRAMES_1G, AREAS * FRAMES_2M, REGION_USABLE);

    pmm_fixture_use_cpus(&f, n_cpus, NO_BARRIER);
    return f;
}

static uint64_t alloc_on(struct pmm_fixture *f, unsigned cpu)
{
    frame_t got;

    assert_int_equal(pmm_alloc_frame(f->pmm, &f->cpus[cpu], &got), PMM_OK);
    return got.value;
}

static enum pmm_status dealloc_on(struct pmm_fixture *f, unsigned cpu, uint64_t first)
{
    return pmm_dealloc_frame(f->pmm, &f->cpus[cpu], frame(first));
}

static void cpus_get_from_areas_of_their_own(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(4);
    (void)state;

    for (unsigned cpu = 0; cpu < 4; cpu++)
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(alloc_on(&f, cpu), FRAMES_1G + cpu * FRAMES_2M + i);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void whatever_is_free_goes_to_any_cpu(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(5);
    const uint64_t total = AREAS * FRAMES_2M;
    frame_t got;
    (void)state;

    for (unsigned cpu = 1; cpu < 5; cpu++) /* each holds the rest of a word, and of an area */
        alloc_on(&f, cpu);
    for (uint64_t i = 4; i < total; i++)
        alloc_on(&f, 0);
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), 0);
    for (unsigned cpu = 0; cpu < 5; cpu++)
        assert_int_equal(pmm_alloc_frame(f.pmm, &f.cpus[cpu], &got), PMM_NO_MEMORY);
    assert_int_equal(dealloc_on(&f, 3, FRAMES_1G + 1000), PMM_OK);
    assert_int_equal(alloc_on(&f, 4), FRAMES_1G + 1000);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void arrays_and_runs_too_take_what_other_cpus_hold(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(3);
    const uint64_t total = AREAS * FRAMES_2M;
    frame_t *frames = calloc(total, sizeof(*frames)), first;
    (void)state;

    alloc_on(&f, 1);
    alloc_on(&f, 2);
    assert_int_equal(pmm_alloc_frames(f.pmm, f.cpus, frames, total), total - 2);
    free(frames);
    pmm_fixture_free(&f);

    f = fixture_of_cpus(3);
    const uint64_t only = alloc_on(&f, 1);

    assert_int_equal(dealloc_on(&f, 1, only), PMM_OK);
    assert_int_equal(pmm_alloc_run(f.pmm, f.cpus, total, 1, PMM_ANYWHERE, &first), PMM_OK);
    assert_int_equal(first.value, FRAMES_1G);
    pmm_fixture_free(&f);
}

static void a_frame_that_another_cpu_holds_is_no_less_free(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(2);
    const uint64_t a = alloc_on(&f, 0), b = alloc_on(&f, 0);
    const uint64_t before = pmm_free_frames(f.pmm, f.cpus);
    (void)state;

    assert_int_equal(dealloc_on(&f, 1, b + 5), PMM_DOUBLE_FREE); /* never handed out, in CPU 0's word */
    assert_int_equal(dealloc_on(&f, 0, a), PMM_OK);
    assert_int_equal(dealloc_on(&f, 0, b), PMM_OK); /* the second one running: privately */
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        assert_int_equal(dealloc_on(&f, cpu, a), PMM_DOUBLE_FREE);
        assert_int_equal(dealloc_on(&f, cpu, b), PMM_DOUBLE_FREE);
    }
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), before + 2);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

/* CPU 0 frees into words privately: its put word, its get word. CPU 1 frees frames of the same words. */
static void two_cpus_free_into_one_word(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(2);
    const uint64_t first = alloc_on(&f, 0);
    (void)state;

    for (uint64_t i = 1; i < 3 * 64; i++)
        assert_int_equal(alloc_on(&f, 0), first + i);
    for (uint64_t word = 0; word < 3; word++) {
        const uint64_t start = first + word * 64;

        for (uint64_t i = 0; i < 10; i++)
            assert_int_equal(dealloc_on(&f, 0, start + i), PMM_OK);
        assert_int_equal(dealloc_on(&f, 1, start + 3), PMM_DOUBLE_FREE);
        for (uint64_t i = 10; i < 64; i++)
            assert_int_equal(dealloc_on(&f, i % 2, start + i), PMM_OK);
        for (uint64_t i = 0; i < 64; i++)
            assert_int_equal(dealloc_on(&f, i / 2 % 2, start + i), PMM_DOUBLE_FREE);
    }
    assert_int_equal(pmm_free_frames(f.pmm, f.cpus), AREAS * FRAMES_2M);
    assert_int_equal(fixture_stats(&f).largest_free_run, AREAS * FRAMES_2M);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void frames_that_others_free_come_back_to_the_one_who_got_them(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(2);
    const uint64_t first = alloc_on(&f, 0);
    (void)state;

    for (uint64_t i = 1; i < FRAMES_2M; i++)
        assert_int_equal(alloc_on(&f, 0), first + i);
    for (uint64_t i = 0; i < FRAMES_2M; i++)
        assert_int_equal(dealloc_on(&f, 1, first + i), PMM_OK);
    /* All of the area is free again, and may go as 2 MiB. */
    assert_int_equal(fixture_alloc_run(&f, AREAS * FRAMES_2M, 1, PMM_ANYWHERE), FRAMES_1G);
    pmm_fixture_free(&f);
}

static void areas_in_use_serve_all_cpus_before_a_whole_one_is_cut(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(2);
    frame_t frames[2 * FRAMES_2M];
    (void)state;

    assert_int_equal(pmm_alloc_frames(f.pmm, &f.cpus[0], frames, 2 * FRAMES_2M), 2 * FRAMES_2M);
    for (uint64_t i = 0; i < 2 * FRAMES_2M; i += 2)
        assert_int_equal(dealloc_on(&f, 0, frames[i].value), PMM_OK);
    for (uint64_t i = 0; i < FRAMES_2M - 2 * 64; i++) /* a word's worth each may be in the other one's hands */
        assert_true(alloc_on(&f, i % 2) < FRAMES_1G + 2 * FRAMES_2M);
    pmm_fixture_free(&f);
}

static void short_runs_and_2_mib_are_taken_and_given_back_on_different_cpus(void **state)
{
    struct pmm_fixture f = fixture_of_cpus(2);
    static const uint64_t lengths[] = { 2, 3, 63, 64, 65, 200, 511, 512 };
    (void)state;

    for (unsigned pass = 0; pass < 50; pass++) {
        frame_t runs[ARRAY_LENGTH(lengths)];

        for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++)
            assert_int_equal(pmm_alloc_run(f.pmm, &f.cpus[(i + pass) % 2], lengths[i], 1, PMM_ANYWHERE, &runs[i]),
                             PMM_OK);
        for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
            const frame_t middle = frame(runs[i].value + lengths[i] / 2);

            assert_int_equal(dealloc_on(&f, 1, middle.value), PMM_OK);
            assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpus[pass % 2], runs[i], lengths[i]), PMM_WRONG_LENGTH);
            assert_int_equal(fixture_reserve(&f, middle.value, 1), PMM_OK);
            assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpus[pass % 2], runs[i], lengths[i]), PMM_OK);
            assert_int_equal(pmm_dealloc_run(f.pmm, &f.cpus[pass % 2], runs[i], lengths[i]), PMM_DOUBLE_FREE);
        }
    }
    assert_int_equal(fixture_stats(&f).largest_free_run, AREAS * FRAMES_2M);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void the_number_of_cpus_can_change_at_any_time(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(FRAMES_1G, AREAS * FRAMES_2M, REGION_USABLE);
    uint64_t held[64], n = 0;
    (void)state;

    for (uint64_t n_cpus = 1; n_cpus < 600; n_cpus += 67) {
        held[n++] = fixture_alloc(&f);
        pmm_fixture_use_cpus(&f, n_cpus, NO_BARRIER);
        held[n++] = alloc_on(&f, (unsigned)n_cpus - 1);
        assert_int_equal(pmm_free_frames(f.pmm, f.cpus), AREAS * FRAMES_2M - n);
        assert_int_equal(dealloc_on(&f, (unsigned)n_cpus / 2, held[--n]), PMM_OK);
    }
    while (n)
        assert_int_equal(dealloc_on(&f, 0, held[--n]), PMM_OK);
    assert_int_equal(fixture_stats(&f).largest_free_run, AREAS * FRAMES_2M);
    pmm_check_invariants(f.pmm, f.cpus);
    pmm_fixture_free(&f);
}

static void count_call(void *context) { ++*(unsigned *)context; }

static void only_cpus_that_have_called_since_are_stopped(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(FRAMES_1G, AREAS * FRAMES_2M, REGION_USABLE);
    unsigned barriers = 0;
    (void)state;

    fixture_alloc(&f);
    fixture_stats(&f);
    assert_int_equal(barriers, 0); /* alone, nobody is to be stopped */
    pmm_fixture_use_cpus(&f, 3, (struct pmm_barrier){ count_call, &barriers });
    fixture_stats(&f);
    assert_int_equal(barriers, 1);
    fixture_stats(&f);
    alloc_on(&f, 0);
    fixture_stats(&f);
    assert_int_equal(barriers, 1);
    alloc_on(&f, 2);
    assert_int_equal(barriers, 1);
    fixture_stats(&f);
    assert_int_equal(barriers, 2);
    pmm_fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpus_get_from_areas_of_their_own),
        cmocka_unit_test(whatever_is_free_goes_to_any_cpu),
        cmocka_unit_test(arrays_and_runs_too_take_what_other_cpus_hold),
        cmocka_unit_test(a_frame_that_another_cpu_holds_is_no_less_free),
        cmocka_unit_test(two_cpus_free_into_one_word),
        cmocka_unit_test(frames_that_others_free_come_back_to_the_one_who_got_them),
        cmocka_unit_test(areas_in_use_serve_all_cpus_before_a_whole_one_is_cut),
        cmocka_unit_test(short_runs_and_2_mib_are_taken_and_given_back_on_different_cpus),
        cmocka_unit_test(the_number_of_cpus_can_change_at_any_time),
        cmocka_unit_test(only_cpus_that_have_called_since_are_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
