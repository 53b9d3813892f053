/* What a kernel is told lies in memory that is taken piece by piece and given back as a whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../efi/limine/loading.h"
#include "fake_firmware.h"

#define CHUNK KIB(64)

struct boot {
    struct fake_firmware fake;
    struct firmware fw;
    struct boot_info info;
    struct handover handover;
    struct loading loading;
    struct limine_entry entry;
};

static struct loading *start(struct boot *b)
{
    b->fw = fake_firmware_open(&b->fake);
    b->info = (struct boot_info){ .phys_bits = 47 };
    b->entry = (struct limine_entry){ .path = "/kernel.elf" };
    b->loading = (struct loading){ .fw = &b->fw, .info = &b->info, .entry = &b->entry,
                                   .limits = { &b->fw, &b->info, { { 0 }, 0 } }, .handover = &b->handover };
    return &b->loading;
}

static void end(struct boot *b)
{
    loading_free(&b->loading);
    assert_null(b->loading.blocks);
    assert_int_equal(b->fake.live_pages, 0);
    assert_int_equal(b->fake.live_pools, 0);
}

/* Sizes around the chunk's, so that the arena grows in every way. */
static const size_t sizes[] = { 1, 0, 15, 16, 17, 4096, 40000, 20000, CHUNK - 16, 8, CHUNK, CHUNK + 1, 100000, 0, 3 };

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    struct boot b = { 0 };
    struct loading *l = start(&b);
    char *pieces[ARRAY_LENGTH(sizes)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        pieces[i] = loading_take(l, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], i + 1);
    assert_string_equal(b.fake.console, "");
    end(&b);
}

/* With a list that is empty, asked for before anything else. */
static void nothing_can_be_had_at_any_time(void **state)
{
    struct boot b = { 0 };
    struct loading *l = start(&b);

    (void)state;
    assert_non_null(loading_take(l, 0));
    end(&b);
}

static void small_pieces_share_their_pages(void **state)
{
    struct boot b = { 0 };
    struct loading *l = start(&b);

    (void)state;
    for (size_t i = 0; i < CHUNK / 16; i++)
        assert_non_null(loading_take(l, 16));
    assert_int_equal(b.fake.allocations, 1);
    assert_non_null(loading_take(l, 1));
    assert_int_equal(b.fake.allocations, 2);
    end(&b);
}

static void sizes_that_no_machine_has_are_refused(void **state)
{
    static const size_t huge[] = { SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
                                   (size_t)1 << 53 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(huge); i++) {
        struct boot b = { 0 };
        struct loading *l = start(&b);

        assert_non_null(loading_take(l, 1));
        assert_null(loading_take(l, huge[i]));
        assert_non_null(strstr(b.fake.console, "cannot allocate "));
        assert_non_null(loading_take(l, 1)); /* the arena is none the worse */
        end(&b);
    }
}

/* One line, and everything comes back; whichever service fails. */
static void whichever_allocation_fails_is_told_and_all_is_given_back(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2 * 4; n++) {
        struct boot b = { .fake = { .allocation_fails_at = n % 2 ? n / 2 + 1 : 0,
                                    .pool_fails_at = n % 2 ? 0 : n / 2 } };
        struct loading *l = start(&b);
        size_t had = 0;

        while (had < 4 && loading_take(l, CHUNK))
            had++;
        assert_int_equal(had, (n - 1) / 2);
        assert_non_null(strstr(b.fake.console, "BOOTX64.EFI: /kernel.elf: cannot allocate "));
        assert_non_null(strstr(b.fake.console, " for what the kernel is told: Out of Resources\r\n"));
        assert_ptr_equal(strchr(b.fake.console, '\n') + 1, b.fake.console + strlen(b.fake.console));
        end(&b);
    }
}

static void whole_pages_are_aligned_remembered_and_given_back(void **state)
{
    struct boot b = { 0 };
    struct loading *l = start(&b);
    struct phys_range pages, low;

    (void)state;
    assert_int_equal(loading_allocate(l, 5000, KIB(64), "a kernel", &pages), EFI_SUCCESS);
    assert_int_equal(pages.start.value % KIB(64), 0);
    assert_int_equal(pages.bytes, 2 * PAGE_SIZE);
    assert_int_equal(b.fake.live_pages, 2);
    /* The fake knows no bound: what it gives does not lie below one. */
    assert_int_equal(loading_allocate_below(l, MIB(1), &low), EFI_NOT_FOUND);
    assert_int_equal(b.fake.live_pages, 2);
    assert_string_equal(b.fake.console, "");
    assert_int_equal(loading_allocate_below(l, UINT64_MAX, &low), EFI_SUCCESS);
    assert_int_equal(b.fake.live_pages, 3);
    end(&b);
}

static void texts_are_copied_whole(void **state)
{
    struct boot b = { 0 };
    struct loading *l = start(&b);
    char *empty = loading_text(l, ""), *text = loading_text(l, "boot():/kernel.elf");

    (void)state;
    assert_string_equal(empty, "");
    assert_string_equal(text, "boot():/kernel.elf");
    end(&b);
}

static void an_answer_is_an_address_in_the_direct_map(void **state)
{
    struct boot b = { .handover = { .hhdm_offset = 0xFFFF800040000000 } };
    struct limine_request request = { .response = 0 };
    struct loading *l = start(&b);
    uint64_t *response = loading_take(l, sizeof *response);

    (void)state;
    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++)
        l->requests.at[kind] = LIMINE_ABSENT;
    l->requests.at[LIMINE_HHDM] = 0;
    l->image = (struct limine_image){ (uint8_t *)&request, sizeof request, 0xFFFFFFFF80000000 };
    answer_if_asked(l, LIMINE_RSDP, response);
    assert_int_equal(request.response, 0);
    answer_if_asked(l, LIMINE_HHDM, response);
    assert_int_equal(request.response, 0xFFFF800040000000 + (uintptr_t)response);
    end(&b);
}

static void claims_are_listed_in_their_order(void **state)
{
    struct region_claim claims[2];
    struct boot b = { .handover = { .claims = claims, .claims_capacity = 2 } };
    struct loading *l = start(&b);

    (void)state;
    loading_claim(l, (struct phys_range){ phys_addr(MIB(1)), 5 }, REGION_FRAMEBUFFER);
    loading_claim(l, (struct phys_range){ phys_addr(MIB(2)), 6 }, REGION_EXECUTABLE_AND_MODULES);
    assert_int_equal(b.handover.n_claims, 2);
    assert_int_equal(claims[1].bytes.start.value, MIB(2));
    assert_int_equal(claims[1].type, REGION_EXECUTABLE_AND_MODULES);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(nothing_can_be_had_at_any_time),
        cmocka_unit_test(small_pieces_share_their_pages),
        cmocka_unit_test(sizes_that_no_machine_has_are_refused),
        cmocka_unit_test(whichever_allocation_fails_is_told_and_all_is_given_back),
        cmocka_unit_test(whole_pages_are_aligned_remembered_and_given_back),
        cmocka_unit_test(texts_are_copied_whole),
        cmocka_unit_test(an_answer_is_an_address_in_the_direct_map),
        cmocka_unit_test(claims_are_listed_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
