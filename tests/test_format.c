#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "format.h"

#define TEXT_BYTES 4096

/* A sink that remembers all it gets, and in how many writes. */
static char written[TEXT_BYTES];
static size_t n_written;
static unsigned n_writes;

static void remember(const struct sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    assert_true(bytes < sizeof(written) - n_written);
    memcpy(written + n_written, text, bytes);
    n_written += bytes;
    written[n_written] = '\0';
    n_writes++;
}

static const struct sink memory = { remember };

static void forget(void)
{
    written[0] = '\0';
    n_written = 0;
    n_writes = 0;
}

#define assert_prints(call, expected)                                                                                  \
    do {                                                                                                               \
        forget();                                                                                                      \
        call;                                                                                                          \
        assert_string_equal(written, expected);                                                                        \
    } while (0)

static void decimal_prints_every_magnitude(void **state)
{
    (void)state;
    assert_prints(print_decimal(&memory, 0), "0");
    assert_prints(print_decimal(&memory, 9), "9");
    assert_prints(print_decimal(&memory, 10), "10");
    assert_prints(print_decimal(&memory, 1040), "1040");
    assert_prints(print_decimal(&memory, UINT32_MAX), "4294967295");
    assert_prints(print_decimal(&memory, UINT64_MAX), "18446744073709551615");
}

static void hex_has_capitals_and_no_leading_zeros(void **state)
{
    (void)state;
    assert_prints(print_hex(&memory, 0), "0x0");
    assert_prints(print_hex(&memory, 0xA0000), "0xA0000");
    assert_prints(print_hex(&memory, 0xDEADBEEF), "0xDEADBEEF");
    assert_prints(print_hex(&memory, UINT64_MAX), "0xFFFFFFFFFFFFFFFF");
}

static void wide_hex_pads_up_to_the_digits_of_64_bits(void **state)
{
    (void)state;
    assert_prints(print_hex_wide(&memory, 0x1F4, 7), "0x00001F4");
    assert_prints(print_hex_wide(&memory, 0x12345, 2), "0x12345");
    assert_prints(print_hex_wide(&memory, 0, 0), "0x0");
    assert_prints(print_hex_wide(&memory, 1, 16), "0x0000000000000001");
    assert_prints(print_hex_wide(&memory, 1, 99), "0x0000000000000001");
}

static void numbers_agree_with_printf(void **state)
{
    uint64_t value = 1;
    char expected[64];

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        value = value * 6364136223846793005u + 1442695040888963407u;
        const uint64_t sample = value >> (value % 64);

        snprintf(expected, sizeof(expected), "%" PRIu64 " 0x%" PRIX64, sample, sample);
        assert_prints(print_format(&memory, "%lu %lx", sample, sample), expected);
    }
}

