/* mm/report/anomalies.c: each anomaly by its descriptors, on random maps against a model that compares all with all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "anomalies.h"
#include "compiler.h"
#include "random_map.h"

#define FOUND_MAX (RANDOM_MAP_DESCRIPTORS_MAX * 4 + 1) /* a descriptor can have four at once, and some more cannot be */

struct list {
    struct anomaly_visitor visitor;
    size_t *n;
    struct anomaly *found;
};

static void append(const struct anomaly_visitor *visitor, const struct anomaly *a)
{
    const struct list *list = CONTAINER_OF(visitor, struct list, visitor);

    assert_true(*list->n < FOUND_MAX * 2);
    list->found[(*list->n)++] = *a;
}

static size_t find(const struct firmware_map *map, unsigned phys_bits, struct anomaly *found)
{
    const size_t bytes = anomalies_buffer_bytes(firmware_map_count(map));
    void *buffer = malloc(bytes);
    size_t n = 0;
    const struct list list = { { append }, &n, found };

    assert_int_equal(anomalies_visit(map, phys_bits, buffer, bytes, &list.visitor), REGION_OK);
    free(buffer);
    return n;
}

/* ---- the model --------------------------------------------------------------------------------------------------- */

static struct firmware_descriptor descriptor(const struct firmware_map *map, uint64_t i)
{
    struct firmware_descriptor d;

    memcpy(&d, (const char *)map->descriptors + i * map->stride, sizeof d);
    return d;
}

static unsigned __int128 end_of(const struct firmware_descriptor *d)
{
    return d->start + (unsigned __int128)d->pages * 4096;
}

static bool is_kept(const struct firmware_map *map, uint64_t i, unsigned phys_bits)
{
    const struct firmware_descriptor d = descriptor(map, i);

    return d.pages && end_of(&d) <= 1ull << phys_bits;
}

static bool is_free(uint32_t type)
{
    return type == 7 || (type >= 1 && type <= 4);
}

static bool model_is_before(const struct firmware_map *map, uint64_t a, uint64_t b)
{
    const uint64_t start_a = descriptor(map, a).start, start_b = descriptor(map, b).start;

    return start_a < start_b || (start_a == start_b && a < b);
}

/* The one before i by address that reaches furthest, and of several the first, if it reaches into i. */
static uint64_t model_overlap(const struct firmware_map *map, uint64_t n, unsigned phys_bits, uint64_t i)
{
    const struct firmware_descriptor d = descriptor(map, i);
    uint64_t best = ANOMALY_ALONE;

    for (uint64_t k = 0; k < n; k++) {
        const struct firmware_descriptor other = descriptor(map, k);

        if (!is_kept(map, k, phys_bits) || !model_is_before(map, k, i) || end_of(&other) <= d.start)
            continue;
        if (best != ANOMALY_ALONE) {
            const struct firmware_descriptor rival = descriptor(map, best);

            if (end_of(&other) < end_of(&rival) ||
                (end_of(&other) == end_of(&rival) && model_is_before(map, best, k)))
                continue;
        }
        best = k;
    }
    return best;
}

static void model_add(struct anomaly *found, size_t *n, enum region_anomaly kind, uint64_t i, uint64_t other)
{
    found[(*n)++] = (struct anomaly){ kind, i, other, kind == ANOMALY_UNSORTED || kind == ANOMALY_NOT_GENERAL };
}

static void model_descriptor(const struct firmware_map *map, uint64_t n, unsigned phys_bits, uint64_t i,
                             struct anomaly *found, size_t *n_found)
{
    const struct firmware_descriptor d = descriptor(map, i);
    const uint64_t overlap = model_overlap(map, n, phys_bits, i);
    uint64_t before = i;

