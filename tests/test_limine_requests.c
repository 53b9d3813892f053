#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limine_requests.h"

#define VIRT 0xFFFFFFFF80200000ull
#define WORDS 1024

/* An image, made word by word; then scanned in memory of just its size. */
static uint64_t words[WORDS];
static struct limine_image image = { NULL, 0, VIRT };
static struct limine_requests requests;
static struct limine_scan_error error;

static int start(void **state)
{
    (void)state;
    memset(words, 0, sizeof words);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    free(image.start);
    image.start = NULL;
    return 0;
}

static void put(unsigned at, const uint64_t *from, unsigned n) { memcpy(words + at, from, n * sizeof *from); }

static void put_tag(unsigned at, uint64_t revision)
{
    put(at, (const uint64_t[]){ LIMINE_BASE_REVISION_TAG, revision }, 3);
}

static void put_start(unsigned at) { put(at, (const uint64_t[]){ LIMINE_START_MARKER }, 4); }
static void put_end(unsigned at) { put(at, (const uint64_t[]){ LIMINE_END_MARKER }, 2); }

static void put_request(unsigned at, enum limine_request_kind kind, uint64_t revision)
{
    static const uint64_t ids[][2] = {
#define ID(name, word2, word3) { word2, word3 },
        LIMINE_REQUEST_IDS(ID)
#undef ID
    };
    put(at, (const uint64_t[]){ LIMINE_COMMON, ids[kind][0], ids[kind][1], revision, 0xAAAA }, 6);
}

static bool scan_list(uint64_t bytes, uint64_t list_at, uint64_t list_bytes)
{
    free(image.start);
    image.start = malloc(bytes ? bytes : 1);
    image.bytes = bytes;
    memcpy(image.start, words, bytes);
    return limine_scan(&image, list_at, list_bytes, &requests, &error);
}

static bool scan(uint64_t bytes) { return scan_list(bytes, 0, 0); }

static unsigned n_found(void)
{
    unsigned n = 0;

    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++)
        n += requests.at[kind] != LIMINE_ABSENT;
    return n;
}

static void an_image_without_anything_is_revision_0_and_asks_for_nothing(void **state)
{
    (void)state;
    for (uint64_t bytes = 0; bytes < 80; bytes++) {
        assert_true(scan(bytes));
        assert_int_equal(requests.base_revision, 0);
        assert_int_equal(requests.tag, LIMINE_ABSENT);
        assert_int_equal(n_found(), 0);
        assert_int_equal(requests.n_unknown, 0);
    }
}

static void every_request_is_found_where_it_is(void **state)
{
    (void)state;
    put_tag(0, 3);
    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++)
        put_request(5 + kind * 9, kind, 1);
    assert_true(scan(sizeof words));
    assert_int_equal(requests.base_revision, 3);
    assert_int_equal(requests.tag, 0);
    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++) {
        assert_int_equal(requests.at[kind], (5 + kind * 9) * 8);
        assert_ptr_equal(limine_request_of(&image, &requests, kind), image.start + (5 + kind * 9) * 8);
    }
}

