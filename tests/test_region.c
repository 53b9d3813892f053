/* region_normalize(): strides, buffers, order and overlap; region_find(). Its siblings: test_region_*.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "region_fixture.h"

static void an_empty_map_gives_no_regions(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    for (uint64_t stride = 0; stride < 100; stride++) {
        fixture_normalize_map(&f, &(struct firmware_map){ NULL, 0, stride });
        assert_int_equal(f.map.n_regions, 0);
        assert_int_equal(f.map.n_descriptors, 0);
        assert_int_equal(f.map.total_bytes, 0);
        assert_int_equal(f.map.usable_bytes, 0);
        check_no_anomalies(&f.map);
    }
    fixture_free(&f);
}

static void a_stride_below_a_descriptor_is_refused(void **state)
{
    (void)state;
    static const uint64_t strides[] = { 0, 1, 8, 39 };
    const struct firmware_descriptor descriptor = { .type = 7, .start = 0x1000, .pages = 1, .attributes = WB };
    const struct region_parameters parameters = { .phys_bits = PHYS_BITS_MAX };
    char buffer[1024] = { 0 };
    struct region_map map;
    struct region_map untouched;

    memset(&map, 0x5a, sizeof(map));
    untouched = map;
    for (size_t i = 0; i < ARRAY_LENGTH(strides); i++) {
        const struct firmware_map firmware = { &descriptor, sizeof(descriptor), strides[i] };
        assert_int_equal(firmware_map_count(&firmware), 0);
        assert_int_equal(region_normalize(&firmware, &parameters, buffer, sizeof(buffer), &map), REGION_BAD_STRIDE);
        assert_memory_equal(&map, &untouched, sizeof(map));
    }
}

static void any_stride_from_a_descriptor_up_is_stepped_by(void **state)
{
    (void)state;
    static const uint64_t strides[] = { 40, 41, 48, 64, 4096 };
    const struct firmware_descriptor low = { .type = 7, .start = 0x1000, .pages = 2, .attributes = WB };
    const struct firmware_descriptor high = { .type = 0, .start = 0x8000, .pages = 1 };

    for (size_t i = 0; i < ARRAY_LENGTH(strides); i++) {
        struct region_fixture f = region_fixture(REGION_VIEW_OWNED);
        char *descriptors = malloc(2 * strides[i]);
        memset(descriptors, 0xff, 2 * strides[i]);
        memcpy(descriptors, &low, sizeof(low));
        memcpy(descriptors + strides[i], &high, sizeof(high));
        fixture_normalize_map(&f, &(struct firmware_map){ descriptors, 2 * strides[i], strides[i] });
        assert_int_equal(f.map.n_descriptors, 2);
        check_no_anomalies(&f.map);
        CHECK_REGIONS(&f, REGION(0x1000, 0x3000, USABLE), REGION(0x8000, 0x9000, RESERVED));
        fixture_free(&f);
        free(descriptors);
    }
}

static void a_map_that_ends_inside_a_descriptor_loses_that_one(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);
    const uint64_t stride = sizeof(f.descriptors[0]);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1000, 1, WB);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x4000, 1, WB);
    for (uint64_t bytes = 1; bytes < 2 * stride; bytes++) {
        char *cut = malloc(bytes); /* nothing behind the cut may be read */
        memcpy(cut, f.descriptors, bytes);
        fixture_normalize_map(&f, &(struct firmware_map){ cut, bytes, stride });
        free(cut);
        assert_int_equal(f.map.n_descriptors, bytes / stride);
        assert_int_equal(f.map.n_regions, bytes / stride);
        check_only_anomaly(&f.map, ANOMALY_TRUNCATED, bytes % stride != 0);
    }
    fixture_free(&f);
}

static void a_buffer_one_byte_short_is_refused(void **state)
{
    (void)state;
    const struct firmware_descriptor descriptors[3] = { { .type = 7, .pages = 1, .attributes = WB } };
    const struct region_claim hole = { { { 0 }, 1 }, REGION_RESERVED };
    const struct region_parameters parameters = { .claims = &hole, .n_claims = 1, .phys_bits = PHYS_BITS_MAX };
    const struct firmware_map firmware = { descriptors, sizeof(descriptors), sizeof(descriptors[0]) };
    const size_t needed = region_buffer_bytes(3, 1);
    char *buffer = calloc(1, needed);
    struct region_map map;
    struct region_map untouched;

    memset(&map, 0x5a, sizeof(map));
    untouched = map;
    assert_int_equal(region_normalize(&firmware, &parameters, buffer, needed - 1, &map), REGION_NO_SPACE);
    assert_int_equal(region_normalize(&firmware, &parameters, buffer, 0, &map), REGION_NO_SPACE);
    assert_memory_equal(&map, &untouched, sizeof(map));
    assert_int_equal(region_normalize(&firmware, &parameters, buffer, needed, &map), REGION_OK);
    free(buffer);
}

static void a_buffer_size_that_overflows_is_zero(void **state)
{
    (void)state;
    const uint64_t most = SIZE_MAX / 48;

    assert_int_equal(region_buffer_bytes(UINT64_MAX, 0), 0);
    assert_int_equal(region_buffer_bytes(0, SIZE_MAX), 0);
    assert_int_equal(region_buffer_bytes(UINT64_MAX, 1), 0);
    assert_int_equal(region_buffer_bytes(most, 1), 0);
    assert_int_equal(region_buffer_bytes(most, 0), most * 48);
    assert_true(region_buffer_bytes(0, 0) > 0);
    assert_true(region_buffer_bytes(1, 0) >= sizeof(struct mem_region));
}

