/*
 * region_normalize() on the maps of tests/maps: real machines, and shapes that broke other loaders.
 *
 * The figures below are sums of the rows where rows do not overlap (taken with awk, which knows no rule), and worked
 * out row by row where they do, as the line above each says. The full reports expected are in tests/maps/expected; what
 * they must contain for the small maps of awkward shape is derived row by row in test_region_derived.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory_report.h"
#include "region_fixture.h"

static const struct {
    const char *name;
    uint64_t n_descriptors;
    size_t n_regions;
    uint64_t usable_pages;
    uint64_t total_pages;
} figures[] = {
    { "amd_ht_hole_fd00000000", 8, 7, 8117791, 8117791 },
    { "conventional_at_fd00000000_promoted", 3, 3, 11239167, 11239167 },
    { "empty", 0, 0, 0, 0 },
    { "low_1m_all_boot_services", 4, 4, 524191, 524191 },
    { "many_2048_single_page", 2048, 1, 2048, 2048 },
    { "many_312_alternating", 312, 1, 10193, 10193 },
    { "no_conventional", 3, 1, 524544, 524544 },
    { "no_memory_below_4g", 3, 1, 4128768, 4128768 },
    { "ovmf_2022.11_q35_1t", 116, 18, 272628110, 272629536 },
    { "ovmf_2022.11_q35_big", 124, 18, 1046926, 1048352 },
    { "ovmf_2022.11_q35_std", 124, 17, 63886, 65312 },
    { "real_dell_inspiron7520_unsorted_tail", 70, 24, 2063687, 2065567 },
    { "real_dell_server_250", 250, 13, 16752732, 16756254 },
    { "real_hp_superdome2_12TB", 70, 37, 3221195661, 3221208719 },
    { "real_lenovo_x240", 51, 18, 2066373, 2070875 },
    /* All lies in the first row: less 0x200 + 1 reserved pages, and for usable less 0x100 of runtime services. */
    { "reserved_inside_conventional", 5, 7, 0x7ff00 - 0x201 - 0x100, 0x7ff00 - 0x201 },
    /* Row 1 loses one page to its ends, row 2 all, row 3 the two pages that one reserved page touches. */
    { "unaligned_start", 4, 4, 0x10 - 1 + 0x100 - 2, 0x10 + 1 + 0x100 - 1 },
    /* The first six rows, of which the fifth is runtime services; the other five wrap. */
    { "wraparound", 11, 4, 0x9f + 0x800 + 0x3f700 + 0x1000 + 0x40000, 0x9f + 0x800 + 0x3f700 + 0x1100 + 0x40000 },
    { "zero_page_entries_phoenix", 11, 4, 528287, 528543 },
};

static void every_map_gives_the_figures_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        struct region_fixture f = fixture_of_map(figures[i].name, REGION_VIEW_OWNED);
        assert_int_equal(f.map.n_descriptors, figures[i].n_descriptors);
        assert_int_equal(f.map.n_regions, figures[i].n_regions);
        assert_int_equal(f.map.usable_bytes, figures[i].usable_pages * PAGE_SIZE);
        assert_int_equal(f.map.total_bytes, figures[i].total_pages * PAGE_SIZE);
        fixture_free(&f);
    }
}

static void every_map_is_reported_as_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        struct region_fixture f = fixture_of_map(figures[i].name, REGION_VIEW_OWNED);
        size_t expected_bytes;
        char *expected = read_text("tests/maps/expected", figures[i].name, &expected_bytes);
        char *report = malloc(MIB(1));
        size_t length = 0;
        const struct buffer_sink sink = buffer_sink(report, MIB(1), &length);
        memory_report_map(&sink.sink, &f.map);
        assert_string_equal(report, expected);
        free(report);
        free(expected);
        fixture_free(&f);
    }
}

