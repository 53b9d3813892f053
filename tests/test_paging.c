/* paging.h, rule by rule. Random operations against a model: test_paging_random.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_tables.h"
#include "paging.h"

#define XD (1ull << 63)
#define RW (PAGE_READ | PAGE_WRITE)

struct fixture {
    struct fake_tables tables;
    struct paging paging;
};

static void start(struct fixture *f, unsigned levels, bool pages_1g, bool no_execute)
{
    f->tables = fake_tables();
    assert_int_equal(paging_init(&f->paging, levels, pages_1g, no_execute, fake_source(&f->tables)), PAGING_OK);
}

static void stop(struct fixture *f) { fake_tables_free(&f->tables); }

static enum paging_status map(struct fixture *f, uint64_t virt, uint64_t phys, uint64_t bytes, unsigned rights,
                              enum cache_type cache)
{
    return paging_map(&f->paging, virt_addr(virt), phys_addr(phys), bytes, rights, cache);
}

static struct paging_translation translate(const struct fixture *f, uint64_t virt)
{
    return paging_translate(&f->paging, virt_addr(virt));
}

static uint64_t entry(struct fixture *f, uint64_t virt, uint64_t *ret_bytes)
{
    return raw_entry(&f->tables, f->paging.root.value, f->paging.levels, virt, ret_bytes);
}

static void check_unmapped(const struct fixture *f, uint64_t virt) { assert_false(translate(f, virt).mapped); }

static void check_page(const struct fixture *f, uint64_t virt, uint64_t phys, uint64_t page_bytes, unsigned rights,
                       enum cache_type cache)
{
    const struct paging_translation t = translate(f, virt);

    assert_true(t.mapped);
    assert_int_equal(t.address.value, phys);
    assert_int_equal(t.page_bytes, page_bytes);
    assert_int_equal(t.rights, rights);
    assert_int_equal(t.cache, cache);
}

static void entries_have_the_bits_of_the_manual(void **state)
{
    (void)state;
    /* rights, cache; bits of a 4 KiB page's entry, of a 2 MiB page's */
    static const struct {
        unsigned rights;
        enum cache_type cache;
        uint64_t small, large;
    } cases[] = {
        { PAGE_READ, CACHE_WRITE_BACK, XD | 0x001, XD | 0x0081 },
        { PAGE_WRITE, CACHE_WRITE_BACK, XD | 0x003, XD | 0x0083 },
        { PAGE_EXECUTE, CACHE_WRITE_BACK, 0x001, 0x0081 },
        { PAGE_WRITE | PAGE_EXECUTE, CACHE_WRITE_THROUGH, 0x00B, 0x008B },
        { PAGE_WRITE, CACHE_UNCACHED, XD | 0x01B, XD | 0x009B },
        { PAGE_READ, CACHE_WRITE_PROTECTED, XD | 0x081, XD | 0x1081 },
        { PAGE_WRITE, CACHE_WRITE_COMBINING, XD | 0x08B, XD | 0x108B },
    };
    const uint64_t phys = (1ull << 52) - GIB(1); /* every address bit set that can be */
    uint64_t bytes;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture f;
        start(&f, 4, true, true);
        assert_int_equal(map(&f, MIB(4) - KIB(4), phys + MIB(4) - KIB(4), MIB(2) + KIB(4), cases[i].rights,
                             cases[i].cache), PAGING_OK);
        assert_int_equal(map(&f, GIB(1), phys, GIB(1), cases[i].rights, cases[i].cache), PAGING_OK);
        assert_int_equal(entry(&f, MIB(4) - 1, &bytes), (phys + MIB(4) - KIB(4)) | cases[i].small);
        assert_int_equal(bytes, KIB(4));
        assert_int_equal(entry(&f, MIB(4), &bytes), (phys + MIB(4)) | cases[i].large);
        assert_int_equal(bytes, MIB(2));
        assert_int_equal(entry(&f, GIB(1), &bytes), phys | cases[i].large);
        assert_int_equal(bytes, GIB(1));
        stop(&f);
    }
}

static void without_no_execute_the_reserved_bit_stays_clear(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t bytes;

    start(&f, 4, false, false);
    assert_int_equal(map(&f, KIB(4), KIB(4), KIB(4), PAGE_READ, CACHE_WRITE_BACK), PAGING_OK);
    assert_int_equal(entry(&f, KIB(4), &bytes), KIB(4) | 1);
    assert_int_equal(translate(&f, KIB(4)).rights, PAGE_EXECUTE);
    stop(&f);
}