/* The facts that the structures must agree with: heads of 0x30 bytes, and what some have more. */
static void a_request_that_sticks_out_counts_as_absent(void **state)
{
    static const struct {
        enum limine_request_kind kind;
        uint64_t revision, bytes;
    } sizes[] = {
        { LIMINE_HHDM, 0, 0x30 },        { LIMINE_HHDM, 9, 0x30 },        { LIMINE_FRAMEBUFFER, 1, 0x30 },
        { LIMINE_STACK_SIZE, 0, 0x38 },  { LIMINE_PAGING_MODE, 0, 0x38 }, { LIMINE_PAGING_MODE, 1, 0x48 },
        { LIMINE_PAGING_MODE, 2, 0x48 }, { LIMINE_MP, 0, 0x38 },          { LIMINE_ENTRY_POINT, 0, 0x38 },
        { LIMINE_MODULE, 0, 0x30 },      { LIMINE_MODULE, 1, 0x40 },      { LIMINE_MODULE, UINT64_MAX, 0x40 },
        { LIMINE_ENTROPY, 0, 0x38 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(words, 0, sizeof words);
        put_request(1, sizes[i].kind, sizes[i].revision);
        assert_int_equal(limine_request_bytes(sizes[i].kind, sizes[i].revision), sizes[i].bytes);
        for (uint64_t bytes = 0; bytes < 8 + sizes[i].bytes; bytes++) {
            assert_true(scan(bytes));
            assert_int_equal(n_found(), 0);
            assert_null(limine_request_of(&image, &requests, sizes[i].kind));
        }
        assert_true(scan(8 + sizes[i].bytes));
        assert_int_equal(requests.at[sizes[i].kind], 8);
    }
}

static void a_tag_that_sticks_out_counts_as_absent(void **state)
{
    (void)state;
    put_tag(1, 3);
    assert_true(scan(31));
    assert_int_equal(requests.base_revision, 0);
    assert_int_equal(requests.tag, LIMINE_ABSENT);
    assert_true(scan(32));
    assert_int_equal(requests.base_revision, 3);
    assert_int_equal(requests.tag, 8);
}

static void only_words_at_multiples_of_8_count(void **state)
{
    (void)state;
    put_tag(8, 2);
    put_request(16, LIMINE_HHDM, 0);
    memmove((uint8_t *)words + 4, words, sizeof words - 4);
    assert_true(scan(sizeof words));
    assert_int_equal(requests.tag, LIMINE_ABSENT);
    assert_int_equal(n_found(), 0);
}

static void revisions_up_to_the_highest_are_taken(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision <= LIMINE_BASE_REVISION_MAX; revision++) {
        put_tag(7, revision);
        assert_true(scan(sizeof words));
        assert_int_equal(requests.base_revision, revision);
        assert_int_equal(requests.tag, 56);
    }
    for (uint64_t revision = UINT64_MAX; revision > LIMINE_BASE_REVISION_MAX; revision /= 2) {
        put_tag(7, revision);
        assert_false(scan(sizeof words));
        assert_int_equal(error.status, LIMINE_SCAN_REVISION);
        assert_int_equal(error.value, revision);
    }
}

static void two_tags_are_refused_even_if_both_say_0(void **state)
{
    (void)state;
    put_tag(3, 0);
    put_tag(10, 0);
    put_request(20, LIMINE_HHDM, 0);
    words[40] = VIRT + 20 * 8;
    assert_false(scan(sizeof words));
    assert_int_equal(error.status, LIMINE_SCAN_TWO_TAGS);
    assert_int_equal(error.value, VIRT + 80);
    assert_false(scan_list(sizeof words, 40 * 8, 16));
    assert_int_equal(error.status, LIMINE_SCAN_TWO_TAGS);
}

static void the_same_request_twice_is_refused_by_name(void **state)
{
    (void)state;
    put_tag(0, 2);
    put_request(10, LIMINE_MEMORY_MAP, 0);
    put_request(20, LIMINE_MP, 0);
    put_request(30, LIMINE_MP, 0);
    put_request(40, LIMINE_MEMORY_MAP, 0);
    assert_false(scan(sizeof words));
    assert_int_equal(error.status, LIMINE_SCAN_DUPLICATE);
    assert_int_equal(error.value, LIMINE_MP);
    assert_string_equal(limine_request_name((enum limine_request_kind)error.value), "MP");
    /* Its second half is outside. */
    assert_true(scan(36 * 8));
}

static void unknown_requests_are_counted_and_may_repeat(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 30; at += 10) {
        put_request(at, LIMINE_HHDM, 0);
        words[at + 3]++;
    }
    put_request(50, LIMINE_HHDM, 0);
    words[52]--;
    put_request(60, LIMINE_HHDM, 0);
    assert_true(scan(sizeof words));
    assert_int_equal(requests.n_unknown, 4);
    assert_int_equal(n_found(), 1);
    assert_memory_equal(image.start, words, sizeof words);
}