static void the_regions_do_not_depend_on_stride_or_alignment(void **state)
{
    (void)state;
    static const uint64_t strides[] = { 40, 41, 56, 4096 };

    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        struct map_text text = read_map(figures[i].name);
        struct region_fixture expected = fixture_of_map(figures[i].name, REGION_VIEW_BOOT);
        for (size_t k = 0; k < ARRAY_LENGTH(strides); k++) {
            const uint64_t n = firmware_map_count(&text.map);
            struct region_fixture f = region_fixture(REGION_VIEW_BOOT);
            char *block = calloc(1, n * strides[k] + 1);
            for (uint64_t d = 0; d < n; d++)
                memcpy(block + 1 + d * strides[k], (const char *)text.map.descriptors + d * text.map.stride,
                       sizeof(struct firmware_descriptor));
            fixture_normalize_map(&f, &(struct firmware_map){ block + 1, n * strides[k], strides[k] });
            check_regions(&f.map, expected.map.regions, expected.map.n_regions);
            free(block);
            fixture_free(&f);
        }
        fixture_free(&expected);
        map_text_free(&text);
    }
}

/* ... and nothing else: once it is called usable, the boot view is the owned view. */
static void the_boot_view_differs_only_in_what_is_reclaimable(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        struct region_fixture boot = fixture_of_map(figures[i].name, REGION_VIEW_BOOT);
        struct region_fixture owned = fixture_of_map(figures[i].name, REGION_VIEW_OWNED);
        struct mem_region *merged = calloc(boot.map.n_regions + 1, sizeof(*merged));
        size_t n = 0;
        for (size_t k = 0; k < boot.map.n_regions; k++) {
            struct mem_region r = boot.map.regions[k];
            if (r.type == REGION_BOOTLOADER_RECLAIMABLE)
                r.type = REGION_USABLE;
            if (n && merged[n - 1].end.value == r.start.value && merged[n - 1].type == r.type)
                merged[n - 1].end = r.end;
            else
                merged[n++] = r;
        }
        check_regions(&owned.map, merged, n);
        assert_int_equal(boot.map.total_bytes, owned.map.total_bytes);
        free(merged);
        fixture_free(&boot);
        fixture_free(&owned);
    }
}

static void before_the_exit_firmware_and_loader_keep_their_memory(void **state)
{
    (void)state;
    struct region_fixture low = fixture_of_map("low_1m_all_boot_services", REGION_VIEW_BOOT);
    struct region_fixture none = fixture_of_map("no_conventional", REGION_VIEW_BOOT);
    struct region_fixture many = fixture_of_map("many_2048_single_page", REGION_VIEW_BOOT);

    CHECK_REGIONS(&low, REGION(0x0, 0x58000, BOOTLOADER_RECLAIMABLE), REGION(0x58000, 0x59000, RESERVED),
                  REGION(0x59000, 0xa0000, BOOTLOADER_RECLAIMABLE), REGION(0x100000, 0x80000000, USABLE));
    CHECK_REGIONS(&none, REGION(0x100000, 0x80200000, BOOTLOADER_RECLAIMABLE));
    assert_int_equal(many.map.n_regions, 2048);
    assert_int_equal(many.map.usable_bytes, 1024 * PAGE_SIZE);
    fixture_free(&low);
    fixture_free(&none);
    fixture_free(&many);
}

static void the_hypertransport_hole_is_taken_from_the_map_that_calls_it_memory(void **state)
{
    (void)state;
    struct map_text text = read_map("conventional_at_fd00000000_promoted");
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_claim(&f, REGION_RESERVED, 0xfd00000000, GIB(12));
    fixture_normalize_map(&f, &text.map);
    CHECK_REGIONS(&f, REGION(0x100000, 0x80000000, USABLE), REGION(0x100000000, 0x837fff000, USABLE),
                  REGION(0xfd00000000, 0x10000000000, RESERVED));
    fixture_free(&f);
    map_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_gives_the_figures_worked_out_by_hand),
        cmocka_unit_test(every_map_is_reported_as_expected),
        cmocka_unit_test(the_regions_do_not_depend_on_stride_or_alignment),
        cmocka_unit_test(the_boot_view_differs_only_in_what_is_reclaimable),
        cmocka_unit_test(before_the_exit_firmware_and_loader_keep_their_memory),
        cmocka_unit_test(the_hypertransport_hole_is_taken_from_the_map_that_calls_it_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
