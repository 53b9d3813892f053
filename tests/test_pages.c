/* Pages from the firmware: aligned ones, ones that somebody else needs, low ones. No page is ever touched. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_firmware.h"

#define CALLS_MAX 8
#define ANYWHERE UINT64_MAX

/* A firmware that hands out the addresses that a test wants, one call after the other, and remembers. */
static struct {
    EFI_PHYSICAL_ADDRESS offers[CALLS_MAX]; /* 0: EFI_OUT_OF_RESOURCES */
    uint64_t bounds[CALLS_MAX];             /* of AllocateMaxAddress */
    struct phys_range given[CALLS_MAX], freed[CALLS_MAX];
    unsigned n_given, n_freed, calls;
} now;

static EFI_STATUS EFIAPI allocate(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                  EFI_PHYSICAL_ADDRESS *address)
{
    const unsigned call = now.calls++;

    assert_int_equal(type, EfiLoaderData);
    assert_true(call < CALLS_MAX && pages);
    now.bounds[call] = how == AllocateMaxAddress ? *address : ANYWHERE;
    if (!now.offers[call])
        return EFI_OUT_OF_RESOURCES;
    *address = now.offers[call] == 1 ? 0 : now.offers[call]; /* page 0 has a number of its own */
    now.given[now.n_given++] = (struct phys_range){ phys_addr(*address), frames_to_bytes(pages) };
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI give_back(EFI_PHYSICAL_ADDRESS address, UINTN pages)
{
    assert_true(now.n_freed < CALLS_MAX && pages);
    now.freed[now.n_freed++] = (struct phys_range){ phys_addr(address), frames_to_bytes(pages) };
    return EFI_SUCCESS;
}

static struct firmware open_firmware(EFI_PHYSICAL_ADDRESS first, EFI_PHYSICAL_ADDRESS second)
{
    static struct fake_firmware fake;
    const struct firmware fw = fake_firmware_open(&fake);

    __builtin_memset(&now, 0, sizeof now);
    now.offers[0] = first;
    now.offers[1] = second;
    fw.boot->AllocatePages = allocate;
    fw.boot->FreePages = give_back;
    return fw;
}

/* Bytes that were given and have not come back; what comes back was given, and comes once. */
static uint64_t bytes_kept(void)
{
    uint64_t kept = 0;

    for (unsigned i = 0; i < now.n_given; i++)
        kept += now.given[i].bytes;
    for (unsigned i = 0; i < now.n_freed; i++) {
        bool was_given = false;

        for (unsigned k = 0; k < now.n_given; k++)
            was_given |= now.freed[i].start.value >= now.given[k].start.value &&
                         phys_range_end(now.freed[i]) <= phys_range_end(now.given[k]);
        assert_true(was_given);
        for (unsigned k = 0; k < i; k++)
            assert_false(phys_ranges_overlap(now.freed[i], now.freed[k]));
        kept -= now.freed[i].bytes;
    }
    return kept;
}

static const struct boot_info plain = { .phys_bits = 47 };

static void aligned_pages_are_kept_and_all_others_given_back(void **state)
{
    (void)state;
    for (uint64_t align = PAGE_SIZE; align <= GIB(1); align *= 2)
        for (unsigned i = 0; i < 4; i++) {
            const uint64_t starts[] = { GIB(8), GIB(8) + PAGE_SIZE, GIB(8) + align - PAGE_SIZE, GIB(7) + 5 * align };
            const uint64_t bytes = i == 3 ? 1 : MIB(2) + 1, whole = align_up(bytes, PAGE_SIZE);
            const struct firmware fw = open_firmware(starts[i], 0);
            const struct page_limits limits = { &fw, &plain, { { 0 }, 0 } };
            struct phys_range got;

            assert_int_equal(pages_allocate(&limits, bytes, align, &got), EFI_SUCCESS);
            assert_int_equal(got.start.value % align, 0);
            assert_int_equal(got.bytes, whole);
            assert_true(got.start.value >= now.given[0].start.value);
            assert_true(phys_range_end(got) <= phys_range_end(now.given[0]));
            assert_int_equal(bytes_kept(), whole);
            for (unsigned k = 0; k < now.n_freed; k++)
                assert_false(phys_ranges_overlap(got, now.freed[k]));
            pages_free(&fw, &got);
            assert_int_equal(got.bytes, 0);
            assert_int_equal(bytes_kept(), 0);
        }
}

/* First offers, of 4 pages, that nobody could keep. */
static const struct {
    uint64_t start;
    bool is_fit;
} offers[] = {
    { MIB(1) - PAGE_SIZE, false },
    { MIB(1), true },
    { MIB(16) + 1, false },                      /* no page */
    { (1ull << 40) - 4 * PAGE_SIZE, true },
    { (1ull << 40) - 3 * PAGE_SIZE, false },     /* beyond what the processor has */
    { 1ull << 40, false },
    { GIB(3) - 4 * PAGE_SIZE, true },
    { GIB(3) - 3 * PAGE_SIZE, false },           /* the adapter's memory: [3 GiB, + 16 MiB) */
    { GIB(3) + MIB(16), true },
    { GIB(5) + MIB(1) - PAGE_SIZE, false },      /* somebody's: [5 GiB, + 1 MiB) */
    { GIB(5) + MIB(1), true },
};

static void what_is_no_memory_or_somebodys_is_given_back_and_tried_again_below_4_gib(void **state)
{
    static struct region_claim claims[] = { { { { GIB(200) }, GIB(1) }, REGION_RESERVED },
                                            { { { GIB(5) }, MIB(1) }, REGION_RESERVED } };
    static const struct boot_info info = { .phys_bits = 40, .n_claims = 2, .claims = claims };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(offers); i++)
        for (unsigned is_second_fit = 0; is_second_fit < 2; is_second_fit++) {
            const struct firmware fw = open_firmware(offers[i].start, is_second_fit ? MIB(64) : KIB(64));
            const struct page_limits limits = { &fw, &info, { { GIB(3) }, MIB(16) } };
            const bool is_had = offers[i].is_fit || is_second_fit;
            struct phys_range got = { { 0 }, 0 };

            assert_int_equal(pages_allocate(&limits, 4 * PAGE_SIZE - 5, PAGE_SIZE, &got),
                             is_had ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES);
            assert_int_equal(got.start.value, offers[i].is_fit ? offers[i].start : is_second_fit ? MIB(64) : 0);
            assert_int_equal(bytes_kept(), is_had ? 4 * PAGE_SIZE : 0);
            assert_int_equal(now.calls, offers[i].is_fit ? 1 : 2);
            assert_int_equal(now.bounds[0], ANYWHERE);
            if (now.calls == 2)
                assert_int_equal(now.bounds[1], GIB(4) - 1);
        }
}