/* What paging.h promises for a range in fresh tables, block by block. */
static uint64_t largest_page(uint64_t at, uint64_t virt, uint64_t phys, uint64_t bytes, bool pages_1g)
{
    static const uint64_t sizes[] = { GIB(1), MIB(2), KIB(4) };

    for (size_t i = pages_1g ? 0 : 1;; i++) {
        const uint64_t block = at / sizes[i] * sizes[i];
        if (block >= virt && block + sizes[i] <= virt + bytes && (virt - phys) % sizes[i] == 0)
            return sizes[i];
    }
}

static void pages_are_large_exactly_where_alignment_permits(void **state)
{
    (void)state;
    /* virt, phys, bytes */
    static const uint64_t cases[][3] = {
        { 0, 0, KIB(4) },
        { 0, 0, MIB(2) },
        { 0, 0, MIB(2) - KIB(4) },
        { KIB(4), KIB(4), MIB(4) },
        { 0, KIB(4), MIB(8) },
        { KIB(4), 0, MIB(8) },
        { MIB(2) - KIB(4), MIB(2), MIB(8) },
        { MIB(2), MIB(4), GIB(2) + MIB(6) },
        { GIB(1), GIB(5), GIB(2) },
        { GIB(1), GIB(5) + MIB(2), GIB(2) },
        { GIB(1) - KIB(8), GIB(7) - KIB(8), GIB(1) + MIB(2) + KIB(12) },
        { GIB(511) + MIB(3), GIB(3) + MIB(3), GIB(2) + KIB(20) },
        { TIB(127), TIB(4095), GIB(1) },
    };

    for (unsigned levels = 4; levels <= 5; levels++)
        for (size_t i = 0; i < 2 * ARRAY_LENGTH(cases); i++) {
            const uint64_t *c = cases[i / 2], end = c[0] + c[2];
            struct fixture f;
            start(&f, levels, i % 2, true);
            assert_int_equal(map(&f, c[0], c[1], c[2], RW, CACHE_WRITE_BACK), PAGING_OK);
            for (uint64_t at = c[0]; at < end;) {
                const uint64_t page = largest_page(at, c[0], c[1], c[2], i % 2);
                check_page(&f, at, at - c[0] + c[1], page, RW, CACHE_WRITE_BACK);
                check_page(&f, at + page - 1, at - c[0] + c[1] + page - 1, page, RW, CACHE_WRITE_BACK);
                at += page;
            }
            check_unmapped(&f, c[0] - 1);
            check_unmapped(&f, end);
            stop(&f);
        }
}

/* [1 GiB page, write-combining, executable] with one frame taken out of the middle. */
static void a_split_leaves_its_neighbours_as_they_were(void **state)
{
    (void)state;
    const unsigned rwx = PAGE_WRITE | PAGE_EXECUTE;
    const uint64_t hole = GIB(1) + MIB(6) + KIB(16), phys = GIB(8);
    uint64_t bytes;
    struct fixture f;

    start(&f, 4, true, true);
    assert_int_equal(map(&f, GIB(1), phys, GIB(1), rwx, CACHE_WRITE_COMBINING), PAGING_OK);
    assert_int_equal(paging_unmap(&f.paging, virt_addr(hole), KIB(4)), PAGING_OK);

    check_page(&f, GIB(1), phys, MIB(2), rwx, CACHE_WRITE_COMBINING);
    check_page(&f, GIB(1) + MIB(6) - 1, phys + MIB(6) - 1, MIB(2), rwx, CACHE_WRITE_COMBINING);
    check_page(&f, GIB(1) + MIB(6), phys + MIB(6), KIB(4), rwx, CACHE_WRITE_COMBINING);
    check_page(&f, hole - 1, phys + hole - GIB(1) - 1, KIB(4), rwx, CACHE_WRITE_COMBINING);
    check_unmapped(&f, hole);
    check_unmapped(&f, hole + KIB(4) - 1);
    assert_int_equal(entry(&f, hole, &bytes), 0);
    check_page(&f, hole + KIB(4), phys + hole - GIB(1) + KIB(4), KIB(4), rwx, CACHE_WRITE_COMBINING);
    check_page(&f, GIB(1) + MIB(8), phys + MIB(8), MIB(2), rwx, CACHE_WRITE_COMBINING);
    check_page(&f, GIB(2) - 1, phys + GIB(1) - 1, MIB(2), rwx, CACHE_WRITE_COMBINING);
    stop(&f);
}

