/* Where regions begin and end: the edges of the address space, claims, unaligned descriptors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "region_fixture.h"

static void zero_pages_are_skipped_wherever_they_start(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x5000, 1, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0, 0, 0);
    fixture_describe(&f, 0xdeadbeef, UINT64_MAX, 0, UINT64_MAX);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x5001, 0, 0);
    fixture_normalize(&f);
    check_only_anomaly(&f.map, ANOMALY_ZERO_PAGES, 3);
    assert_int_equal(f.map.n_descriptors, 4);
    CHECK_REGIONS(&f, REGION(0x5000, 0x6000, USABLE));
    fixture_free(&f);
}

static void what_ends_beyond_the_processor_is_dropped(void **state)
{
    (void)state;
    static const struct {
        unsigned phys_bits;
        uint64_t limit;
    } widths[] = {
        { 0, 0 }, { 11, 0 }, { 12, 0x1000 }, { 36, GIB(64) }, { 39, GIB(512) }, { 51, 1ull << 51 },
        { 52, 1ull << 52 }, { 53, 1ull << 52 }, { 63, 1ull << 52 }, { 64, 1ull << 52 }, { ~0u, 1ull << 52 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(widths); i++) {
        const uint64_t limit = widths[i].limit;
        struct region_fixture f = region_fixture(REGION_VIEW_OWNED);
        f.parameters.phys_bits = widths[i].phys_bits;
        fixture_describe(&f, FIRMWARE_RESERVED, limit, 1, 0);                            /* begins at the limit */
        fixture_describe(&f, FIRMWARE_RESERVED, limit - PAGE_SIZE + 1, 1, 0);            /* ends one byte above */
        fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0, (limit >> PAGE_SHIFT) + 1, WB);   /* ends one page above */
        fixture_describe(&f, FIRMWARE_RESERVED, UINT64_MAX - PAGE_MASK, 1, 0);           /* ends at 2^64 */
        fixture_describe(&f, FIRMWARE_RESERVED, UINT64_MAX, 1, 0);                       /* wraps */
        fixture_describe(&f, FIRMWARE_RESERVED, 0, UINT64_MAX, 0);                       /* pages * 4096 wraps */
        fixture_describe(&f, FIRMWARE_RESERVED, 0, 1ull << 52, 0);                       /* pages * 4096 == 2^64 */
        fixture_describe(&f, FIRMWARE_RESERVED, 0x1000, (1ull << 52) + 1, 0);            /* and one page more */
        fixture_describe(&f, FIRMWARE_RESERVED, 1ull << 63, 1ull << 51, 0);              /* the sum is 2^64 */
        fixture_normalize(&f);
        check_only_anomaly(&f.map, ANOMALY_OUT_OF_RANGE, 9);
        assert_int_equal(f.map.n_regions, 0);

        if (limit) {
            f.n_descriptors = 0;
            fixture_describe(&f, FIRMWARE_CONVENTIONAL, limit - PAGE_SIZE, 1, WB); /* ends at the limit */
            fixture_normalize(&f);
            check_no_anomalies(&f.map);
            assert_int_equal(f.map.regions[0].end.value, limit);
        }
        fixture_free(&f);
    }
}

static void a_processor_that_cannot_address_a_frame_has_no_regions(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    f.parameters.phys_bits = PAGE_SHIFT - 1;
    fixture_claim(&f, REGION_RESERVED, 0, 1);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0, 1, WB);
    fixture_normalize(&f);
    assert_int_equal(f.map.n_regions, 0);
    fixture_free(&f);
}

static void the_whole_address_space_is_one_region(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0, 1ull << 40, WB);
    fixture_normalize(&f);
    check_no_anomalies(&f.map);
    assert_int_equal(f.map.total_bytes, 1ull << 52);
    assert_int_equal(f.map.usable_bytes, 1ull << 52);
    CHECK_REGIONS(&f, REGION(0, 1ull << 52, USABLE));
    fixture_free(&f);
}

static void claims_are_carved_out_of_whatever_they_lie_in(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x10000, 16, WB);
    fixture_describe(&f, FIRMWARE_LOADER_CODE, 0x20000, 16, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x30000, 16, 0);
    fixture_claim(&f, REGION_EXECUTABLE_AND_MODULES, 0x20000, 0x8000);
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x18000, 0x1000);       /* inside RAM */
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x34000, 0x1000);       /* inside reserved memory */
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x80000000, 0x300000);  /* outside the map */
    fixture_normalize(&f);
    check_no_anomalies(&f.map);
    assert_int_equal(f.map.total_bytes, 0x20000);
    assert_int_equal(f.map.usable_bytes, 0x17000);
    CHECK_REGIONS(&f, REGION(0x10000, 0x18000, USABLE), REGION(0x18000, 0x19000, FRAMEBUFFER),
                  REGION(0x19000, 0x20000, USABLE), REGION(0x20000, 0x28000, EXECUTABLE_AND_MODULES),
                  REGION(0x28000, 0x30000, USABLE), REGION(0x30000, 0x34000, RESERVED),
                  REGION(0x34000, 0x35000, FRAMEBUFFER), REGION(0x35000, 0x40000, RESERVED),
                  REGION(0x80000000, 0x80300000, FRAMEBUFFER));
    fixture_free(&f);
}

