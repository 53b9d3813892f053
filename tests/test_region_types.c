/* Who gets a byte: types and attributes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "region_fixture.h"

static void every_firmware_type_becomes_its_region_type(void **state)
{
    (void)state;
    static const struct {
        enum region_type owned;
        enum region_type boot;
        bool in_total;
    } expected[] = {
        [0] = { REGION_RESERVED, REGION_RESERVED, false },
        [1] = { REGION_USABLE, REGION_BOOTLOADER_RECLAIMABLE, true },
        [2] = { REGION_USABLE, REGION_BOOTLOADER_RECLAIMABLE, true },
        [3] = { REGION_USABLE, REGION_BOOTLOADER_RECLAIMABLE, true },
        [4] = { REGION_USABLE, REGION_BOOTLOADER_RECLAIMABLE, true },
        [5] = { REGION_RUNTIME_SERVICES, REGION_RUNTIME_SERVICES, true },
        [6] = { REGION_RUNTIME_SERVICES, REGION_RUNTIME_SERVICES, true },
        [7] = { REGION_USABLE, REGION_USABLE, true },
        [8] = { REGION_BAD_MEMORY, REGION_BAD_MEMORY, false },
        [9] = { REGION_ACPI_RECLAIMABLE, REGION_ACPI_RECLAIMABLE, true },
        [10] = { REGION_ACPI_NVS, REGION_ACPI_NVS, true },
        [11] = { REGION_MMIO, REGION_MMIO, false },
        [12] = { REGION_MMIO, REGION_MMIO, false },
        [13] = { REGION_RESERVED, REGION_RESERVED, true },
        [14] = { REGION_PERSISTENT, REGION_PERSISTENT, true },
        [15] = { REGION_UNACCEPTED, REGION_UNACCEPTED, true },
    };

    for (uint32_t type = 0; type < ARRAY_LENGTH(expected); type++) {
        for (enum region_view view = REGION_VIEW_BOOT; view <= REGION_VIEW_OWNED; view++) {
            struct region_fixture f = region_fixture(view);
            const enum region_type want = view == REGION_VIEW_OWNED ? expected[type].owned : expected[type].boot;
            fixture_describe(&f, type, 0x10000, 4, WB);
            fixture_normalize(&f);
            check_no_anomalies(&f.map);
            assert_int_equal(f.map.total_bytes, expected[type].in_total ? 0x4000 : 0);
            assert_int_equal(f.map.usable_bytes, want == REGION_USABLE ? 0x4000 : 0);
            CHECK_REGIONS(&f, { { 0x10000 }, { 0x14000 }, want, 0 });
            fixture_free(&f);
        }
    }
}

static void unknown_types_keep_their_numbers_and_merge_only_with_their_own(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, 16, 0x1000, 1, WB);
    fixture_describe(&f, 16, 0x2000, 1, WB);
    fixture_describe(&f, OEM_RANGE_TYPE, 0x3000, 1, WB);
    fixture_describe(&f, LOADER_RANGE_TYPE, 0x4000, 1, WB);
    fixture_describe(&f, UINT32_MAX, 0x5000, 1, 0);
    fixture_normalize(&f);
    check_only_anomaly(&f.map, ANOMALY_UNKNOWN_TYPE, 5);
    assert_int_equal(f.map.total_bytes, 0x5000);
    assert_int_equal(f.map.usable_bytes, 0);
    CHECK_REGIONS(&f, UNKNOWN_REGION(0x1000, 0x3000, 16), UNKNOWN_REGION(0x3000, 0x4000, OEM_RANGE_TYPE),
                  UNKNOWN_REGION(0x4000, 0x5000, LOADER_RANGE_TYPE), UNKNOWN_REGION(0x5000, 0x6000, UINT32_MAX));
    fixture_free(&f);
}

/*
 *  16  [1000             5000)
 *  17         [2000             6000)
 *  99            [3000  4000)
 *  20                             [6000 7000)  and 21 in the same place
 */