static void where_a_table_stands_pages_stay_small(void **state)
{
    (void)state;
    struct fixture f;
    size_t taken;

    start(&f, 4, false, true);
    assert_int_equal(map(&f, MIB(2) + KIB(8), 0, KIB(4), RW, CACHE_WRITE_BACK), PAGING_OK);
    assert_int_equal(paging_unmap(&f.paging, virt_addr(MIB(2)), MIB(2)), PAGING_OK);
    taken = f.tables.taken;
    assert_int_equal(map(&f, 0, 0, MIB(6), RW, CACHE_WRITE_BACK), PAGING_OK);
    assert_int_equal(f.tables.taken, taken);
    check_page(&f, 0, 0, MIB(2), RW, CACHE_WRITE_BACK);
    check_page(&f, MIB(2), MIB(2), KIB(4), RW, CACHE_WRITE_BACK);
    check_page(&f, MIB(4) - 1, MIB(4) - 1, KIB(4), RW, CACHE_WRITE_BACK);
    check_page(&f, MIB(4), MIB(4), MIB(2), RW, CACHE_WRITE_BACK);
    stop(&f);
}

static void protecting_changes_the_range_and_nothing_else(void **state)
{
    (void)state;
    struct fixture f;

    start(&f, 4, false, true);
    assert_int_equal(map(&f, MIB(2), MIB(2), MIB(6), RW, CACHE_WRITE_BACK), PAGING_OK);
    assert_int_equal(paging_protect(&f.paging, virt_addr(MIB(3)), MIB(3), PAGE_EXECUTE, CACHE_WRITE_PROTECTED),
                     PAGING_OK);
    check_page(&f, MIB(3) - 1, MIB(3) - 1, KIB(4), RW, CACHE_WRITE_BACK);
    check_page(&f, MIB(3), MIB(3), KIB(4), PAGE_EXECUTE, CACHE_WRITE_PROTECTED);
    check_page(&f, MIB(4), MIB(4), MIB(2), PAGE_EXECUTE, CACHE_WRITE_PROTECTED);
    check_page(&f, MIB(6), MIB(6), MIB(2), RW, CACHE_WRITE_BACK);
    stop(&f);
}

static void protecting_a_hole_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;

    start(&f, 4, false, true);
    assert_int_equal(map(&f, MIB(2), MIB(2), MIB(2), RW, CACHE_WRITE_BACK), PAGING_OK);
    assert_int_equal(paging_protect(&f.paging, virt_addr(MIB(3)), MIB(2), PAGE_READ, CACHE_UNCACHED),
                     PAGING_NOT_MAPPED);
    check_page(&f, MIB(3), MIB(3), MIB(2), RW, CACHE_WRITE_BACK);
    stop(&f);
}

static void mapping_what_is_mapped_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    size_t taken;

    start(&f, 4, true, true);
    assert_int_equal(map(&f, GIB(3) - KIB(4), 0, KIB(4), RW, CACHE_WRITE_BACK), PAGING_OK);
    taken = f.tables.taken;
    assert_int_equal(map(&f, GIB(1), GIB(1), GIB(2), RW, CACHE_WRITE_BACK), PAGING_MAPPED);
    assert_int_equal(f.tables.taken, taken);
    check_unmapped(&f, GIB(1));
    check_unmapped(&f, GIB(3) - KIB(8));
    check_page(&f, GIB(3) - KIB(4), 0, KIB(4), RW, CACHE_WRITE_BACK);
    stop(&f);
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    /* levels, virt, phys, bytes */
    static const uint64_t bad[][4] = {
        { 4, 0, 0, 0 },
        { 4, 1, 0, KIB(4) },
        { 4, 0, 1, KIB(4) },
        { 4, 0, 0, KIB(4) + 1 },
        { 4, TIB(128) - KIB(4), 0, KIB(8) },
        { 4, TIB(128), 0, KIB(4) },
        { 4, 0xFFFF7FFFFFFFF000, 0, KIB(8) },
        { 4, 0xFFFFFFFFFFFFF000, 0, KIB(8) },
        { 4, 0, 0, 1ull << 63 },
        { 4, KIB(4), 0, 0xFFFFFFFFFFFFF000 },
        { 4, KIB(8), 0, 0xFFFFFFFFFFFFF000 },
        { 4, 0, (1ull << 52) - KIB(4), KIB(8) },
        { 4, 0, 1ull << 52, KIB(4) },
        { 4, 0, 0xFFFFFFFFFFFFF000, KIB(8) },
        { 5, 1ull << 56, 0, KIB(4) },
        { 5, 0xFEFFFFFFFFFFF000, 0, KIB(4) },
        { 5, (1ull << 56) - KIB(4), 0, KIB(8) },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        const virt_addr_t virt = virt_addr(bad[i][1]);
        struct fixture f;
        start(&f, (unsigned)bad[i][0], true, true);
        assert_int_equal(map(&f, bad[i][1], bad[i][2], bad[i][3], RW, CACHE_WRITE_BACK), PAGING_BAD_RANGE);
        assert_int_equal(f.tables.taken, 1);
        if (bad[i][2] == 0) {
            assert_int_equal(paging_unmap(&f.paging, virt, bad[i][3]), PAGING_BAD_RANGE);
            assert_int_equal(paging_protect(&f.paging, virt, bad[i][3], RW, CACHE_WRITE_BACK), PAGING_BAD_RANGE);
        }
        stop(&f);
    }
}

