/*
 * The regions of the small maps of awkward shape in tests/maps, derived by hand from the rules in mem_region.h. As
 * owned: boot services' and loader memory (types 1 to 4) is as good as conventional (7), and what touches is one
 * region. A row of p pages from s covers [s, s + p * 0x1000).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "region_fixture.h"

#define DERIVED_REGIONS_MAX 8

static const struct {
    const char *name;
    struct mem_region regions[DERIVED_REGIONS_MAX]; /* up to the first that is empty */
    uint64_t anomalies[ANOMALIES];
} derived[] = {
    {
        "unaligned_start",
        {
            REGION(0x101000, 0x110000, USABLE), /* whole frames in [0x100800, 0x110800) */
            /* [0x200fff, 0x201fff) has no whole frame */
            REGION(0x300000, 0x380000, USABLE), /* [0x300000, 0x400000) less ... */
            REGION(0x380000, 0x382000, RESERVED), /* ... the frames that [0x380001, 0x381001) touches, which overlap */
            REGION(0x382000, 0x400000, USABLE),
        },
        { [ANOMALY_UNALIGNED] = 3, [ANOMALY_OVERLAP] = 1 },
    },
    {
        "wraparound",
        {
            REGION(0x1000, 0xa0000, USABLE),
            REGION(0x100000, 0x41000000, USABLE), /* rows 2, 3, 4: to 0x900000, to 0x40000000, and to the end */
            REGION(0x41000000, 0x41100000, RUNTIME_SERVICES),
            REGION(0x100000000, 0x140000000, USABLE),
            /* row 7 ends at 2^64 + 0x1000, 8 at 2^64 + 0x1fffff000, 9 at 2^76, 10 and 11 at 2^64 */
        },
        { [ANOMALY_OUT_OF_RANGE] = 5 },
    },
    {
        "reserved_inside_conventional",
        {
            REGION(0x100000, 0x20000000, USABLE), /* row 1 is [0x100000, 0x80000000) less all the others */
            REGION(0x20000000, 0x20200000, RESERVED),
            REGION(0x20200000, 0x40004000, USABLE),
            REGION(0x40004000, 0x40005000, RESERVED),
            REGION(0x40005000, 0x7f000000, USABLE),
            REGION(0x7f000000, 0x7f100000, RUNTIME_SERVICES), /* with row 5 in it, which has the attribute RUNTIME */
            REGION(0x7f100000, 0x80000000, USABLE),
        },
        { [ANOMALY_OVERLAP] = 4, [ANOMALY_RUNTIME_FREE] = 1 },
    },
    {
        "amd_ht_hole_fd00000000",
        {
            REGION(0x0, 0xa0000, USABLE), /* rows 1 and 2 touch at 0x1000 */
            REGION(0x100000, 0x80000000, USABLE),
            REGION(0x100000000, 0x837fff000, USABLE), /* and a page that nobody names */
            REGION(0x838000000, 0x858000000, RESERVED),
            REGION(0x858000000, 0x85de80000, USABLE),
            REGION(0x85eec0000, 0x880200000, RESERVED),
            REGION(0xfd00000000, 0x10000000000, RESERVED),
        },
        { 0 },
    },
    {
        "zero_page_entries_phoenix",
        {
            REGION(0x1000, 0xa0000, USABLE),
            REGION(0x100000, 0x41000000, USABLE), /* rows 2, 3, 4 */
            REGION(0x41000000, 0x41100000, RUNTIME_SERVICES),
            REGION(0x100000000, 0x140000000, USABLE),
        },
        { [ANOMALY_ZERO_PAGES] = 5 }, /* which also start below their predecessor; a skipped row counts once */
    },
    {
        "low_1m_all_boot_services",
        {
            REGION(0x0, 0x58000, USABLE),
            REGION(0x58000, 0x59000, RESERVED),
            REGION(0x59000, 0xa0000, USABLE),
            REGION(0x100000, 0x80000000, USABLE),
        },
        { 0 },
    },
    {
        "no_conventional",
        { REGION(0x100000, 0x80200000, USABLE) }, /* to 0x80000000, to 0x80100000, and to the end */
        { 0 },
    },
    {
        "no_memory_below_4g",
        { REGION(0x10000000000, 0x103f0000000, USABLE) }, /* to 0x10001000000, to 0x10001100000, and to the end */
        { 0 },
    },
    {
        "conventional_at_fd00000000_promoted", /* who knows of the hole must claim it: test_region_maps.c */
        {
            REGION(0x100000, 0x80000000, USABLE),
            REGION(0x100000000, 0x837fff000, USABLE),
            REGION(0xfd00000000, 0x10000000000, USABLE),
        },
        { 0 },
    },
};

static void maps_of_awkward_shape_give_the_regions_derived_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(derived); i++) {
        struct region_fixture f = fixture_of_map(derived[i].name, REGION_VIEW_OWNED);
        size_t n = 0;

        while (n < DERIVED_REGIONS_MAX && derived[i].regions[n].end.value)
            n++;
        check_regions(&f.map, derived[i].regions, n);
        for (unsigned kind = 0; kind < ANOMALIES; kind++)
            assert_int_equal(f.map.anomalies[kind], derived[i].anomalies[kind]);
        fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_of_awkward_shape_give_the_regions_derived_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
