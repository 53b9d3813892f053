/* What a search for a run looks at. All that it has no business with is poisoned: to read it ends the program. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include "model_pmm_fixture.h"
#include "../mm/pmm_layout.h"

#define AREAS_PER_WORD WORD_BITS /* of a summary */

/* The words [first, end) of an array. */
static void poison(const uint64_t *words, uint64_t first, uint64_t end)
{
    ASAN_POISON_MEMORY_REGION(words + first, (end - first) * sizeof(*words));
}

static void free_poisoned(struct pmm_fixture *f)
{
    ASAN_UNPOISON_MEMORY_REGION(f->block, f->block_bytes);
    pmm_fixture_free(f);
}

/* Poisons what is known of frames from the first 128 MiB on, which one word of free_areas covers. */
static void poison_beyond_128_mib(const struct pmm *pmm)
{
    const uint64_t end_word = AREAS_PER_WORD * AREA_WORDS;

    poison(pmm_words(pmm), end_word, pmm->n_words);
    poison(summary_level(&pmm->partial, 0), 1, bitmap_words(pmm->n_areas));
    poison(summary_level(&pmm->dense, 0), 1, bitmap_words(pmm->n_areas));
    poison(summary_level(&pmm->free_areas, 0), 1, bitmap_words(pmm->n_areas));
}

static void a_run_costs_the_same_however_much_memory_is_free_above_it(void **state)
{
    struct pmm_fixture f = pmm_fixture_of_one_region(0, 64 * FRAMES_1G, REGION_USABLE);
    (void)state;

    poison_beyond_128_mib(f.pmm);
    for (uint64_t i = 1; i < 16; i++)
        assert_int_equal(fixture_alloc_run(&f, FRAMES_2M, FRAMES_2M, PMM_ANYWHERE), i * FRAMES_2M);
    assert_int_equal(fixture_alloc_run(&f, 8 * FRAMES_2M, 1, PMM_ANYWHERE), 16 * FRAMES_2M);
    assert_int_equal(fixture_reserve(&f, 40 * FRAMES_2M + 1, 8 * FRAMES_2M), PMM_OK);
    assert_int_equal(fixture_try_dealloc_run(&f, 50 * FRAMES_2M, 8 * FRAMES_2M), PMM_DOUBLE_FREE);
    free_poisoned(&f);
}

static void a_long_run_is_found_without_a_visit_to_runs_of_memory_that_are_too_short(void **state)
{
    enum { N_SHORT = 2000, SHORT_FRAMES = 100, SHORT_WORDS = 2, DISTANCE = 128, FIRST = 1024 };
    static struct mem_region regions[N_SHORT + 1];
    const uint64_t run_up_words = AREA_WORDS + SHORT_WORDS; /* a run may begin that far below its free area */
    struct pmm_fixture f;
    (void)state;

    for (uint64_t i = 0; i < N_SHORT; i++)
        regions[i] = model_region(FIRST + i * DISTANCE, SHORT_FRAMES, REGION_USABLE);
    regions[N_SHORT] = model_region(FIRST + N_SHORT * DISTANCE, FRAMES_1G, REGION_USABLE);
    pmm_fixture_init(&f, ELSEWHERE, regions, ARRAY_LENGTH(regions));
    poison(pmm_words(f.pmm), SHORT_WORDS, N_SHORT * SHORT_WORDS - run_up_words);
    assert_int_equal(fixture_alloc_run(&f, 4 * FRAMES_2M, 1, PMM_ANYWHERE), FIRST + N_SHORT * DISTANCE);
    free_poisoned(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_costs_the_same_however_much_memory_is_free_above_it),
        cmocka_unit_test(a_long_run_is_found_without_a_visit_to_runs_of_memory_that_are_too_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