static void sizes_are_truncated_in_the_largest_unit_that_leaves_ten(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        { (uint64_t)639 << 10, "639 KB" },       { (uint64_t)640 << 10, "640 KB" },
        { ((uint64_t)256 << 20) - 1, "255 MB" }, { (uint64_t)1040 << 30, "1040 GB" },
        { 10 << 10, "10 KB" },                   { (10 << 10) + 1023, "10 KB" },
        { (10 << 20) - 1, "10239 KB" },          { 10 << 20, "10 MB" },
        { ((uint64_t)10 << 30) - 1, "10239 MB" }, { (uint64_t)10 << 30, "10 GB" },
        { ((uint64_t)10 << 40) - 1, "10239 GB" }, { (uint64_t)10 << 40, "10 TB" },
        { (uint64_t)1 << 52, "4096 TB" },        { UINT64_MAX, "16777215 TB" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_prints(print_size(&memory, cases[i].bytes), cases[i].text);
}

static void sizes_below_ten_kilobytes_lose_nothing(void **state)
{
    (void)state;
    assert_prints(print_size(&memory, 0), "0 B");
    assert_prints(print_size(&memory, 1), "1 B");
    assert_prints(print_size(&memory, 1023), "1023 B");
    assert_prints(print_size(&memory, 1024), "1 KB");
    assert_prints(print_size(&memory, 1025), "1025 B");
    assert_prints(print_size(&memory, 4096), "4 KB");
    assert_prints(print_size(&memory, 8192), "8 KB");
    assert_prints(print_size(&memory, 8193), "8193 B");
    assert_prints(print_size(&memory, 10239), "10239 B");
}

static void format_converts_what_the_header_names(void **state)
{
    (void)state;
    assert_prints(print_format(&memory, "%s|%u|%lu|%x|%lx|%lS|%c|%%", "text", 7u, UINT64_MAX, 0xABCu,
                               (uint64_t)0x1F4, (uint64_t)8192, 'x'),
                  "text|7|18446744073709551615|0xABC|0x1F4|8 KB|x|%");
    assert_prints(print_format(&memory, ""), "");
    assert_prints(print_format(&memory, "%s", ""), "");
    assert_prints(print_format(&memory, "%u", UINT32_MAX), "4294967295");
}

static void a_width_pads_on_the_left_and_after_a_minus_on_the_right(void **state)
{
    (void)state;
    assert_prints(print_format(&memory, "[%4u|%6lu|%6lx|%6lX|%8lS|%3s|%2c]", 7u, (uint64_t)1234, (uint64_t)0x1F,
                               (uint64_t)0x1F, (uint64_t)8192, "ab", 'x'),
                  "[   7|  1234|  0x1F|    1F|    8 KB| ab| x]");
    assert_prints(print_format(&memory, "[%-4u|%-6lx|%-12s|%-1s]", 7u, (uint64_t)0x1F, "ab", "abc"),
                  "[7   |0x1F  |ab          |abc]");
    assert_prints(print_format(&memory, "[%*lx|%-*s|%*s]", 6u, (uint64_t)0x1F, 4u, "a", 0u, "b"), "[  0x1F|a   |b]");
    assert_prints(print_format(&memory, "[%1u|%20lu|%40s]", 1234u, UINT64_MAX, ""),
                  "[1234|18446744073709551615|                                        ]");
}

static void gathered_pieces_come_in_few_writes_and_none_is_lost(void **state)
{
    (void)state;
    struct line_sink line;

    forget();
    line_sink_start(&line, &memory);
    for (unsigned i = 0; i < 100; i++)
        print_decimal(&line.sink, 100 + i);
    assert_int_equal(n_writes, 300 / FORMAT_LINE_BYTES);
    line_sink_flush(&line);
    line_sink_flush(&line);
    assert_int_equal(n_writes, 300 / FORMAT_LINE_BYTES + 1);
    assert_int_equal(n_written, 300);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(atoi((char[4]){ written[3 * i], written[3 * i + 1], written[3 * i + 2] }), 100 + i);
}

static void format_prints_anything_else_as_it_stands(void **state)
{
    (void)state;
    assert_prints(print_format(&memory, "100%"), "100%");
    assert_prints(print_format(&memory, "%l"), "%l");
    assert_prints(print_format(&memory, "%d %q %5d %-q %lz%u", 3u), "%d %q %5d %-q %lz3");
    assert_prints(print_format(&memory, "%%%s%%", "x"), "%x%");
}

/* As panic() does. */
static void print_twice(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_format_list(&memory, format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    print_format_list(&memory, format, arguments);
    va_end(arguments);
}

static void format_takes_an_argument_list(void **state)
{
    (void)state;
    assert_prints(print_twice("%s %lu %u %u %u %u %u %s;", "a", (uint64_t)1, 2u, 3u, 4u, 5u, 6u, "b"),
                  "a 1 2 3 4 5 6 b;a 1 2 3 4 5 6 b;");
}

static void a_line_reaches_the_sink_in_one_write(void **state)
{
    (void)state;
    forget();
    print_format(&memory, "  %lx - %lx (%lS) %s\n", (uint64_t)0, (uint64_t)0xA0000, (uint64_t)0xA0000, "USABLE");
    assert_string_equal(written, "  0x0 - 0xA0000 (640 KB) USABLE\n");
    assert_int_equal(n_writes, 1);
}

static void long_lines_stay_whole(void **state)
{
    char text[3 * FORMAT_LINE_BYTES];

    (void)state;
    /* Around every multiple of the buffer's size, before and after other pieces. */
    for (size_t length = 0; length + 1 < sizeof(text); length++) {
        char expected[sizeof(text) + 16];

        memset(text, 'a' + (int)(length % 26), length);
        text[length] = '\0';
        snprintf(expected, sizeof(expected), "<%s>%d", text, 42);
        assert_prints(print_format(&memory, "<%s>%u", text, 42u), expected);
    }
}

static void spaces_come_in_any_number(void **state)
{
    (void)state;
    for (size_t count = 0; count < 200; count++) {
        forget();
        print_spaces(&memory, count);
        assert_int_equal(n_written, count);
        assert_int_equal(strspn(written, " "), count);
    }
}

static void null_text_prints_nothing(void **state)
{
    (void)state;
    assert_prints(print_text(&memory, NULL), "");
    assert_prints(print_format(&memory, "[%s]", (const char *)NULL), "[]");
}

static void a_buffer_cuts_what_does_not_fit_and_ends_with_nul(void **state)
{
    static const char text[] = "0123456789";

    (void)state;
    for (size_t capacity = 1; capacity <= sizeof(text) + 1; capacity++) {
        /* On the heap and exactly as large as said, so that the sanitizer sees a byte too many. */
        char *buffer = malloc(capacity);
        size_t length = SIZE_MAX;
        const size_t expected = capacity - 1 < strlen(text) ? capacity - 1 : strlen(text);

        assert_non_null(buffer);
        const struct buffer_sink sink = buffer_sink(buffer, capacity, &length);

        assert_int_equal(length, 0);
        assert_string_equal(buffer, "");
        print_text(&sink.sink, "01234");
        print_text(&sink.sink, "56789");
        assert_int_equal(length, expected);
        assert_memory_equal(buffer, text, expected);
        assert_int_equal(buffer[expected], '\0');
        free(buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_prints_every_magnitude),
        cmocka_unit_test(hex_has_capitals_and_no_leading_zeros),
        cmocka_unit_test(wide_hex_pads_up_to_the_digits_of_64_bits),
        cmocka_unit_test(numbers_agree_with_printf),
        cmocka_unit_test(sizes_are_truncated_in_the_largest_unit_that_leaves_ten),
        cmocka_unit_test(sizes_below_ten_kilobytes_lose_nothing),
        cmocka_unit_test(format_converts_what_the_header_names),
        cmocka_unit_test(a_width_pads_on_the_left_and_after_a_minus_on_the_right),
        cmocka_unit_test(gathered_pieces_come_in_few_writes_and_none_is_lost),
        cmocka_unit_test(format_prints_anything_else_as_it_stands),
        cmocka_unit_test(format_takes_an_argument_list),
        cmocka_unit_test(a_line_reaches_the_sink_in_one_write),
        cmocka_unit_test(long_lines_stay_whole),
        cmocka_unit_test(spaces_come_in_any_number),
        cmocka_unit_test(null_text_prints_nothing),
        cmocka_unit_test(a_buffer_cuts_what_does_not_fit_and_ends_with_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