static void a_start_marker_makes_it_forget_what_came_before(void **state)
{
    (void)state;
    put_tag(0, 9);
    put_tag(10, 1);
    put_request(20, LIMINE_HHDM, 0);
    put_request(30, LIMINE_HHDM, 0);
    put_request(40, LIMINE_RSDP, 0);
    words[43]++; /* unknown */
    put_start(50);
    put_request(60, LIMINE_SMBIOS, 0);
    assert_true(scan(sizeof words));
    assert_int_equal(requests.base_revision, 0);
    assert_int_equal(requests.tag, LIMINE_ABSENT);
    assert_int_equal(requests.n_unknown, 0);
    assert_int_equal(n_found(), 1);
    assert_int_equal(requests.at[LIMINE_SMBIOS], 480);
    put_start(100);
    put_tag(110, 2);
    assert_true(scan(sizeof words));
    assert_int_equal(requests.base_revision, 2);
    assert_int_equal(n_found(), 0);
}

static void the_first_end_marker_ends_it(void **state)
{
    (void)state;
    put_tag(0, 1);
    put_request(10, LIMINE_HHDM, 0);
    put_end(20);
    put_tag(30, 2);
    put_request(40, LIMINE_HHDM, 0);
    put_request(50, LIMINE_RSDP, 0);
    put_start(60);
    assert_true(scan(sizeof words));
    assert_int_equal(requests.base_revision, 1);
    assert_int_equal(n_found(), 1);
}

static void half_a_marker_is_none(void **state)
{
    (void)state;
    put_tag(0, 1);
    put_start(10);
    words[13]++;
    put_end(20);
    words[21]++;
    put_request(30, LIMINE_HHDM, 0);
    put_start(45);
    assert_true(scan(48 * 8)); /* the last one is cut */
    assert_int_equal(requests.base_revision, 1);
    assert_int_equal(n_found(), 1);
}

/* Before revision 1 a section with a list of requests replaces the scan, though not for the tag. */
static void a_list_of_requests_counts_for_revision_0_alone(void **state)
{
    (void)state;
    put_request(10, LIMINE_HHDM, 0);
    put_request(20, LIMINE_RSDP, 0);
    put_request(30, LIMINE_RSDP, 0);
    words[100] = VIRT + 20 * 8;
    words[101] = VIRT + 10 * 8;
    words[102] = VIRT + 20 * 8; /* the same once more */
    words[104] = VIRT + 30 * 8; /* after the list's end */
    assert_true(scan_list(sizeof words, 800, 800));
    assert_int_equal(requests.at[LIMINE_HHDM], 80);
    assert_int_equal(requests.at[LIMINE_RSDP], 160);
    assert_int_equal(n_found(), 2);
    words[103] = VIRT + 8;
    assert_true(scan_list(sizeof words, 800, 32)); /* ends with its section */
    assert_false(scan_list(sizeof words, 800, 40));
    assert_int_equal(error.status, LIMINE_SCAN_DUPLICATE);
    put_tag(1, 1);
    assert_false(scan_list(sizeof words, 800, 16));
    assert_int_equal(error.status, LIMINE_SCAN_DUPLICATE);
    put_tag(1, 0);
    assert_true(scan_list(sizeof words, 800, 16));
    assert_int_equal(requests.tag, 8);
    assert_int_equal(n_found(), 2);
}