    if (!is_kept(map, i, phys_bits)) {
        model_add(found, n_found, d.pages ? ANOMALY_OUT_OF_RANGE : ANOMALY_ZERO_PAGES, i, ANOMALY_ALONE);
        return;
    }
    while (before > 0 && !is_kept(map, before - 1, phys_bits))
        before--;
    if (before > 0 && descriptor(map, before - 1).start > d.start)
        model_add(found, n_found, ANOMALY_UNSORTED, i, before - 1);
    if (overlap != ANOMALY_ALONE)
        model_add(found, n_found, ANOMALY_OVERLAP, i, overlap);
    if (d.start % 4096)
        model_add(found, n_found, ANOMALY_UNALIGNED, i, ANOMALY_ALONE);
    if (d.type > 15)
        found[(*n_found)++] = (struct anomaly){ ANOMALY_UNKNOWN_TYPE, i, ANOMALY_ALONE, d.type >= 0x70000000 };
    if (is_free(d.type) && !(d.attributes >> 3 & 1))
        model_add(found, n_found, ANOMALY_NOT_WRITE_BACK, i, ANOMALY_ALONE);
    if (is_free(d.type) && d.attributes & (1 << 13 | 1 << 15 | 1 << 17 | 1 << 18 | 1 << 20))
        model_add(found, n_found, ANOMALY_NOT_GENERAL, i, ANOMALY_ALONE);
    if (is_free(d.type) && d.attributes >> 63)
        model_add(found, n_found, ANOMALY_RUNTIME_FREE, i, ANOMALY_ALONE);
}

static size_t model_find(const struct firmware_map *map, unsigned phys_bits, struct anomaly *found)
{
    const uint64_t n = map->bytes / map->stride;
    size_t n_found = 0;

    for (uint64_t i = 0; i < n; i++)
        model_descriptor(map, n, phys_bits, i, found, &n_found);
    if (map->bytes % map->stride)
        model_add(found, &n_found, ANOMALY_TRUNCATED, n, ANOMALY_ALONE);
    return n_found;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void check_counts(const struct map_subject *subject, enum region_view view, const struct anomaly *found,
                         size_t n)
{
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits, view };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&subject->map), subject->n_claims);
    void *buffer = malloc(bytes);
    uint64_t counts[ANOMALIES] = { 0 };
    struct region_map map;

    assert_int_equal(region_normalize(&subject->map, &parameters, buffer, bytes, &map), REGION_OK);
    for (size_t i = 0; i < n; i++)
        counts[found[i].kind]++;
    assert_memory_equal(counts, map.anomalies, sizeof counts);
    free(buffer);
}

static void random_maps_agree_with_the_model_and_with_the_counts(void **state)
{
    (void)state;
    struct anomaly found[FOUND_MAX * 2], expected[FOUND_MAX * 2];
    uint64_t random = 0x9e3779b97f4a7c15;
    uint64_t seen[ANOMALIES] = { 0 };

    for (unsigned round = 0; round < 5000; round++) {
        struct random_map map;

        random_map_make(&map, &random);
        const size_t n = find(&map.subject.map, map.subject.phys_bits, found);
        const size_t n_expected = model_find(&map.subject.map, map.subject.phys_bits, expected);

        assert_int_equal(n, n_expected);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(found[i].kind, expected[i].kind);
            assert_int_equal(found[i].descriptor, expected[i].descriptor);
            assert_int_equal(found[i].other, expected[i].other);
            assert_int_equal(found[i].is_remark, expected[i].is_remark);
            seen[found[i].kind]++;
        }
        check_counts(&map.subject, REGION_VIEW_BOOT, found, n);
        check_counts(&map.subject, REGION_VIEW_OWNED, found, n);
        random_map_free(&map);
    }
    for (unsigned kind = 0; kind < ANOMALIES; kind++)
        assert_true(seen[kind] > 100); /* else the maps were not wrong enough */
}

static void of_several_that_overlap_the_one_that_reaches_furthest_is_named(void **state)
{
    (void)state;
    /*
     * #1 [0                        9)
     * #0   [1    3)
     * #2            [5 6)                 meets #1, not #0
     * #3                      [8       b)
     * #4                             [a c)
     */
    static const struct firmware_descriptor rows[] = {
        { .type = 7, .start = 0x1000, .pages = 2, .attributes = 8 },
        { .type = 7, .start = 0x0000, .pages = 9, .attributes = 8 },
        { .type = 7, .start = 0x5000, .pages = 1, .attributes = 8 },
        { .type = 7, .start = 0x8000, .pages = 3, .attributes = 8 },
        { .type = 7, .start = 0xa000, .pages = 2, .attributes = 8 },
    };
    const struct firmware_map map = { rows, sizeof rows, sizeof rows[0] };
    static const uint64_t others[] = { 1, 0, 1, 1, 3 };
    struct anomaly found[FOUND_MAX * 2];

    assert_int_equal(find(&map, 52, found), ARRAY_LENGTH(others));
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_int_equal(found[i].kind, i == 1 ? ANOMALY_UNSORTED : ANOMALY_OVERLAP);
        assert_int_equal(found[i].descriptor, i);
        assert_int_equal(found[i].other, others[i]);
    }
}