static void of_two_unknown_types_the_one_that_reaches_further_wins(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, 99, 0x3000, 1, WB);
    fixture_describe(&f, 16, 0x1000, 4, WB);
    fixture_describe(&f, 17, 0x2000, 4, WB);
    fixture_describe(&f, 21, 0x6000, 1, WB);
    fixture_describe(&f, 20, 0x6000, 1, WB);
    fixture_normalize(&f);
    CHECK_REGIONS(&f, UNKNOWN_REGION(0x1000, 0x2000, 16), UNKNOWN_REGION(0x2000, 0x6000, 17),
                  UNKNOWN_REGION(0x6000, 0x7000, 21));
    fixture_free(&f);
}

/* Firmware types that end up as each region type; 0 also where none does. */
static const uint32_t firmware_types[REGION_TYPES] = {
    [REGION_USABLE] = 7,
    [REGION_BOOTLOADER_RECLAIMABLE] = 4,
    [REGION_ACPI_RECLAIMABLE] = 9,
    [REGION_PERSISTENT] = 14,
    [REGION_UNACCEPTED] = 15,
    [REGION_ACPI_NVS] = 10,
    [REGION_RUNTIME_SERVICES] = 6,
    [REGION_MMIO] = 11,
    [REGION_UNKNOWN] = 16,
    [REGION_RESERVED] = 0,
    [REGION_BAD_MEMORY] = 8,
};

/* The weaker around the stronger, and both in one place; in the order that the caller wants. */
static void check_stronger_wins(unsigned weak, unsigned strong, bool strong_first)
{
    const uint32_t weak_number = weak == REGION_UNKNOWN ? firmware_types[weak] : 0;
    const uint32_t strong_number = strong == REGION_UNKNOWN ? firmware_types[strong] : 0;
    struct region_fixture f = region_fixture(REGION_VIEW_BOOT);

    if (strong_first) {
        fixture_describe(&f, firmware_types[strong], 0x2000, 1, WB);
        fixture_describe(&f, firmware_types[strong], 0x8000, 1, WB);
    }
    fixture_describe(&f, firmware_types[weak], 0x1000, 3, WB);
    fixture_describe(&f, firmware_types[weak], 0x8000, 1, WB);
    if (!strong_first) {
        fixture_describe(&f, firmware_types[strong], 0x2000, 1, WB);
        fixture_describe(&f, firmware_types[strong], 0x8000, 1, WB);
    }
    fixture_normalize(&f);
    assert_int_equal(f.map.anomalies[ANOMALY_OVERLAP], 2);
    CHECK_REGIONS(&f, { { 0x1000 }, { 0x2000 }, weak, weak_number }, { { 0x2000 }, { 0x3000 }, strong, strong_number },
                  { { 0x3000 }, { 0x4000 }, weak, weak_number }, { { 0x8000 }, { 0x9000 }, strong, strong_number });
    fixture_free(&f);
}

static bool only_claims_make(unsigned type)
{
    return type == REGION_RESERVED_MAPPED || type == REGION_EXECUTABLE_AND_MODULES || type == REGION_FRAMEBUFFER;
}

static void every_region_type_beats_those_before_it(void **state)
{
    (void)state;
    for (unsigned strong = 0; strong < REGION_TYPES; strong++) {
        for (unsigned weak = 0; weak < strong; weak++) {
            if (only_claims_make(weak) || only_claims_make(strong))
                continue;
            check_stronger_wins(weak, strong, false);
            check_stronger_wins(weak, strong, true);
        }
    }
}