static void a_lists_bad_addresses_are_passed_over(void **state)
{
    static const uint64_t bad[] = { 1, VIRT - 8, VIRT + 8 * WORDS, VIRT + 8 * WORDS - 8, UINT64_MAX, VIRT, VIRT + 84,
                                    VIRT + 8 * (WORDS - 2) };

    (void)state;
    put_request(10, LIMINE_HHDM, 0);
    put(WORDS - 2, (const uint64_t[]){ LIMINE_COMMON }, 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        words[100 + i] = bad[i];
    words[100 + sizeof bad / sizeof *bad] = VIRT + 80;
    assert_true(scan_list(sizeof words, 800, 100));
    assert_int_equal(n_found(), 1);
    /* A list that sticks out ends where the image does; one that is beyond it is none. */
    assert_true(scan_list(808, 800, 800));
    assert_int_equal(n_found(), 0);
    assert_true(scan_list(808, 816, 800));
    assert_int_equal(n_found(), 1);
    assert_true(scan_list(808, 801, UINT64_MAX));
    assert_int_equal(n_found(), 0);
}

static void bytes_are_reached_only_inside(void **state)
{
    (void)state;
    assert_true(scan(100));
    assert_ptr_equal(limine_reach(&image, VIRT, 100), image.start);
    assert_ptr_equal(limine_reach(&image, VIRT + 99, 1), image.start + 99);
    assert_ptr_equal(limine_reach(&image, VIRT + 100, 0), image.start + 100);
    assert_null(limine_reach(&image, VIRT, 101));
    assert_null(limine_reach(&image, VIRT - 1, 1));
    assert_null(limine_reach(&image, VIRT + 100, 1));
    assert_null(limine_reach(&image, VIRT + 1, UINT64_MAX));
    assert_null(limine_reach(&image, 0, 1));
    assert_null(limine_reach(&image, UINT64_MAX, 1));
}

static void strings_end_inside_and_in_time(void **state)
{
    uint8_t *large = malloc(LIMINE_STRING_BYTES_MAX + 1);
    const struct limine_image holder = { large, LIMINE_STRING_BYTES_MAX + 1, VIRT };

    (void)state;
    memcpy(words, "abc\0def", 7);
    assert_true(scan(7));
    assert_string_equal(limine_string(&image, VIRT), "abc");
    assert_string_equal(limine_string(&image, VIRT + 3), "");
    assert_null(limine_string(&image, VIRT + 4));
    assert_null(limine_string(&image, VIRT + 7));
    assert_null(limine_string(&image, 0));
    memset(large, 'x', LIMINE_STRING_BYTES_MAX);
    large[LIMINE_STRING_BYTES_MAX] = 0;
    assert_null(limine_string(&holder, VIRT));
    assert_int_equal(strlen(limine_string(&holder, VIRT + 1)), LIMINE_STRING_BYTES_MAX - 1);
    free(large);
}

/* A Module request at word 10 with `n` modules, addresses at word 30, modules from 40 on, strings from 60 on. */
static void put_modules(uint64_t revision, uint64_t n)
{
    put_request(10, LIMINE_MODULE, revision);
    words[16] = n;
    words[17] = VIRT + 30 * 8;
    words[30] = VIRT + 40 * 8;
    words[31] = VIRT + 43 * 8;
    put(40, (const uint64_t[]){ VIRT + 480, VIRT + 488, LIMINE_MODULE_REQUIRED }, 3);
    put(43, (const uint64_t[]){ VIRT + 488, 0, LIMINE_MODULE_GZIP }, 3);
    memcpy(words + 60, "a.bin", 6);
    memcpy(words + 61, "b c", 4);
}

static void internal_modules_are_listed(void **state)
{
    struct limine_wanted_module module;

    (void)state;
    put_modules(1, 2);
    assert_true(scan(62 * 8));
    assert_int_equal(limine_internal_modules(&image, &requests), 2);
    assert_true(limine_internal_module(&image, &requests, 0, &module));
    assert_string_equal(module.path, "a.bin");
    assert_string_equal(module.string, "b c");
    assert_int_equal(module.flags, LIMINE_MODULE_REQUIRED);
    assert_true(limine_internal_module(&image, &requests, 1, &module));
    assert_string_equal(module.path, "b c");
    assert_string_equal(module.string, "");
    assert_int_equal(module.flags, LIMINE_MODULE_GZIP);
    assert_false(limine_internal_module(&image, &requests, 2, &module));
    assert_false(limine_internal_module(&image, &requests, UINT64_MAX, &module));
}

static void no_internal_modules_without_revision_1(void **state)
{
    (void)state;
    assert_true(scan(62 * 8));
    assert_int_equal(limine_internal_modules(&image, &requests), 0);
    put_modules(0, 2);
    assert_true(scan(62 * 8));
    assert_int_equal(limine_internal_modules(&image, &requests), 0);
    put_modules(7, 2);
    assert_true(scan(62 * 8));
    assert_int_equal(limine_internal_modules(&image, &requests), 2);
}

static void internal_modules_that_stick_out_are_absent(void **state)
{
    static const uint64_t counts[] = { 0, 62 - 30 + 1, 1ull << 61, UINT64_MAX };
    static const uint64_t addresses[] = { 0, VIRT - 8, VIRT + 61 * 8 - 8, VIRT + 60 * 8, UINT64_MAX };
    struct limine_wanted_module module;

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        put_modules(1, counts[i]);
        assert_true(scan(62 * 8));
        assert_int_equal(limine_internal_modules(&image, &requests), 0);
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        put_modules(1, 2);
        words[30] = addresses[i];
        assert_true(scan(62 * 8));
        assert_false(limine_internal_module(&image, &requests, 0, &module));
        assert_true(limine_internal_module(&image, &requests, 1, &module));
        put_modules(1, 2);
        words[43] = VIRT + 62 * 8 + i; /* the path */
        assert_true(scan(62 * 8));
        assert_true(limine_internal_module(&image, &requests, 0, &module));
        assert_false(limine_internal_module(&image, &requests, 1, &module));
    }
}

