#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "compiler.h"
#include "utf16.h"

static void each_length_of_utf8_comes_out_right(void **state)
{
    static const uint16_t wide[] = { 'a', 0xe9, 0x7ff, 0x800, 0x20ac, 0xffff, 0xd800, 0xdc00, 0xdbff, 0xdfff, 0 };
    char text[64];

    (void)state;
    assert_int_equal(utf16_to_utf8(wide, ARRAY_LENGTH(wide), text, sizeof text), 22);
    assert_string_equal(text, "a\xc3\xa9\xdf\xbf\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void halves_of_pairs_are_replaced(void **state)
{
    static const uint16_t wide[] = { 0xdc00, 'x', 0xd800, 'y', 0xd801 };
    char text[64];

    (void)state;
    utf16_to_utf8(wide, ARRAY_LENGTH(wide), text, sizeof text);
    assert_string_equal(text, "\xef\xbf\xbdx\xef\xbf\xbdy\xef\xbf\xbd");
}

static void what_does_not_fit_is_cut_between_characters(void **state)
{
    static const uint16_t wide[] = { 'a', 0x20ac, 'b' };
    char text[8];

    (void)state;
    for (size_t capacity = 1; capacity <= 6; capacity++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(utf16_to_utf8(wide, 3, text, capacity), capacity < 2 ? 0 : capacity < 5 ? 1 : capacity - 1);
        assert_int_equal(text[capacity], 'x');
        assert_true(strlen(text) < capacity);
    }
}

static void text_ends_at_nul_or_at_its_length_and_may_be_unaligned(void **state)
{
    static const char bytes[] = "?a\0b\0\0\0c";
    char text[8];

    (void)state;
    assert_int_equal(utf16_length(bytes + 1, 3), 2);
    assert_int_equal(utf16_length(bytes + 1, 1), 1);
    utf16_to_utf8(bytes + 1, 3, text, sizeof text);
    assert_string_equal(text, "ab");
    utf16_to_utf8(bytes + 1, 1, text, sizeof text);
    assert_string_equal(text, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_length_of_utf8_comes_out_right),
        cmocka_unit_test(halves_of_pairs_are_replaced),
        cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(text_ends_at_nul_or_at_its_length_and_may_be_unaligned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
