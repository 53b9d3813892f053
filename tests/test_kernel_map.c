/* What the kernel maps, and how many page tables the parts of it are said to take. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_tables.h"
#include "kernel_map.h"

static struct mem_region region(uint64_t start, uint64_t end, enum region_type type)
{
    return (struct mem_region){ phys_addr(start), phys_addr(end), type, 0 };
}

static void check_next(const struct region_map *map, size_t *cursor, uint64_t start, uint64_t end)
{
    const struct phys_range r = kernel_map_next(map, cursor);

    assert_int_equal(r.start.value, start);
    assert_int_equal(phys_range_end(r), end);
}

static void ram_is_mapped_and_nothing_else(void **state)
{
    (void)state;
    struct mem_region regions[REGION_TYPES];
    const struct region_map map = { .regions = regions, .n_regions = REGION_TYPES };
    size_t cursor = 0;

    for (unsigned type = 0; type < REGION_TYPES; type++)
        regions[type] = region(MIB(1) + type * MIB(2), MIB(2) + type * MIB(2), type);
    for (unsigned type = 0; type < REGION_TYPES; type++)
        if (type == REGION_USABLE || type == REGION_BOOTLOADER_RECLAIMABLE || type == REGION_ACPI_RECLAIMABLE ||
            type == REGION_ACPI_NVS)
            check_next(&map, &cursor, regions[type].start.value, regions[type].end.value);
    assert_int_equal(kernel_map_next(&map, &cursor).bytes, 0);
    assert_int_equal(kernel_map_next(&map, &cursor).bytes, 0);
}

static void regions_that_touch_are_one_range(void **state)
{
    (void)state;
    struct mem_region regions[] = {
        region(MIB(1), MIB(2), REGION_USABLE),
        region(MIB(2), MIB(3), REGION_ACPI_NVS),
        region(MIB(3), MIB(4), REGION_BOOTLOADER_RECLAIMABLE),
        region(MIB(4), MIB(5), REGION_RESERVED),
        region(MIB(5), MIB(6), REGION_USABLE),
        region(MIB(6) + KIB(4), MIB(7), REGION_USABLE),
    };
    const struct region_map map = { .regions = regions, .n_regions = ARRAY_LENGTH(regions) };
    size_t cursor = 0;

    check_next(&map, &cursor, MIB(1), MIB(4));
    check_next(&map, &cursor, MIB(5), MIB(6));
    check_next(&map, &cursor, MIB(6) + KIB(4), MIB(7));
    assert_int_equal(kernel_map_next(&map, &cursor).bytes, 0);
}

static void page_0_is_left_out(void **state)
{
    (void)state;
    struct mem_region regions[] = { region(0, KIB(4), REGION_USABLE), region(KIB(4), KIB(8), REGION_ACPI_NVS) };
    struct region_map map = { .regions = regions, .n_regions = 2 };
    size_t cursor = 0;

    check_next(&map, &cursor, KIB(4), KIB(8));
    assert_int_equal(kernel_map_next(&map, &cursor).bytes, 0);

    cursor = 0;
    map.n_regions = 1;
    assert_int_equal(kernel_map_next(&map, &cursor).bytes, 0);

    cursor = 0;
    regions[0].end = phys_addr(KIB(640));
    check_next(&map, &cursor, KIB(4), KIB(640));
}

static void map_identity(struct paging *paging, struct phys_range range, enum cache_type cache)
{
    assert_int_equal(paging_map(paging, virt_addr(range.start.value), range.start, range.bytes, PAGE_WRITE, cache),
                     PAGING_OK);
}

/* Random ranges in ascending order: as many tables as estimated, to the last. */
static void the_estimate_of_ascending_ranges_is_exact(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        const unsigned levels = 4 + round % 2;
        const bool pages_1g = round / 2 % 2;
        struct fake_tables tables = fake_tables();
        struct paging_estimate estimate = paging_estimate_begin(levels, pages_1g);
        struct paging paging;
        uint64_t at = 0;

        assert_int_equal(paging_init(&paging, levels, pages_1g, true, fake_source(&tables)), PAGING_OK);
        for (unsigned i = 0; i < 12; i++) {
            static const uint64_t units[] = { KIB(4), MIB(2), GIB(1), GIB(512) };
            const uint64_t gap = (uint64_t)(rand() % 3) * units[rand() % 4] + (uint64_t)(rand() % 2) * KIB(4);
            const uint64_t bytes = (uint64_t)(rand() % 3 + 1) * units[rand() % 3] + (uint64_t)(rand() % 2) * KIB(4);
            const struct phys_range range = { phys_addr(at + gap), bytes };

            paging_estimate_range(&estimate, range);
            assert_int_equal(paging_map(&paging, virt_addr(at + gap), range.start, bytes, PAGE_WRITE,
                                        CACHE_WRITE_BACK), PAGING_OK);
            at += gap + bytes;
        }
        assert_int_equal(tables.taken, estimate.tables);
        fake_tables_free(&tables);
    }
}