static void the_tag_is_answered_with_the_revision_and_0(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision <= LIMINE_BASE_REVISION_MAX; revision++) {
        put_tag(5, revision);
        assert_true(scan(sizeof words));
        limine_write_tag(&image, &requests);
        words[6] = revision;
        words[7] = 0;
        assert_memory_equal(image.start, words, sizeof words);
    }
    memset(words, 0, sizeof words);
    assert_true(scan(sizeof words));
    limine_write_tag(&image, &requests);
    assert_memory_equal(image.start, words, sizeof words);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned a = 0; a < LIMINE_REQUESTS; a++) {
        assert_string_not_equal(limine_request_name(a), "unknown request");
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(limine_request_name(a), limine_request_name(b));
    }
    assert_string_equal(limine_request_name(LIMINE_REQUESTS), "unknown request");
    assert_string_equal(limine_request_name(LIMINE_MEMORY_MAP), "Memory Map");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_image_without_anything_is_revision_0_and_asks_for_nothing),
        CASE(every_request_is_found_where_it_is),
        CASE(a_request_that_sticks_out_counts_as_absent),
        CASE(a_tag_that_sticks_out_counts_as_absent),
        CASE(only_words_at_multiples_of_8_count),
        CASE(revisions_up_to_the_highest_are_taken),
        CASE(two_tags_are_refused_even_if_both_say_0),
        CASE(the_same_request_twice_is_refused_by_name),
        CASE(unknown_requests_are_counted_and_may_repeat),
        CASE(a_start_marker_makes_it_forget_what_came_before),
        CASE(the_first_end_marker_ends_it),
        CASE(half_a_marker_is_none),
        CASE(a_list_of_requests_counts_for_revision_0_alone),
        CASE(a_lists_bad_addresses_are_passed_over),
        CASE(bytes_are_reached_only_inside),
        CASE(strings_end_inside_and_in_time),
        CASE(internal_modules_are_listed),
        CASE(no_internal_modules_without_revision_1),
        CASE(internal_modules_that_stick_out_are_absent),
        CASE(the_tag_is_answered_with_the_revision_and_0),
        CASE(every_kind_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
