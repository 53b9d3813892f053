/* region_normalize() on many descriptors, and on random ones against the model. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "model_region.h"
#include "region_fixture.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13; /* Marsaglia, "Xorshift RNGs" */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static uint64_t random_below(uint64_t *state, uint64_t n)
{
    return (next_random(state) >> 16) % n;
}

static double thread_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time that n descriptors take, nested in each other and in the worst order for a naive sort: best of all. */
static double seconds_for_nested(uint64_t n, unsigned repeats)
{
    struct firmware_descriptor *descriptors = calloc(n, sizeof(*descriptors));
    const struct firmware_map firmware = { descriptors, n * sizeof(*descriptors), sizeof(*descriptors) };
    const struct region_parameters parameters = { .phys_bits = PHYS_BITS_MAX };
    const size_t bytes = region_buffer_bytes(n, 0);
    void *buffer = malloc(bytes);
    double best = 1e9;
    struct region_map map;

    for (uint64_t i = 0; i < n; i++)
        descriptors[i] = (struct firmware_descriptor){
            .type = (uint32_t)(i % 32), .start = (n - i) * PAGE_SIZE, .pages = 2 * i + 1, .attributes = WB
        };
    for (unsigned repeat = 0; repeat < repeats; repeat++) {
        const double before = thread_seconds();
        assert_int_equal(region_normalize(&firmware, &parameters, buffer, bytes, &map), REGION_OK);
        const double seconds = thread_seconds() - before;
        best = seconds < best ? seconds : best;
    }
    assert_int_equal(map.anomalies[ANOMALY_OVERLAP], n - 1);
    free(buffer);
    free(descriptors);
    return best;
}

/* n log n predicts 167 times as much, n squared 10,000: room for a busy machine on either side. */
static void a_hundred_times_as_many_descriptors_cost_nowhere_near_the_square(void **state)
{
    (void)state;
    const double few = seconds_for_nested(1000, 50);
    const double many = seconds_for_nested(100000, 3);

    assert_true(many < 1300 * few);
}

static uint32_t random_type(uint64_t *random)
{
    static const uint32_t unknown[] = { 16, 17, OEM_RANGE_TYPE, LOADER_RANGE_TYPE };

    switch (random_below(random, 8)) {
    case 0:
        return unknown[random_below(random, ARRAY_LENGTH(unknown))];
    case 1:
    case 2:
    case 3:
        return FIRMWARE_CONVENTIONAL;
    default:
        return (uint32_t)random_below(random, FIRMWARE_UNACCEPTED + 1);
    }
}

static struct firmware_descriptor random_descriptor(uint64_t *random, uint64_t n_frames, bool unaligned)
{
    static const unsigned bits[] = { 12, 13, 14, 15, 16, 17, 18, 19, 20, 63 };
    struct firmware_descriptor d = {
        .type = random_type(random),
        .start = random_below(random, n_frames) * PAGE_SIZE,
        .pages = random_below(random, random_below(random, 4) ? 8 : n_frames / 2),
        .attributes = WB,
    };

    if (unaligned && random_below(random, 2))
        d.start += random_below(random, PAGE_SIZE / MODEL_SECTOR_BYTES) * MODEL_SECTOR_BYTES;
    if (random_below(random, 8) == 0)
        d.attributes |= 1ull << bits[random_below(random, ARRAY_LENGTH(bits))];
    if (random_below(random, 32) == 0)
        d.attributes &= ~WB;
    if (random_below(random, 64) == 0)
        d.start = next_random(random) | 1ull << 40;
    if (random_below(random, 64) == 0)
        d.pages = next_random(random) | 1ull << 40;
    return d;
}

static struct region_claim random_claim(uint64_t *random, uint64_t n_frames)
{
    const uint64_t start = random_below(random, n_frames * 9 / 8) * PAGE_SIZE;
    const uint64_t offset = random_below(random, PAGE_SIZE / MODEL_SECTOR_BYTES) * MODEL_SECTOR_BYTES;
    const uint64_t bytes = random_below(random, 64) ? random_below(random, 64) * MODEL_SECTOR_BYTES
                                                    : UINT64_MAX - random_below(random, MIB(1));
    const uint64_t type = REGION_ACPI_RECLAIMABLE + random_below(random, REGION_TYPES - REGION_ACPI_RECLAIMABLE);

    return (struct region_claim){ { { start + offset }, bytes }, (enum region_type)type };
}

static void check_against_model(const struct firmware_map *firmware, const struct region_parameters *parameters)
{
    const size_t bytes = region_buffer_bytes(firmware_map_count(firmware), parameters->n_claims);
    void *buffer = malloc(bytes);
    struct region_map map;
    struct region_map model;

    assert_int_equal(region_normalize(firmware, parameters, buffer, bytes, &map), REGION_OK);
    model_region_normalize(firmware, parameters, &model);
    check_regions(&map, model.regions, model.n_regions);
    assert_int_equal(map.n_descriptors, model.n_descriptors);
    assert_int_equal(map.total_bytes, model.total_bytes);
    assert_int_equal(map.usable_bytes, model.usable_bytes);
    for (unsigned i = 0; i < ANOMALIES; i++)
        assert_int_equal(map.anomalies[i], model.anomalies[i]);
    free(model.regions);
    free(buffer);
}

static void random_maps_agree_with_the_model(void **state)
{
    (void)state;
    static const uint64_t strides[] = { 40, 48, 56 };
    uint64_t random = 0x9e3779b97f4a7c15;

    for (unsigned round = 0; round < 4000; round++) {
        const unsigned phys_bits = 17 + round % 4;
        const uint64_t n_frames = 1ull << (phys_bits - PAGE_SHIFT);
        const uint64_t stride = strides[random_below(&random, ARRAY_LENGTH(strides))];
        const uint64_t bytes = random_below(&random, 40) * stride + random_below(&random, 2) * 39;
        char *descriptors = malloc(bytes + 1);
        struct region_claim claims[4];
        const size_t n_claims = random_below(&random, ARRAY_LENGTH(claims) + 1);

        for (uint64_t at = 0; at + stride <= bytes; at += stride) {
            const struct firmware_descriptor d = random_descriptor(&random, n_frames, round % 2);
            memcpy(descriptors + at, &d, sizeof(d));
        }
        for (size_t i = 0; i < n_claims; i++)
            claims[i] = random_claim(&random, n_frames);
        const struct firmware_map firmware = { descriptors, bytes, stride };
        const struct region_parameters parameters = { claims, n_claims, phys_bits,
                                                      round % 3 ? REGION_VIEW_OWNED : REGION_VIEW_BOOT };
        check_against_model(&firmware, &parameters);
        free(descriptors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_times_as_many_descriptors_cost_nowhere_near_the_square),
        cmocka_unit_test(random_maps_agree_with_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