static void the_last_page_of_each_half_can_be_mapped_and_unmapped(void **state)
{
    (void)state;
    static const uint64_t last[][2] = { { 4, TIB(128) }, { 4, 0 }, { 5, 1ull << 56 }, { 5, 0 } };

    for (size_t i = 0; i < ARRAY_LENGTH(last); i++) {
        const uint64_t large = last[i][1] - GIB(1);
        struct fixture f;
        start(&f, (unsigned)last[i][0], true, true);
        assert_int_equal(map(&f, large, GIB(4), GIB(1), RW, CACHE_WRITE_BACK), PAGING_OK);
        check_page(&f, last[i][1] - 1, GIB(5) - 1, GIB(1), RW, CACHE_WRITE_BACK);
        assert_int_equal(paging_unmap(&f.paging, virt_addr(last[i][1] - KIB(4)), KIB(4)), PAGING_OK);
        check_unmapped(&f, last[i][1] - 1);
        check_page(&f, last[i][1] - KIB(4) - 1, GIB(5) - KIB(4) - 1, KIB(4), RW, CACHE_WRITE_BACK);
        check_page(&f, large, GIB(4), MIB(2), RW, CACHE_WRITE_BACK);
        stop(&f);
    }
}

static void non_canonical_addresses_are_not_mapped(void **state)
{
    (void)state;
    struct fixture f;

    start(&f, 4, true, true);
    assert_int_equal(map(&f, 0, 0, TIB(1), RW, CACHE_WRITE_BACK), PAGING_OK);
    check_page(&f, 0, 0, GIB(1), RW, CACHE_WRITE_BACK);
    check_unmapped(&f, 1ull << 48);
    check_unmapped(&f, 1ull << 63);
    stop(&f);
}

static void the_mirror_shows_the_lower_half_in_the_upper(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        const uint64_t upper = paging_upper_half(levels).value;
        struct fixture f;
        start(&f, levels, false, true);
        assert_int_equal(upper, levels == 4 ? 0xFFFF800000000000 : 0xFF00000000000000);
        assert_int_equal(map(&f, TIB(3), TIB(3), MIB(4), RW, CACHE_WRITE_BACK), PAGING_OK);
        check_unmapped(&f, upper + TIB(3));
        paging_mirror(&f.paging);
        check_page(&f, upper + TIB(3), TIB(3), MIB(2), RW, CACHE_WRITE_BACK);
        check_unmapped(&f, upper + TIB(3) - 1);
        /* The same tables: what changes below them needs no second mirror. */
        assert_int_equal(paging_unmap(&f.paging, virt_addr(TIB(3)), KIB(4)), PAGING_OK);
        check_unmapped(&f, upper + TIB(3));
        check_page(&f, upper + TIB(3) + KIB(4), TIB(3) + KIB(4), KIB(4), RW, CACHE_WRITE_BACK);
        stop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_have_the_bits_of_the_manual),
        cmocka_unit_test(without_no_execute_the_reserved_bit_stays_clear),
        cmocka_unit_test(pages_are_large_exactly_where_alignment_permits),
        cmocka_unit_test(a_split_leaves_its_neighbours_as_they_were),
        cmocka_unit_test(where_a_table_stands_pages_stay_small),
        cmocka_unit_test(protecting_changes_the_range_and_nothing_else),
        cmocka_unit_test(protecting_a_hole_changes_nothing),
        cmocka_unit_test(mapping_what_is_mapped_changes_nothing),
        cmocka_unit_test(ranges_that_make_no_sense_are_refused),
        cmocka_unit_test(the_last_page_of_each_half_can_be_mapped_and_unmapped),
        cmocka_unit_test(non_canonical_addresses_are_not_mapped),
        cmocka_unit_test(the_mirror_shows_the_lower_half_in_the_upper),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
