/* The memory map that a Limine kernel gets, and what of it the direct map holds, in every base revision. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "model_limine_map.h"

#define RANDOM_WORLDS 4000

static struct mem_region region(uint64_t start, uint64_t end, enum region_type type)
{
    return (struct mem_region){ phys_addr(start), phys_addr(end), type, 0 };
}

static struct region_claim claim(uint64_t start, uint64_t end, enum region_type type)
{
    return (struct region_claim){ { phys_addr(start), end - start }, type };
}

/* Entries in memory of just the capacity; the caller frees them. */
static struct limine_memory_map_entry *write_map(struct mem_region *regions, size_t n_regions,
                                                 const struct region_claim *claims, size_t n_claims,
                                                 uint64_t base_revision, size_t *ret_n)
{
    const struct region_map map = { .regions = regions, .n_regions = n_regions };
    struct limine_memory_map_entry *entries =
        malloc(limine_memory_map_capacity(n_regions, n_claims) * sizeof *entries);

    *ret_n = limine_memory_map(&map, claims, n_claims, base_revision, entries);
    return entries;
}

static void check_entry(const struct limine_memory_map_entry *e, uint64_t start, uint64_t end, uint64_t type)
{
    assert_int_equal(e->base, start);
    assert_int_equal(e->base + e->length, end);
    assert_int_equal(e->type, type);
}

static void check_next(struct direct_map_walk *walk, uint64_t start, uint64_t end, enum direct_map_kind kind)
{
    const struct direct_map_range r = direct_map_next(walk);

    assert_int_equal(r.bytes.start.value, start);
    assert_int_equal(phys_range_end(r.bytes), end);
    assert_int_equal(r.kind, kind);
}

static void every_type_of_region_has_its_type_in_every_revision(void **state)
{
    (void)state;
    for (unsigned type = 0; type < REGION_TYPES; type++)
        for (uint64_t revision = 0; revision < MODEL_REVISIONS; revision++) {
            struct mem_region one = region(MIB(1), MIB(2), type);
            size_t n;
            struct limine_memory_map_entry *entries = write_map(&one, 1, NULL, 0, revision, &n);

            assert_int_equal(n, 1);
            check_entry(entries, MIB(1), MIB(2), model_limine_type(type, revision));
            free(entries);
        }
}

static void above_4_gib_only_what_the_revision_names_is_mapped(void **state)
{
    (void)state;
    for (unsigned type = LIMINE_MEMORY_USABLE; type <= LIMINE_MEMORY_RESERVED_MAPPED; type++)
        for (uint64_t revision = 0; revision < MODEL_REVISIONS; revision++) {
            const struct limine_memory_map_entry one = { GIB(5), MIB(1), type };
            struct direct_map_walk walk = direct_map_begin(&one, 1, revision);

            if (type == LIMINE_MEMORY_RESERVED_MAPPED && revision < 4)
                continue; /* there is none */
            if (revision <= 2)
                check_next(&walk, 0, GIB(4), DIRECT_MAP_MEMORY);
            if (model_is_mapped(type, revision))
                check_next(&walk, GIB(5), GIB(5) + MIB(1),
                           type == LIMINE_MEMORY_FRAMEBUFFER ? DIRECT_MAP_FRAMEBUFFER : DIRECT_MAP_MEMORY);
            assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
        }
}

static void page_0_is_never_usable_up_to_revision_2(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision < MODEL_REVISIONS; revision++) {
        struct mem_region low[] = { region(0, 0xA0000, REGION_USABLE), region(0xA0000, MIB(1), REGION_RESERVED) };
        const bool is_kept = revision <= 2;
        size_t n;
        struct limine_memory_map_entry *entries = write_map(low, 2, NULL, 0, revision, &n);

        assert_int_equal(n, is_kept ? 3 : 2);
        if (is_kept)
            check_entry(&entries[0], 0, PAGE_SIZE, LIMINE_MEMORY_RESERVED);
        check_entry(&entries[n - 2], is_kept ? PAGE_SIZE : 0, 0xA0000, LIMINE_MEMORY_USABLE);
        free(entries);

        /* Alone, it joins what is reserved behind it. */
        low[0].end = low[1].start = phys_addr(PAGE_SIZE);
        entries = write_map(low, 2, NULL, 0, revision, &n);
        assert_int_equal(n, is_kept ? 1 : 2);
        free(entries);
    }
}

/*
 *   claims     |kernel |module a |  module b  |            |  metadata  |     fb       |
 *   entries  5 |6      |6        |6           |0           |6           |7             |
 */