/*
 *   bad             [2G, +1M)    [4G, +1M) [8G, +4K)   [9G, +1M)
 *   offers, in turn      3         2         1           0
 */
static void bad_memory_is_gone_around_downwards(void **state)
{
    static struct region_claim claims[] = { { { { GIB(9) }, MIB(1) }, REGION_BAD_MEMORY },
                                            { { { GIB(2) }, MIB(1) }, REGION_BAD_MEMORY },
                                            { { { GIB(4) }, MIB(1) }, REGION_BAD_MEMORY },
                                            { { { GIB(8) }, PAGE_SIZE }, REGION_BAD_MEMORY } };
    static const struct boot_info info = { .phys_bits = 40, .n_claims = 4, .claims = claims };
    const struct firmware fw = open_firmware(GIB(9), GIB(8) - PAGE_SIZE);
    const struct page_limits limits = { &fw, &info, { { 0 }, 0 } };
    struct phys_range got = { { 0 }, 0 };

    (void)state;
    now.offers[2] = GIB(4) + PAGE_SIZE;
    now.offers[3] = GIB(4) - 2 * PAGE_SIZE;
    assert_int_equal(pages_allocate(&limits, 2 * PAGE_SIZE, PAGE_SIZE, &got), EFI_SUCCESS);
    assert_int_equal(got.start.value, GIB(4) - 2 * PAGE_SIZE);
    assert_int_equal(now.bounds[1], GIB(9) - 1);
    assert_int_equal(now.bounds[2], GIB(8) - 1);
    assert_int_equal(now.bounds[3], GIB(4) - 1);
    assert_int_equal(bytes_kept(), 2 * PAGE_SIZE);
}

/* One that does not keep the bound, say. */
static void firmware_that_does_not_go_below_bad_memory_is_given_up(void **state)
{
    static struct region_claim claims[] = { { { { GIB(1) }, MIB(1) }, REGION_BAD_MEMORY } };
    static const struct boot_info info = { .phys_bits = 40, .n_claims = 1, .claims = claims };
    const struct firmware fw = open_firmware(GIB(1), GIB(1) + PAGE_SIZE);
    const struct page_limits limits = { &fw, &info, { { 0 }, 0 } };
    struct phys_range got = { { 0 }, 0 };

    (void)state;
    assert_int_equal(pages_allocate(&limits, PAGE_SIZE, PAGE_SIZE, &got), EFI_OUT_OF_RESOURCES);
    assert_int_equal(now.calls, 2);
    assert_int_equal(bytes_kept(), 0);
}