static void claims_grow_to_pages_and_are_cut_at_the_processors_width(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    f.parameters.phys_bits = 32;
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x10000, 16, WB);
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x12fff, 2);                    /* touches two frames */
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x15000, 0);                    /* none */
    fixture_claim(&f, REGION_RESERVED, 0xfffff000, UINT64_MAX);           /* wraps */
    fixture_claim(&f, REGION_RESERVED, 0x100000000, 0x1000);              /* begins beyond */
    fixture_claim(&f, REGION_RESERVED, UINT64_MAX, 1);
    fixture_claim(&f, REGION_BAD_MEMORY, 0xffffdfff, 0x100000000);        /* ends beyond */
    fixture_normalize(&f);
    check_no_anomalies(&f.map);
    CHECK_REGIONS(&f, REGION(0x10000, 0x12000, USABLE), REGION(0x12000, 0x14000, FRAMEBUFFER),
                  REGION(0x14000, 0x20000, USABLE), REGION(0xffffd000, 0x100000000, BAD_MEMORY));
    fixture_free(&f);
}

static void bad_memory_beats_every_claim(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_UNUSABLE, 0x2000, 1, 0);
    fixture_claim(&f, REGION_FRAMEBUFFER, 0x1000, 0x3000);
    fixture_claim(&f, REGION_EXECUTABLE_AND_MODULES, 0x0, 0x5000);
    fixture_normalize(&f);
    CHECK_REGIONS(&f, REGION(0x0, 0x1000, EXECUTABLE_AND_MODULES), REGION(0x1000, 0x2000, FRAMEBUFFER),
                  REGION(0x2000, 0x3000, BAD_MEMORY), REGION(0x3000, 0x4000, FRAMEBUFFER),
                  REGION(0x4000, 0x5000, EXECUTABLE_AND_MODULES));
    fixture_free(&f);
}

static void the_hypertransport_hole_takes_promoted_memory_away_but_not_from_the_total(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0xfd00000000, 0x300000, WB);
    fixture_claim(&f, REGION_RESERVED, 0xfd00000000, GIB(12));
    fixture_normalize(&f);
    assert_int_equal(f.map.total_bytes, GIB(12));
    assert_int_equal(f.map.usable_bytes, 0);
    CHECK_REGIONS(&f, REGION(0xfd00000000, 0x10000000000, RESERVED));
    fixture_free(&f);
}

static void usable_shrinks_and_reserved_grows(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1800, 3, WB); /* to 4800: whole frames 2000, 3000 */
    fixture_describe(&f, FIRMWARE_RESERVED, 0x8001, 1, 0);      /* to 9001: touches 8000, 9000 */
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0xbfff, 1, WB); /* to cfff: no whole frame */
    fixture_normalize(&f);
    check_only_anomaly(&f.map, ANOMALY_UNALIGNED, 3);
    assert_int_equal(f.map.total_bytes, 4 * PAGE_SIZE);
    assert_int_equal(f.map.usable_bytes, 2 * PAGE_SIZE);
    CHECK_REGIONS(&f, REGION(0x2000, 0x4000, USABLE), REGION(0x8000, 0xa000, RESERVED));
    fixture_free(&f);
}

/*
 *  conventional   [1000             3000)             [5000 6000)
 *  reserved                    [2800     3800)
 *  mmio                                 [3800    4800)             both meet in frame 3000
 */
static void a_shared_frame_goes_to_the_strongest_type_in_it(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1000, 2, WB);
    fixture_describe(&f, FIRMWARE_RESERVED, 0x2800, 1, 0);
    fixture_describe(&f, FIRMWARE_MMIO, 0x3800, 1, 0);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x5000, 1, WB);
    fixture_normalize(&f);
    CHECK_REGIONS(&f, REGION(0x1000, 0x2000, USABLE), REGION(0x2000, 0x4000, RESERVED), REGION(0x4000, 0x5000, MMIO),
                  REGION(0x5000, 0x6000, USABLE));
    fixture_free(&f);
}

static void a_frame_whose_halves_are_both_free_is_free(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_BOOT);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1800, 2, WB);       /* to 3800 */
    fixture_describe(&f, FIRMWARE_BOOT_SERVICES_DATA, 0x3800, 1, WB); /* to 4800: frame 3000 is half and half */
    fixture_normalize(&f);
    CHECK_REGIONS(&f, REGION(0x2000, 0x3000, USABLE), REGION(0x3000, 0x4000, BOOTLOADER_RECLAIMABLE));
    fixture_free(&f);

    f.parameters.view = REGION_VIEW_OWNED;
    fixture_normalize(&f);
    CHECK_REGIONS(&f, REGION(0x2000, 0x4000, USABLE));
    fixture_free(&f);
}

static void a_frame_with_a_hole_in_it_is_nobodys(void **state)
{
    (void)state;
    struct region_fixture f = region_fixture(REGION_VIEW_OWNED);

    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x0, 1, WB);
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x800, 1, WB);  /* to 1800 */
    fixture_describe(&f, FIRMWARE_CONVENTIONAL, 0x1a00, 1, WB); /* to 2a00 */
    fixture_normalize(&f);
    CHECK_REGIONS(&f, REGION(0x0, 0x1000, USABLE));
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_pages_are_skipped_wherever_they_start),
        cmocka_unit_test(what_ends_beyond_the_processor_is_dropped),
        cmocka_unit_test(a_processor_that_cannot_address_a_frame_has_no_regions),
        cmocka_unit_test(the_whole_address_space_is_one_region),
        cmocka_unit_test(claims_are_carved_out_of_whatever_they_lie_in),
        cmocka_unit_test(claims_grow_to_pages_and_are_cut_at_the_processors_width),
        cmocka_unit_test(bad_memory_beats_every_claim),
        cmocka_unit_test(the_hypertransport_hole_takes_promoted_memory_away_but_not_from_the_total),
        cmocka_unit_test(usable_shrinks_and_reserved_grows),
        cmocka_unit_test(a_shared_frame_goes_to_the_strongest_type_in_it),
        cmocka_unit_test(a_frame_whose_halves_are_both_free_is_free),
        cmocka_unit_test(a_frame_with_a_hole_in_it_is_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