static void executables_and_modules_are_blocks_of_their_own(void **state)
{
    struct mem_region regions[] = { region(MIB(1), MIB(2), REGION_BOOTLOADER_RECLAIMABLE),
                                    region(MIB(2), MIB(5), REGION_EXECUTABLE_AND_MODULES),
                                    region(MIB(5), MIB(6), REGION_USABLE),
                                    region(MIB(6), MIB(7), REGION_EXECUTABLE_AND_MODULES),
                                    region(MIB(7), MIB(9), REGION_FRAMEBUFFER) };
    const struct region_claim claims[] = { claim(MIB(4), MIB(5), REGION_EXECUTABLE_AND_MODULES),
                                           claim(MIB(6), MIB(8), REGION_EXECUTABLE_AND_MODULES),
                                           claim(MIB(7), MIB(8), REGION_FRAMEBUFFER),
                                           claim(MIB(2), MIB(3) - 1, REGION_EXECUTABLE_AND_MODULES),
                                           claim(MIB(3) + 1, MIB(4) - 4095, REGION_EXECUTABLE_AND_MODULES),
                                           claim(MIB(4) + KIB(64), MIB(4) + KIB(64), REGION_EXECUTABLE_AND_MODULES),
                                           claim(MIB(8), MIB(9), REGION_FRAMEBUFFER) };
    size_t n;
    struct limine_memory_map_entry *entries =
        write_map(regions, ARRAY_LENGTH(regions), claims, ARRAY_LENGTH(claims), 6, &n);

    (void)state;
    assert_int_equal(n, 7);
    check_entry(&entries[1], MIB(2), MIB(3), LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    check_entry(&entries[2], MIB(3), MIB(4), LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    check_entry(&entries[3], MIB(4), MIB(5), LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    check_entry(&entries[5], MIB(6), MIB(7), LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    check_entry(&entries[6], MIB(7), MIB(9), LIMINE_MEMORY_FRAMEBUFFER);
    free(entries);
}

static void a_reserved_region_across_4_gib_is_mapped_up_to_there(void **state)
{
    static const struct limine_memory_map_entry entries[] = {
        { MIB(1), GIB(1), LIMINE_MEMORY_USABLE },
        { GIB(4) - MIB(1), MIB(2), LIMINE_MEMORY_RESERVED },
        { GIB(4) + MIB(1), MIB(1), LIMINE_MEMORY_USABLE },
    };
    struct direct_map_walk walk = direct_map_begin(entries, 3, 1);

    (void)state;
    check_next(&walk, 0, GIB(4), DIRECT_MAP_MEMORY);
    check_next(&walk, GIB(4) + MIB(1), GIB(4) + MIB(2), DIRECT_MAP_MEMORY);
    assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
    walk = direct_map_begin(entries, 3, 0);
    check_next(&walk, 0, GIB(4) + MIB(2), DIRECT_MAP_MEMORY);
    assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
    walk = direct_map_begin(entries, 3, 3);
    check_next(&walk, MIB(1), GIB(1) + MIB(1), DIRECT_MAP_MEMORY);
    check_next(&walk, GIB(4) + MIB(1), GIB(4) + MIB(2), DIRECT_MAP_MEMORY);
    assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
}

/* In a hole of the map, in RAM, across 4 GiB, far above. */
static void framebuffers_are_ranges_of_their_own(void **state)
{
    static const struct limine_memory_map_entry entries[] = {
        { MIB(1), MIB(15), LIMINE_MEMORY_USABLE },        { MIB(16), MIB(4), LIMINE_MEMORY_FRAMEBUFFER },
        { MIB(20), MIB(100), LIMINE_MEMORY_USABLE },      { GIB(3), MIB(4), LIMINE_MEMORY_FRAMEBUFFER },
        { GIB(4) - MIB(2), MIB(4), LIMINE_MEMORY_FRAMEBUFFER }, { TIB(9), MIB(8), LIMINE_MEMORY_FRAMEBUFFER },
    };
    struct direct_map_walk walk = direct_map_begin(entries, 6, 2);

    (void)state;
    check_next(&walk, 0, MIB(16), DIRECT_MAP_MEMORY);
    check_next(&walk, MIB(16), MIB(20), DIRECT_MAP_FRAMEBUFFER);
    check_next(&walk, MIB(20), GIB(3), DIRECT_MAP_MEMORY);
    check_next(&walk, GIB(3), GIB(3) + MIB(4), DIRECT_MAP_FRAMEBUFFER);
    check_next(&walk, GIB(3) + MIB(4), GIB(4) - MIB(2), DIRECT_MAP_MEMORY);
    check_next(&walk, GIB(4) - MIB(2), GIB(4) + MIB(2), DIRECT_MAP_FRAMEBUFFER);
    check_next(&walk, TIB(9), TIB(9) + MIB(8), DIRECT_MAP_FRAMEBUFFER);
    assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
}

static void without_regions_there_are_no_entries_and_only_the_blanket(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision < MODEL_REVISIONS; revision++) {
        size_t n;
        struct limine_memory_map_entry *entries = write_map(NULL, 0, NULL, 0, revision, &n);
        struct direct_map_walk walk = direct_map_begin(entries, n, revision);

        assert_int_equal(n, 0);
        if (revision <= 2)
            check_next(&walk, 0, GIB(4), DIRECT_MAP_MEMORY);
        assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
        assert_int_equal(direct_map_next(&walk).bytes.bytes, 0);
        free(entries);
    }
}

static void only_revision_0_has_an_identity_map(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision < MODEL_REVISIONS; revision++)
        assert_int_equal(direct_map_is_identity_too(revision), revision == 0);
}

static void the_allocator_sees_the_kernels_memory_as_usable(void **state)
{
    struct mem_region regions[REGION_TYPES];
    struct region_map map = { .regions = regions, .n_regions = REGION_TYPES };

    (void)state;
    for (unsigned type = 0; type < REGION_TYPES; type++)
        regions[type] = region(MIB(type), MIB(type + 1), type);
    limine_allocator_regions(&map);
    for (unsigned type = 0; type < REGION_TYPES; type++)
        assert_int_equal(regions[type].type, type == REGION_EXECUTABLE_AND_MODULES ? REGION_USABLE : type);
}

static void random_worlds_are_told_and_mapped_as_the_model_says(void **state)
{
    uint64_t random = 0x9E3779B97F4A7C15;

    (void)state;
    for (unsigned i = 0; i < RANDOM_WORLDS; i++) {
        struct model_limine_map world;

        model_limine_map_fill(&world, &random);
        for (uint64_t revision = 0; revision < MODEL_REVISIONS; revision++) {
            size_t n;
            struct limine_memory_map_entry *entries = write_map(world.regions, world.map.n_regions, world.claims,
                                                                world.n_claims, revision, &n);
            const char *problem = model_limine_map_check(&world, revision, entries, n);

            if (!problem)
                problem = model_direct_map_check(&world, revision, direct_map_begin(entries, n, revision));
            if (problem)
                fail_msg("world %u, base revision %u: %s", i, (unsigned)revision, problem);
            free(entries);
        }
    }
}

static double thread_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time for as many modules side by side, and ten times as many regions; the best of some. */
static double seconds_for_modules(size_t n_modules, unsigned repeats)
{
    const size_t n_regions = 10 * n_modules;
    struct mem_region *regions = malloc(n_regions * sizeof *regions);
    struct region_claim *claims = malloc(n_modules * sizeof *claims);
    const uint64_t modules = GIB(64), modules_end = modules + n_modules * MIB(1);
    double best = 1e9;

    for (size_t i = 0; i < n_modules; i++)
        claims[i] = claim(modules_end - (i + 1) * MIB(1), modules_end - i * MIB(1), REGION_EXECUTABLE_AND_MODULES);
    for (size_t i = 0; i < n_regions; i++)
        regions[i] = region(MIB(2) + i * MIB(2), MIB(3) + i * MIB(2), REGION_USABLE);
    regions[n_regions - 1] = region(modules, modules_end, REGION_EXECUTABLE_AND_MODULES);
    for (unsigned i = 0; i < repeats; i++) {
        const double before = thread_seconds();
        size_t n;
        struct limine_memory_map_entry *entries = write_map(regions, n_regions, claims, n_modules, 1, &n);
        const double seconds = thread_seconds() - before;

        best = seconds < best ? seconds : best;
        assert_int_equal(n, n_regions - 1 + n_modules);
        free(entries);
    }
    free(claims);
    free(regions);
    return best;
}

/* n log n predicts 170 times as much, n squared 10,000: room for a busy machine on either side. */
static void a_hundred_times_as_many_modules_cost_nowhere_near_the_square(void **state)
{
    (void)state;
    assert_true(seconds_for_modules(10000, 3) < 1300 * seconds_for_modules(100, 50));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_region_has_its_type_in_every_revision),
        cmocka_unit_test(above_4_gib_only_what_the_revision_names_is_mapped),
        cmocka_unit_test(page_0_is_never_usable_up_to_revision_2),
        cmocka_unit_test(executables_and_modules_are_blocks_of_their_own),
        cmocka_unit_test(a_reserved_region_across_4_gib_is_mapped_up_to_there),
        cmocka_unit_test(framebuffers_are_ranges_of_their_own),
        cmocka_unit_test(without_regions_there_are_no_entries_and_only_the_blanket),
        cmocka_unit_test(only_revision_0_has_an_identity_map),
        cmocka_unit_test(the_allocator_sees_the_kernels_memory_as_usable),
        cmocka_unit_test(random_worlds_are_told_and_mapped_as_the_model_says),
        cmocka_unit_test(a_hundred_times_as_many_modules_cost_nowhere_near_the_square),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
