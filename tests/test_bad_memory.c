/* Ranges of bad memory as text, and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bad_memory.h"

#define ROOM 8

struct read {
    struct phys_range ranges[ROOM];
    struct bad_memory_list list;
    struct bad_memory_error error;
    bool is_good;
};

/* From a copy of exactly that length: ASan sees a read beyond it. */
static bool parse(const char *text, size_t bytes, struct bad_memory_list *list, struct bad_memory_error *error)
{
    char *exact = malloc(bytes ? bytes : 1);
    bool is_good;

    memcpy(exact, text, bytes);
    is_good = bad_memory_parse(exact, bytes, list, error);
    free(exact);
    return is_good;
}

static struct read *read_text(const char *text)
{
    static struct read r;

    r = (struct read){ 0 };
    r.list = (struct bad_memory_list){ r.ranges, 0, ROOM };
    r.is_good = parse(text, strlen(text), &r.list, &r.error);
    return &r;
}

static const char *printed(const struct bad_memory_list *list)
{
    static char text[4096];
    size_t length;
    const struct buffer_sink sink = buffer_sink(text, sizeof text, &length);

    bad_memory_print(&sink.sink, list->ranges, list->n);
    return text;
}

static void ranges_are_read_in_every_notation(void **state)
{
    static const struct {
        const char *text, *read;
    } cases[] = {
        { "", "" },
        { " ,\t, ", "" },
        { "0x12345000-0x12347000", "0x12345000-0x12347000" },
        { "0X1F000-0xaBcDe000", "0x1F000-0xABCDE000" },
        { "4096-8192", "0x1000-0x2000" },
        { "0-0x1000", "0x0-0x1000" },
        { "0x1000 - 0x2000", "0x1000-0x2000" },
        { "0x1000\t-8192", "0x1000-0x2000" },
        { "0x1000-0x2000, 0x80000000-0x80001000", "0x1000-0x2000, 0x80000000-0x80001000" },
        { "0x1000-0x2000 0x4000-0x5000,0x7000-0x8000,", "0x1000-0x2000, 0x4000-0x5000, 0x7000-0x8000" },
        { "0xFFFFFFFFFF000-0x10000000000000", "0xFFFFFFFFFF000-0x10000000000000" },
        { "0-4503599627370496", "0x0-0x10000000000000" },
        { "0x00000000000000000000001000-0x2000", "0x1000-0x2000" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct read *r = read_text(cases[i].text);

        assert_true(r->is_good);
        assert_string_equal(printed(&r->list), cases[i].read);
    }
}

static void ranges_grow_outward_to_whole_pages(void **state)
{
    (void)state;
    assert_string_equal(printed(&read_text("0x1FFF-0x2001")->list), "0x1000-0x3000");
    assert_string_equal(printed(&read_text("0x5008-0x5009")->list), "0x5000-0x6000");
    assert_string_equal(printed(&read_text("0xFFFFFFFFFFFFF-0x10000000000000")->list),
                        "0xFFFFFFFFFF000-0x10000000000000");
}

/*
 *   1000  2000  3000  4000  5000  6000  7000  8000
 *   [     ]                 [     ]     [     ]
 */
static void ranges_are_sorted_and_touching_ones_merged(void **state)
{
    static const struct {
        const char *text, *read;
    } cases[] = {
        { "0x7000-0x8000,0x1000-0x2000,0x5000-0x6000", "0x1000-0x2000, 0x5000-0x6000, 0x7000-0x8000" },
        { "0x5000-0x6000,0x1000-0x2000,0x2000-0x3000", "0x1000-0x3000, 0x5000-0x6000" },
        { "0x5000-0x6000,0x7000-0x8000,0x6000-0x7000", "0x5000-0x8000" },
        { "0x5000-0x6000,0x7000-0x8000,0x1000-0x2000,0x1FFF-0x7001", "0x1000-0x8000" },
        { "0x1000-0x8000,0x3000-0x4000", "0x1000-0x8000" },
        { "0x3000-0x4000,0x1000-0x8000", "0x1000-0x8000" },
        { "0x3000-0x4000,0x3000-0x4000", "0x3000-0x4000" },
        { "0x3000-0x4000,0x2000-0x3000", "0x2000-0x4000" },
        { "0x3000-0x4000,0x1000-0x2FFF", "0x1000-0x4000" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_string_equal(printed(&read_text(cases[i].text)->list), cases[i].read);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text;
        enum bad_memory_reason reason;
        size_t offset;
    } cases[] = {
        { "x", BAD_MEMORY_NUMBER, 0 },
        { "0x1000-0x2000, none", BAD_MEMORY_NUMBER, 15 },
        { "0x-0x2000", BAD_MEMORY_NUMBER, 0 },
        { "0x1000-", BAD_MEMORY_NUMBER, 7 },
        { "0x1000-  ", BAD_MEMORY_NUMBER, 9 },
        { "-0x1000", BAD_MEMORY_NUMBER, 0 },
        { "0x1000-0x2000-0x3000", BAD_MEMORY_NUMBER, 13 },
        { "4096-8192a", BAD_MEMORY_NUMBER, 9 },
        { "0x1000-0x2000;", BAD_MEMORY_NUMBER, 13 },
        { "0x1000", BAD_MEMORY_DASH, 6 },
        { "0x1000 0x2000", BAD_MEMORY_DASH, 7 },
        { "0x1000,0x2000", BAD_MEMORY_DASH, 6 },
        { "0x1000..0x2000", BAD_MEMORY_DASH, 6 },
        { "0x2000-0x1000", BAD_MEMORY_EMPTY, 7 },
        { "0x1000 - 0x1000", BAD_MEMORY_EMPTY, 9 },
        { "0-0", BAD_MEMORY_EMPTY, 2 },
        { "0x1000-0x10000000000001", BAD_MEMORY_TOO_LARGE, 7 },
        { "0x10000000000001-0x10000000000002", BAD_MEMORY_TOO_LARGE, 0 },
        { " 0xFFFFFFFFFFFFFFFF-1", BAD_MEMORY_TOO_LARGE, 1 },
        { "0-18446744073709551616", BAD_MEMORY_TOO_LARGE, 2 },
        { "0x1000000000000000000000000000000-1", BAD_MEMORY_TOO_LARGE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct read *r = read_text(cases[i].text);

        assert_false(r->is_good);
        assert_int_equal(r->error.reason, cases[i].reason);
        assert_int_equal(r->error.offset, cases[i].offset);
        assert_string_not_equal(bad_memory_reason_text(r->error.reason), "unknown reason");
    }
    assert_string_equal(bad_memory_reason_text(BAD_MEMORY_REASONS), "unknown reason");
}

static void a_nul_is_no_blank_and_ends_nothing(void **state)
{
    static const char text[] = "0x1000-0x2000\0,0x3000-0x4000";
    struct phys_range ranges[ROOM];
    struct bad_memory_list list = { ranges, 0, ROOM };
    struct bad_memory_error error;

    (void)state;
    assert_false(parse(text, sizeof text - 1, &list, &error));
    assert_int_equal(error.reason, BAD_MEMORY_NUMBER);
    assert_int_equal(error.offset, 13);
}

static void several_texts_add_up(void **state)
{
    struct read *r = read_text("0x5000-0x6000,0x1000-0x2000");

    (void)state;
    assert_true(parse("0x2000-0x3000", 13, &r->list, &r->error));
    assert_true(parse("", 0, &r->list, &r->error));
    assert_true(parse("0x9000-0xA000", 13, &r->list, &r->error));
    assert_string_equal(printed(&r->list), "0x1000-0x3000, 0x5000-0x6000, 0x9000-0xA000");
}

static void more_ranges_than_there_is_room_for_are_an_error(void **state)
{
    static const char one_more[] = "0x1000-0x2000,0x3000-0x4000,0x5000-0x6000,0x7000-0x8000,0x9000-0xA000,"
                                   "0xB000-0xC000,0xD000-0xE000,0xF000-0x10000,0x2000-0x3000,0x11000-0x12000";
    struct read *r = read_text(one_more);

    (void)state;
    assert_true(r->is_good); /* the last but one closes a gap */
    assert_int_equal(r->list.n, ROOM);
    assert_false(parse("0x5000-0x6000 0x20000-0x21000", 29, &r->list, &r->error));
    assert_int_equal(r->error.reason, BAD_MEMORY_TOO_MANY);
    assert_int_equal(r->error.offset, 14);
    assert_int_equal(r->list.n, ROOM);
    assert_true(parse("0x12000-0x13000", 15, &r->list, &r->error)); /* merges */
    assert_int_equal(r->list.n, ROOM);
}

/* Against a byte for each frame of 64. */
static void any_order_of_random_ranges_gives_the_same_frames(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 2000; round++) {
        struct phys_range ranges[64];
        struct bad_memory_list list = { ranges, 0, 64 };
        bool is_bad[65] = { false };
        size_t n = 0;

        for (unsigned i = 0; i < 12; i++) {
            const uint64_t start = (uint64_t)rand() % KIB(250), bytes = (uint64_t)rand() % KIB(12);

            if (start + bytes > KIB(256))
                continue;
            assert_true(bad_memory_add(&list, (struct phys_range){ phys_addr(start), bytes }));
            for (uint64_t at = start; at < start + bytes; at++)
                is_bad[at >> PAGE_SHIFT] = true;
        }
        for (size_t at = 0; at < 64; at++)
            if (is_bad[at]) {
                const size_t first = at;

                while (is_bad[at])
                    at++;
                assert_true(n < list.n);
                assert_int_equal(ranges[n].start.value, first << PAGE_SHIFT);
                assert_int_equal(phys_range_end(ranges[n]), at << PAGE_SHIFT);
                n++;
            }
        assert_int_equal(n, list.n);

        struct phys_range again[64];
        struct bad_memory_list list_again = { again, 0, 64 };
        struct bad_memory_error error;
        const char *text = printed(&list);

        assert_true(parse(text, strlen(text), &list_again, &error));
        assert_int_equal(list_again.n, list.n);
        assert_memory_equal(again, ranges, n * sizeof *ranges);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_in_every_notation),
        cmocka_unit_test(ranges_grow_outward_to_whole_pages),
        cmocka_unit_test(ranges_are_sorted_and_touching_ones_merged),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(a_nul_is_no_blank_and_ends_nothing),
        cmocka_unit_test(several_texts_add_up),
        cmocka_unit_test(more_ranges_than_there_is_room_for_are_an_error),
        cmocka_unit_test(any_order_of_random_ranges_gives_the_same_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
