#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "smbios.h"

static void fix_checksum(uint8_t *entry, size_t bytes, size_t at)
{
    uint8_t sum = 0;

    entry[at] = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + entry[i]);
    entry[at] = (uint8_t)-sum;
}

/* DSP0134 5.2.2: structures at 0x12345000, at most 0x321 bytes. */
static void make_entry64(uint8_t entry[24])
{
    const uint8_t bytes[24] = { '_', 'S', 'M', '3', '_', 0, 24, 3, 6, 0, 1, 0, 0x21, 3, 0, 0, 0, 0x50, 0x34, 0x12 };

    memcpy(entry, bytes, 24);
    fix_checksum(entry, 24, 5);
}

/* DSP0134 5.2.1: structures at 0x000f1230, 0x0456 bytes. */
static void make_entry32(uint8_t entry[31])
{
    const uint8_t bytes[31] = { '_', 'S', 'M', '_', 0,   31,   2,    8,    0,    0,    0, 0, 0,    0, 0, 0,
                                '_', 'D', 'M', 'I', '_', 0,    0x56, 4,    0x30, 0x12, 0xf, 0, 9,    0, 0x28 };

    memcpy(entry, bytes, 31);
    fix_checksum(entry + 16, 15, 5);
    fix_checksum(entry, 31, 4);
}

static void both_entry_points_are_read(void **state)
{
    uint8_t entry[32];
    struct smbios_table table;

    (void)state;
    make_entry64(entry);
    assert_true(smbios_entry_point(entry, 24, &table));
    assert_int_equal(table.structures.start.value, 0x12345000);
    assert_int_equal(table.structures.bytes, 0x321);
    make_entry32(entry);
    assert_true(smbios_entry_point(entry, 31, &table));
    assert_int_equal(table.structures.start.value, 0xf1230);
    assert_int_equal(table.structures.bytes, 0x456);
}

static void one_changed_byte_makes_an_entry_point_invalid(void **state)
{
    uint8_t entry[31];
    struct smbios_table table;

    (void)state;
    for (size_t i = 0; i < 24; i++) {
        make_entry64(entry);
        entry[i] ^= 0x10;
        assert_false(smbios_entry_point(entry, 24, &table));
    }
    for (size_t i = 0; i < 31; i++) {
        make_entry32(entry);
        entry[i] ^= 0x10;
        assert_false(smbios_entry_point(entry, 31, &table));
    }
}

static void an_entry_point_is_not_read_beyond_its_end(void **state)
{
    struct smbios_table table;

    (void)state;
    for (size_t n = 0; n < 24; n++) {
        uint8_t entry[24], *exact = malloc(n + 1);

        make_entry64(entry);
        memcpy(exact, entry, n);
        assert_false(smbios_entry_point(exact, n, &table));
        free(exact);
    }
}

/* Type 11 with two strings, type 32 without strings, type 127. */
static const uint8_t table_bytes[] = { 11, 5, 0, 0, 2, 'o', 'n', 'e', 0, 't', 'w', 'o', 0, 0,
                                       32, 6, 1, 0, 9, 9, 0, 0,
                                       127, 4, 2, 0, 0, 0 };

static void structures_and_their_strings_are_walked(void **state)
{
    struct smbios_structure s;

    (void)state;
    assert_true(smbios_structure_at(table_bytes, sizeof table_bytes, 0, &s));
    assert_int_equal(s.type, SMBIOS_TYPE_OEM_STRINGS);
    assert_string_equal(smbios_string(&s, 1), "one");
    assert_string_equal(smbios_string(&s, 2), "two");
    assert_null(smbios_string(&s, 0));
    assert_null(smbios_string(&s, 3));
    assert_true(smbios_structure_at(table_bytes, sizeof table_bytes, s.next, &s));
    assert_int_equal(s.type, 32);
    assert_int_equal(s.formatted_bytes, 6);
    assert_null(smbios_string(&s, 1));
    assert_false(smbios_structure_at(table_bytes, sizeof table_bytes, s.next, &s));
}

/* Reads everything that a walk offers; ASan sees a read outside. */
static void walk(const uint8_t *table, size_t bytes)
{
    struct smbios_structure s;
    size_t at = 0, sum = 0;

    while (smbios_structure_at(table, bytes, at, &s)) {
        assert_true(s.next > at && s.next <= bytes);
        for (unsigned i = 1; smbios_string(&s, i); i++)
            sum += strlen(smbios_string(&s, i));
        at = s.next;
    }
    assert_true(sum <= bytes);
}

static void a_table_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
    (void)state;
    for (size_t n = 0; n <= sizeof table_bytes; n++) {
        uint8_t *exact = malloc(n + 1);

        memcpy(exact, table_bytes, n);
        walk(exact, n);
        free(exact);
    }
}

static void a_table_with_any_byte_broken_is_not_read_beyond_its_end(void **state)
{
    uint8_t broken[sizeof table_bytes];

    (void)state;
    for (size_t i = 0; i < sizeof broken; i++)
        for (unsigned value = 0; value < 256; value++) {
            memcpy(broken, table_bytes, sizeof broken);
            broken[i] = (uint8_t)value;
            walk(broken, sizeof broken);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_entry_points_are_read),
        cmocka_unit_test(one_changed_byte_makes_an_entry_point_invalid),
        cmocka_unit_test(an_entry_point_is_not_read_beyond_its_end),
        cmocka_unit_test(structures_and_their_strings_are_walked),
        cmocka_unit_test(a_table_cut_anywhere_is_not_read_beyond_its_end),
        cmocka_unit_test(a_table_with_any_byte_broken_is_not_read_beyond_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
