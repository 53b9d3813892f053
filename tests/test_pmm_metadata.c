/* How much metadata the allocator takes: for every real map, for awkward ones, and for memory in crumbs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "../mm/host/map_text.h"
#include "mem_region.h"
#include "model_pmm_fixture.h"

#define SCATTERED_RUNS_MAX 20000
#define RUNS_MAX 200000
#define BYTES_PER_GIB 34000
#define BYTES_PER_RUN 32
#define BYTES_PER_RECLAIMABLE_REGION 8
#define INCLUDED 1000 /* runs, and reclaimable regions, that the 64 KiB pay for */

static bool is_tracked(const struct mem_region *r)
{
    return r->type == REGION_USABLE || r->type == REGION_BOOTLOADER_RECLAIMABLE;
}

static uint64_t beyond_included(uint64_t n) { return n > INCLUDED ? n - INCLUDED : 0; }

/* What pmm.h promises; without reclaimable regions it is what the project demands. */
static uint64_t budget(const struct mem_region *regions, size_t n_regions)
{
    uint64_t bytes = 0, runs = 0, reclaimable = 0, reached = UINT64_MAX;

    for (size_t i = 0; i < n_regions; i++) {
        if (!is_tracked(&regions[i]))
            continue;
        bytes += region_range(&regions[i]).bytes;
        runs += regions[i].start.value != reached;
        reclaimable += regions[i].type == REGION_BOOTLOADER_RECLAIMABLE;
        reached = regions[i].end.value;
    }
    return (uint64_t)((double)bytes * BYTES_PER_GIB / (double)GIB(1)) + KIB(64) +
           beyond_included(runs) * BYTES_PER_RUN + beyond_included(reclaimable) * BYTES_PER_RECLAIMABLE_REGION;
}

static void expect_within_budget(const struct mem_region *regions, size_t n_regions)
{
    assert_in_range(pmm_metadata_bytes(regions, n_regions), 1, budget(regions, n_regions));
}

static struct map_text read_map(const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "r");
    struct map_text_error error;
    struct map_text map;

    assert_non_null(file);
    const size_t n = fread(text, 1, sizeof(text), file);

    fclose(file);
    assert_true(map_text_parse(text, n, &map, &error));
    return map;
}

/* Both views of a map stay within budget; an allocator made for it (up to 1 TiB) starts out right. */
static void try_map(const char *path, enum region_view view)
{
    struct map_text text = read_map(path);
    const size_t bytes = region_buffer_bytes(firmware_map_count(&text.map), text.n_claims);
    const struct region_parameters parameters = { text.claims, text.n_claims, text.phys_bits, view };
    void *buffer = malloc(bytes);
    struct region_map map;

    assert_int_equal(region_normalize(&text.map, &parameters, buffer, bytes, &map), REGION_OK);
    expect_within_budget(map.regions, map.n_regions);
    if (map.usable_bytes <= TIB(1)) {
        struct pmm_fixture f;

        pmm_fixture_init(&f, phys_addr(MIB(1)), map.regions, map.n_regions);
        assert_int_equal(frames_to_bytes(pmm_stats(f.pmm, f.cpus).usable_frames), map.usable_bytes);
        pmm_check_invariants(f.pmm, f.cpus);
        pmm_fixture_free(&f);
    }
    free(buffer);
    map_text_free(&text);
}

static void real_maps_stay_within_the_budget(void **state)
{
    glob_t maps;
    (void)state;

    assert_int_equal(glob("tests/maps/*.txt", 0, NULL, &maps), 0);
    assert_true(maps.gl_pathc >= 19);
    for (size_t i = 0; i < maps.gl_pathc; i++) {
        try_map(maps.gl_pathv[i], REGION_VIEW_BOOT);
        try_map(maps.gl_pathv[i], REGION_VIEW_OWNED);
    }
    globfree(&maps);
}

/* n runs of up to run_frames frames each; every type if mixed, else one. */
static void try_scattered(unsigned n, unsigned run_frames, unsigned hole_frames, unsigned types)
{
    static const enum region_type tracked[] = { REGION_USABLE, REGION_BOOTLOADER_RECLAIMABLE };
    static struct mem_region regions[SCATTERED_RUNS_MAX];
    uint64_t next = (uint64_t)rand() % 1000;

    for (unsigned i = 0; i < n; i++) {
        const uint64_t count = (uint64_t)rand() % run_frames + 1;

        regions[i] = model_region(next, count, tracked[types == 2 ? rand() % 2 : (int)types]);
        next += count + (hole_frames ? (uint64_t)rand() % hole_frames + 1 : 0);
    }
    expect_within_budget(regions, n);
}