static void unsorted_descriptors_are_sorted_and_neighbours_merged(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x5000, 1, WB);
    fixture_describe(&f, FIRMWARE_BOOT_SERVICES_DATA, 0x4000, 1, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x9000, 1, WB);
    fixture_describe(&f, FIRMWARE_LOADER_CODE, 0x2000, 2, WB);
    fixture_normalize(&f);
    check_only_anomaly(&f.map, ANOMALY_UNSORTED, 2);
    assert_int_equal(f.map.usable_bytes, 0x4000);
    CHECK_REGIONS(&f, REGION(0x2000, 0x6000, USABLE), REGION(0x9000, 0xa000, RESERVED));
    fixture_free(&f);
}

/*
 *  conventional  [1000    4000)[4000     7000)[7000     a000)
 *  reserved           [2000                       9000)
 */
static void one_reserved_range_is_subtracted_from_several_usable_ones(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1000, 3, WB);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x4000, 3, WB);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x7000, 3, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x2000, 7, 0);
    fixture_normalize(&f);
    assert_int_equal(f.map.anomalies[ANOMALY_OVERLAP], 3);
    assert_int_equal(f.map.anomalies[ANOMALY_UNSORTED], 1);
    assert_int_equal(f.map.total_bytes, 0x2000);
    CHECK_REGIONS(&f, REGION(0x1000, 0x2000, USABLE), REGION(0x2000, 0x9000, RESERVED),
                  REGION(0x9000, 0xa000, USABLE));
    fixture_free(&f);
}

static void duplicates_count_once_in_totals_and_are_reported(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    for (int i = 0; i < 3; i++)
        fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1000, 5, WB);
    fixture_describe(&f, FIRMWARE_LOADER_DATA, 0x3000, 1, WB);
    fixture_normalize(&f);
    check_only_anomaly(&f.map, ANOMALY_OVERLAP, 3);
    assert_int_equal(f.map.total_bytes, 0x5000);
    assert_int_equal(f.map.usable_bytes, 0x5000);
    CHECK_REGIONS(&f, REGION(0x1000, 0x6000, USABLE));
    fixture_free(&f);
}

static void descriptors_that_touch_do_not_overlap(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1000, 1, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x2000, 1, WB);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x3000, 1, WB);
    fixture_normalize(&f);
    check_no_anomalies(&f.map);
    CHECK_REGIONS(&f, REGION(0x1000, 0x2000, USABLE), REGION(0x2000, 0x3000, RESERVED),
                  REGION(0x3000, 0x4000, USABLE));
    fixture_free(&f);
}

static void the_total_leaves_out_bytes_that_an_excluded_type_covers(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x0000, 16, WB);
    fixture_describe(&f, FIRMWARE_MMIO, 0x4000, 2, 0);
    fixture_describe(&f, FIRMWARE_UNUSABLE, 0x5000, 3, 0);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x20000, 1, 0);
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x8000, 0x1000);
    fixture_claim(&f, REGION_RESERVED, 0x9000, 0x1000);
    fixture_normalize(&f);
    assert_int_equal(f.map.total_bytes, 12 * PAGE_SIZE);
    assert_int_equal(f.map.usable_bytes, 10 * PAGE_SIZE);
    fixture_free(&f);
}

static void region_find_finds_each_byte_and_no_other(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1000, 1, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x2000, 2, 0);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x8000, 1, WB);
    fixture_normalize(&f);
    assert_null(region_find(&f.map, phys_addr(0)));
    assert_null(region_find(&f.map, phys_addr(0xfff)));
    assert_ptr_equal(region_find(&f.map, phys_addr(0x1000)), &f.map.regions[0]);
    assert_ptr_equal(region_find(&f.map, phys_addr(0x1fff)), &f.map.regions[0]);
    assert_ptr_equal(region_find(&f.map, phys_addr(0x2000)), &f.map.regions[1]);
    assert_ptr_equal(region_find(&f.map, phys_addr(0x3fff)), &f.map.regions[1]);
    assert_null(region_find(&f.map, phys_addr(0x4000)));
    assert_null(region_find(&f.map, phys_addr(0x7fff)));
    assert_ptr_equal(region_find(&f.map, phys_addr(0x8fff)), &f.map.regions[2]);
    assert_null(region_find(&f.map, phys_addr(0x9000)));
    assert_null(region_find(&f.map, phys_addr(UINT64_MAX)));
    f.map.n_regions = 0;
    assert_null(region_find(&f.map, phys_addr(0x1000)));
    fixture_free(&f);
}

static void every_type_and_anomaly_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < REGION_TYPES; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(region_type_name(i), region_type_name(k));
    for (unsigned i = 0; i < ANOMALIES; i++) {
        assert_true(strlen(region_anomaly_text(i)) > 0);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(region_anomaly_text(i), region_anomaly_text(k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_gives_no_regions),
        cmocka_unit_test(a_stride_below_a_descriptor_is_refused),
        cmocka_unit_test(any_stride_from_a_descriptor_up_is_stepped_by),
        cmocka_unit_test(a_map_that_ends_inside_a_descriptor_loses_that_one),
        cmocka_unit_test(a_buffer_one_byte_short_is_refused),
        cmocka_unit_test(a_buffer_size_that_overflows_is_zero),
        cmocka_unit_test(unsorted_descriptors_are_sorted_and_neighbours_merged),
        cmocka_unit_test(one_reserved_range_is_subtracted_from_several_usable_ones),
        cmocka_unit_test(duplicates_count_once_in_totals_and_are_reported),
        cmocka_unit_test(descriptors_that_touch_do_not_overlap),
        cmocka_unit_test(the_total_leaves_out_bytes_that_an_excluded_type_covers),
        cmocka_unit_test(region_find_finds_each_byte_and_no_other),
        cmocka_unit_test(every_type_and_anomaly_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