static void low_pages_that_are_bad_are_given_back(void **state)
{
    static struct region_claim claims[] = { { { { KIB(512) }, PAGE_SIZE }, REGION_BAD_MEMORY } };
    static const struct boot_info info = { .phys_bits = 40, .n_claims = 1, .claims = claims };
    const struct firmware fw = open_firmware(KIB(512), 0);
    const struct page_limits limits = { &fw, &info, { { 0 }, 0 } };
    struct phys_range got = { { 0 }, 0 };

    (void)state;
    assert_int_equal(pages_allocate_below(&limits, PAGE_SIZE, MIB(1), &got), EFI_NOT_FOUND);
    assert_int_equal(bytes_kept(), 0);
}

static void no_memory_is_no_memory(void **state)
{
    const struct firmware fw = open_firmware(0, 0);
    const struct page_limits limits = { &fw, &plain, { { 0 }, 0 } };
    struct phys_range got;

    (void)state;
    assert_int_equal(pages_allocate(&limits, 1, PAGE_SIZE, &got), EFI_OUT_OF_RESOURCES);
    assert_int_equal(now.calls, 1);
}

/* A file system may say anything of a file's size. */
static void sizes_that_no_machine_has_are_not_even_asked_for(void **state)
{
    static const uint64_t sizes[] = { UINT64_MAX, UINT64_MAX - PAGE_MASK, UINT64_MAX - PAGE_SIZE, 1ull << 63,
                                      (1ull << PHYS_BITS_MAX) + 1 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        const struct firmware fw = open_firmware(GIB(1), GIB(1));
        const struct page_limits limits = { &fw, &plain, { { 0 }, 0 } };
        struct phys_range got;

        assert_int_equal(pages_allocate(&limits, sizes[i], PAGE_SIZE, &got), EFI_OUT_OF_RESOURCES);
        assert_int_equal(now.calls, 0);
    }
}

static void pages_below_a_bound_end_there_at_most(void **state)
{
    static const struct {
        uint64_t offer, start; /* start == 0: refused */
    } cases[] = { { 0x9F000, 0x9F000 }, { MIB(1) - PAGE_SIZE, MIB(1) - PAGE_SIZE }, { PAGE_SIZE, PAGE_SIZE },
                  { MIB(1), 0 }, { MIB(1) - PAGE_SIZE + 16, 0 }, { 1, 0 }, { GIB(4), 0 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct firmware fw = open_firmware(cases[i].offer, 0);
        const struct page_limits limits = { &fw, &plain, { { 0 }, 0 } };
        struct phys_range got = { { 0 }, 0 };

        assert_int_equal(pages_allocate_below(&limits, PAGE_SIZE, MIB(1), &got),
                         cases[i].start ? EFI_SUCCESS : EFI_NOT_FOUND);
        assert_int_equal(got.start.value, cases[i].start);
        assert_int_equal(bytes_kept(), got.bytes);
        assert_int_equal(got.bytes, cases[i].start ? PAGE_SIZE : 0);
        assert_int_equal(now.bounds[0], MIB(1) - 1); /* inclusive: UEFI 2.10, 7.2.1 AllocatePages() */
    }
    const struct firmware none = open_firmware(0, 0);
    const struct page_limits limits = { &none, &plain, { { 0 }, 0 } };
    struct phys_range got;

    assert_int_equal(pages_allocate_below(&limits, PAGE_SIZE, MIB(1), &got), EFI_OUT_OF_RESOURCES);
}

static void nothing_is_not_given_back(void **state)
{
    const struct firmware fw = open_firmware(0, 0);
    struct phys_range none = { phys_addr(MIB(5)), 0 };

    (void)state;
    pages_free(&fw, &none);
    assert_int_equal(now.n_freed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned_pages_are_kept_and_all_others_given_back),
        cmocka_unit_test(what_is_no_memory_or_somebodys_is_given_back_and_tried_again_below_4_gib),
        cmocka_unit_test(bad_memory_is_gone_around_downwards),
        cmocka_unit_test(firmware_that_does_not_go_below_bad_memory_is_given_up),
        cmocka_unit_test(low_pages_that_are_bad_are_given_back),
        cmocka_unit_test(no_memory_is_no_memory),
        cmocka_unit_test(sizes_that_no_machine_has_are_not_even_asked_for),
        cmocka_unit_test(pages_below_a_bound_end_there_at_most),
        cmocka_unit_test(nothing_is_not_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