static void maps_that_are_none_and_buffers_too_small_are_refused_before_anything_is_shown(void **state)
{
    (void)state;
    static const struct firmware_descriptor rows[3] = { { .type = 99 } };
    const struct firmware_map map = { rows, sizeof rows, sizeof rows[0] };
    const struct firmware_map bad = { rows, sizeof rows, FIRMWARE_STRIDE_MIN - 1 };
    const struct firmware_map none = { NULL, 0, 0 };
    uint64_t buffer[64];
    size_t n = 0;
    const struct list list = { { append }, &n, NULL };

    assert_true(sizeof buffer >= anomalies_buffer_bytes(3));
    assert_int_equal(anomalies_visit(&bad, 52, buffer, sizeof buffer, &list.visitor), REGION_BAD_STRIDE);
    assert_int_equal(anomalies_visit(&map, 52, buffer, anomalies_buffer_bytes(3) - 1, &list.visitor), REGION_NO_SPACE);
    assert_int_equal(anomalies_visit(&none, 52, buffer, sizeof buffer, &list.visitor), REGION_OK);
    assert_int_equal(n, 0);
    assert_int_equal(anomalies_buffer_bytes(UINT64_MAX / 8), 0);
    for (uint64_t count = 0; count < 1000; count++)
        assert_true(anomalies_buffer_bytes(count) <= region_buffer_bytes(count, 0));
}

static void count(const struct anomaly_visitor *visitor, const struct anomaly *a)
{
    (void)a;
    ++*CONTAINER_OF(visitor, struct list, visitor)->n;
}

static double seconds_for_nested(uint64_t n, unsigned repeats)
{
    struct firmware_descriptor *rows = calloc(n, sizeof *rows);
    const struct firmware_map map = { rows, n * sizeof *rows, sizeof *rows };
    void *buffer = malloc(anomalies_buffer_bytes(n));
    double best = 1e9;

    for (uint64_t i = 0; i < n; i++)
        rows[i] = (struct firmware_descriptor){
            .type = (uint32_t)(i % 32), .start = (n - i) * PAGE_SIZE, .pages = 2 * i + 1, .attributes = 8
        };
    for (unsigned repeat = 0; repeat < repeats; repeat++) {
        struct timespec from, to;
        size_t found = 0;
        const struct list list = { { count }, &found, NULL };

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        assert_int_equal(anomalies_visit(&map, 52, buffer, anomalies_buffer_bytes(n), &list.visitor), REGION_OK);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        assert_true(found >= 2 * (n - 1));
        const double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        best = seconds < best ? seconds : best;
    }
    free(buffer);
    free(rows);
    return best;
}

/* n log n predicts 167 times as much, n squared 10,000. */
static void a_hundred_times_as_many_descriptors_cost_nowhere_near_the_square(void **state)
{
    (void)state;
    const double few = seconds_for_nested(1000, 50);

    assert_true(seconds_for_nested(100000, 3) < 1300 * few);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(anomaly_name(ANOMALY_UNSORTED), "unsorted");
    assert_string_equal(anomaly_name(ANOMALY_RUNTIME_FREE), "runtime_free");
    assert_string_equal(anomaly_name(ANOMALY_TRUNCATED), "truncated");
    for (unsigned a = 0; a < ANOMALIES; a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(anomaly_name(a), anomaly_name(b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps_agree_with_the_model_and_with_the_counts),
        cmocka_unit_test(of_several_that_overlap_the_one_that_reaches_furthest_is_named),
        cmocka_unit_test(maps_that_are_none_and_buffers_too_small_are_refused_before_anything_is_shown),
        cmocka_unit_test(a_hundred_times_as_many_descriptors_cost_nowhere_near_the_square),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