static void attributes_decide_about_free_memory_only(void **state)
{
    (void)state;
    static const struct {
        uint64_t attributes;
        enum region_type type; /* REGION_USABLE: stays what it is */
        enum region_anomaly anomaly;
    } cases[] = {
        { WB, REGION_USABLE, ANOMALIES },
        { FIRMWARE_ATTRIBUTE_UC | FIRMWARE_ATTRIBUTE_WC | FIRMWARE_ATTRIBUTE_WT | WB, REGION_USABLE, ANOMALIES },
        { FIRMWARE_ATTRIBUTE_UCE | WB, REGION_USABLE, ANOMALIES },
        { FIRMWARE_ATTRIBUTE_WP | WB, REGION_USABLE, ANOMALIES },
        { FIRMWARE_ATTRIBUTE_XP | WB, REGION_USABLE, ANOMALIES },
        { FIRMWARE_ATTRIBUTE_MORE_RELIABLE | WB, REGION_USABLE, ANOMALIES },
        { FIRMWARE_ATTRIBUTE_CPU_CRYPTO | WB, REGION_USABLE, ANOMALIES },
        { 0, REGION_RESERVED, ANOMALY_NOT_WRITE_BACK },
        { FIRMWARE_ATTRIBUTE_UC | FIRMWARE_ATTRIBUTE_WC | FIRMWARE_ATTRIBUTE_WT, REGION_RESERVED,
          ANOMALY_NOT_WRITE_BACK },
        { FIRMWARE_ATTRIBUTE_SP | WB, REGION_RESERVED, ANOMALY_NOT_GENERAL },
        { FIRMWARE_ATTRIBUTE_RP | WB, REGION_RESERVED, ANOMALY_NOT_GENERAL },
        { FIRMWARE_ATTRIBUTE_RO | WB, REGION_RESERVED, ANOMALY_NOT_GENERAL },
        { FIRMWARE_ATTRIBUTE_NV | WB, REGION_RESERVED, ANOMALY_NOT_GENERAL },
        { FIRMWARE_ATTRIBUTE_HOT_PLUGGABLE | WB, REGION_RESERVED, ANOMALY_NOT_GENERAL },
        { FIRMWARE_ATTRIBUTE_RUNTIME | WB, REGION_RUNTIME_SERVICES, ANOMALY_RUNTIME_FREE },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (uint32_t type = FIRMWARE_RESERVED; type <= FIRMWARE_UNACCEPTED; type++) {
            const bool is_free = type == FIRMWARE_CONVENTIONAL || (type >= 1 && type <= 4);
            struct region_fixture plain = region_fixture(REGION_VIEW_OWNED);
            struct region_fixture f = region_fixture(REGION_VIEW_OWNED);
            fixture_describe(&plain, type, 0x1000, 1, WB);
            fixture_normalize(&plain);
            fixture_describe(&f, type, 0x1000, 1, cases[i].attributes);
            fixture_normalize(&f);
            assert_int_equal(f.map.regions[0].type, is_free ? cases[i].type : plain.map.regions[0].type);
            assert_int_equal(f.map.total_bytes, plain.map.total_bytes);
            check_only_anomaly(&f.map, is_free ? cases[i].anomaly : ANOMALIES, 1);
            fixture_free(&plain);
            fixture_free(&f);
        }
    }
}

static void memory_with_several_bad_attributes_counts_for_each_and_is_reserved(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_BOOT);

    fixture_describe(&f, FIRMWARE_BOOT_SERVICES_CODE, 0x1000, 1, FIRMWARE_ATTRIBUTE_RUNTIME | FIRMWARE_ATTRIBUTE_SP);
    fixture_normalize(&f);
    assert_int_equal(f.map.anomalies[ANOMALY_NOT_WRITE_BACK], 1);
    assert_int_equal(f.map.anomalies[ANOMALY_NOT_GENERAL], 1);
    assert_int_equal(f.map.anomalies[ANOMALY_RUNTIME_FREE], 1);
    CHECK_REGIONS(&f, REGION(0x1000, 0x2000, RESERVED));
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_firmware_type_becomes_its_region_type),
        cmocka_unit_test(unknown_types_keep_their_numbers_and_merge_only_with_their_own),
        cmocka_unit_test(of_two_unknown_types_the_one_that_reaches_further_wins),
        cmocka_unit_test(every_region_type_beats_those_before_it),
        cmocka_unit_test(attributes_decide_about_free_memory_only),
        cmocka_unit_test(memory_with_several_bad_attributes_counts_for_each_and_is_reserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