/* A hole whose two ends lie in different pages of the largest size. */
static void the_estimate_of_the_worst_hole_is_exact(void **state)
{
    (void)state;
    for (unsigned pages_1g = 0; pages_1g < 2; pages_1g++) {
        const uint64_t half = pages_1g ? MIB(512) + KIB(4) : MIB(1);
        const struct phys_range ram = { phys_addr(GIB(1)), 4 * (half - half % MIB(1)) };
        struct fake_tables tables = fake_tables();
        struct paging_estimate estimate = paging_estimate_begin(4, pages_1g);
        struct paging paging;

        assert_int_equal(paging_init(&paging, 4, pages_1g, true, fake_source(&tables)), PAGING_OK);
        map_identity(&paging, ram, CACHE_WRITE_BACK);
        assert_int_equal(paging_unmap(&paging, virt_addr(GIB(1) + half), ram.bytes / 2), PAGING_OK);
        paging_estimate_range(&estimate, ram);
        paging_estimate_splits(&estimate, 1);
        assert_int_equal(tables.taken, estimate.tables);
        fake_tables_free(&tables);
    }
}

/* Ranges in any order, and holes: never more tables than estimated. */
static void no_estimate_is_too_low(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        const unsigned levels = 4 + round % 2;
        const bool pages_1g = round / 2 % 2;
        struct fake_tables tables = fake_tables();
        struct paging_estimate estimate = paging_estimate_begin(levels, pages_1g);
        struct paging paging;

        assert_int_equal(paging_init(&paging, levels, pages_1g, true, fake_source(&tables)), PAGING_OK);
        for (unsigned i = 0; i < 12; i++) {
            const uint64_t pages = 1ull << rand() % 19;
            const uint64_t start = (uint64_t)(rand() % (1 << 20)) * KIB(4);
            const struct phys_range range = { phys_addr(start), frames_to_bytes(pages) };
            const uint64_t hole = start + (uint64_t)rand() % pages * KIB(4);
            const enum paging_status status = paging_map(&paging, virt_addr(start), range.start, range.bytes,
                                                         PAGE_WRITE, CACHE_WRITE_BACK);

            assert_int_not_equal(status, PAGING_NO_MEMORY);
            if (status == PAGING_OK)
                paging_estimate_range(&estimate, range);
            assert_int_equal(paging_unmap(&paging, virt_addr(hole), KIB(4)), PAGING_OK);
            paging_estimate_splits(&estimate, 1);
        }
        assert_true(tables.taken <= estimate.tables);
        fake_tables_free(&tables);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ram_is_mapped_and_nothing_else),
        cmocka_unit_test(regions_that_touch_are_one_range),
        cmocka_unit_test(page_0_is_left_out),
        cmocka_unit_test(the_estimate_of_ascending_ranges_is_exact),
        cmocka_unit_test(the_estimate_of_the_worst_hole_is_exact),
        cmocka_unit_test(no_estimate_is_too_low),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