static void scattered_memory_stays_within_the_budget(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200; round++) {
        const unsigned n = (unsigned)rand() % SCATTERED_RUNS_MAX + 1;

        for (unsigned types = 0; types < 3; types++) {
            try_scattered(n, 1, 1, types);
            try_scattered(n, 1, 100000, types);
            try_scattered(n, 1u << rand() % 20, 1u << rand() % 20, types);
        }
        try_scattered(n, 1, 0, 2);
    }
}

/* Two frames on either side of a word's border take two words: no run takes more for what it holds. */
static void the_dearest_runs_stay_within_the_budget(void **state)
{
    static const enum region_type tracked[] = { REGION_USABLE, REGION_BOOTLOADER_RECLAIMABLE };
    static struct mem_region regions[RUNS_MAX];
    (void)state;

    for (unsigned type = 0; type < ARRAY_LENGTH(tracked); type++) {
        for (size_t i = 0; i < RUNS_MAX; i++)
            regions[i] = model_region(128 * i + 63, 2, tracked[type]);
        expect_within_budget(regions, 1);
        expect_within_budget(regions, INCLUDED);
        expect_within_budget(regions, 5000);
        expect_within_budget(regions, RUNS_MAX);
    }
}

/* Every other frame is a region of its own to wait for pmm_add(), and all are one run. */
static void the_dearest_reclaimable_regions_stay_within_the_budget(void **state)
{
    static struct mem_region regions[SCATTERED_RUNS_MAX];
    (void)state;

    for (size_t i = 0; i < ARRAY_LENGTH(regions); i++)
        regions[i] = model_region(i, 1, i % 2 ? REGION_BOOTLOADER_RECLAIMABLE : REGION_USABLE);
    expect_within_budget(regions, INCLUDED);
    expect_within_budget(regions, ARRAY_LENGTH(regions));
}

/* Spans that just begin to be placed on borders of areas, as badly as possible: the most padding a span can take. */
static void the_worst_placement_stays_within_the_budget(void **state)
{
    static struct mem_region regions[4000];
    (void)state;

    for (uint64_t offset = 0; offset < 512; offset += 7) {
        for (size_t i = 0; i < ARRAY_LENGTH(regions); i++)
            regions[i] = model_region((i + 1) * 65536 + 512 - i * offset % 512 - 1, 32769, REGION_USABLE);
        expect_within_budget(regions, ARRAY_LENGTH(regions));
        expect_within_budget(regions, 1000);
    }
}

static void machines_of_up_to_all_addresses_stay_within_the_budget(void **state)
{
    (void)state;
    for (unsigned bits = PAGE_SHIFT; bits <= PHYS_BITS_MAX; bits++) {
        const struct mem_region usable = { { 0 }, { (uint64_t)1 << bits }, REGION_USABLE, 0 };
        const struct mem_region reclaimable = { { 0 }, { (uint64_t)1 << bits }, REGION_BOOTLOADER_RECLAIMABLE, 0 };

        expect_within_budget(&usable, 1);
        expect_within_budget(&reclaimable, 1);
    }
}

static void scattered_single_frames_can_all_be_allocated(void **state)
{
    static struct mem_region regions[SCATTERED_RUNS_MAX];
    struct pmm_fixture f;
    frame_t got;
    (void)state;

    for (uint64_t i = 0; i < SCATTERED_RUNS_MAX; i++)
        regions[i] = model_region(1000 + 3 * i, 1, i % 2 ? REGION_USABLE : REGION_BOOTLOADER_RECLAIMABLE);
    pmm_fixture_init(&f, phys_addr(TIB(1)), regions, SCATTERED_RUNS_MAX);
    for (uint64_t i = 0; i < SCATTERED_RUNS_MAX; i += 2)
        assert_int_equal(pmm_add(f.pmm, f.cpus, (struct frame_range){ { 1000 + 3 * i }, 1 }), PMM_OK);
    assert_int_equal(pmm_stats(f.pmm, f.cpus).free_frames, SCATTERED_RUNS_MAX);
    assert_int_equal(pmm_stats(f.pmm, f.cpus).largest_free_run, 1);
    for (uint64_t i = 0; i < SCATTERED_RUNS_MAX; i++) {
        assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_OK);
        assert_int_equal(got.value, 1000 + 3 * i);
    }
    assert_int_equal(pmm_alloc_frame(f.pmm, f.cpus, &got), PMM_NO_MEMORY);
    pmm_fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_maps_stay_within_the_budget),
        cmocka_unit_test(scattered_memory_stays_within_the_budget),
        cmocka_unit_test(the_dearest_runs_stay_within_the_budget),
        cmocka_unit_test(the_dearest_reclaimable_regions_stay_within_the_budget),
        cmocka_unit_test(the_worst_placement_stays_within_the_budget),
        cmocka_unit_test(machines_of_up_to_all_addresses_stay_within_the_budget),
        cmocka_unit_test(scattered_single_frames_can_all_be_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
