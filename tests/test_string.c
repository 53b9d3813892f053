/* What compilers call on their own, against the obvious loops: all small sizes, alignments and overlaps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

/* The kernel's own, beside the C library's. */
#define memset kernel_memset
#define memcpy kernel_memcpy
#define memmove kernel_memmove
#define memcmp kernel_memcmp
#include "../kernel/string.c"

#define BYTES 96
#define SIZE_MAX_TESTED 40
#define PLACES 24

static void fill_pattern(uint8_t bytes[BYTES])
{
    for (unsigned i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
}

static void check_same(const uint8_t *bytes, const uint8_t *expected)
{
    for (unsigned i = 0; i < BYTES; i++)
        assert_int_equal(bytes[i], expected[i]);
}

static void set_writes_its_bytes_and_no_others(void **state)
{
    (void)state;
    for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
        for (size_t at = 0; at < PLACES; at++) {
            uint8_t bytes[BYTES], expected[BYTES];
            fill_pattern(bytes);
            fill_pattern(expected);
            for (size_t i = 0; i < n; i++)
                expected[at + i] = 0xC3;
            assert_ptr_equal(kernel_memset(bytes + at, -61, n), bytes + at);
            check_same(bytes, expected);
        }
}

static void copies_are_right_wherever_they_overlap(void **state)
{
    (void)state;
    for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
        for (size_t to = 0; to < PLACES; to++)
            for (size_t from = 0; from < PLACES; from++) {
                uint8_t bytes[BYTES], original[BYTES], expected[BYTES];
                fill_pattern(bytes);
                fill_pattern(original);
                fill_pattern(expected);
                for (size_t i = 0; i < n; i++)
                    expected[to + i] = original[from + i];
                assert_ptr_equal(kernel_memmove(bytes + to, bytes + from, n), bytes + to);
                check_same(bytes, expected);

                fill_pattern(bytes);
                assert_ptr_equal(kernel_memcpy(bytes + to, original + from, n), bytes + to);
                check_same(bytes, expected);
            }
}

static void comparing_looks_at_unsigned_bytes_in_order(void **state)
{
    (void)state;
    const uint8_t low[] = { 1, 2, 0x7F, 9 }, high[] = { 1, 2, 0x80, 3 };

    assert_int_equal(kernel_memcmp(low, high, 2), 0);
    assert_true(kernel_memcmp(low, high, 3) < 0);
    assert_true(kernel_memcmp(high, low, 4) > 0);
    assert_int_equal(kernel_memcmp(low, high, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_writes_its_bytes_and_no_others),
        cmocka_unit_test(copies_are_right_wherever_they_overlap),
        cmocka_unit_test(comparing_looks_at_unsigned_bytes_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
