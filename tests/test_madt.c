#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "madt.h"

#define ENTRIES 44
#define IDS_MAX 8

/*
 * What QEMU 7.2 (q35, `-smp 2,maxcpus=3`) gave its guest: the head, three local APICs, an I/O APIC, five interrupt
 * source overrides, a local APIC NMI.
 */
static const uint8_t qemu[] = {
    'A', 'P', 'I', 'C', 136, 0, 0, 0, 1, 0x63, 'B', 'O', 'C', 'H', 'S', ' ', 'B', 'X', 'P', 'C', ' ', ' ', ' ', ' ',
    1, 0, 0, 0, 'B', 'X', 'P', 'C', 1, 0, 0, 0, 0, 0, 0xE0, 0xFE, 1, 0, 0, 0,
    0, 8, 0, 0, 1, 0, 0, 0,  0, 8, 1, 1, 1, 0, 0, 0,  0, 8, 2, 2, 0, 0, 0, 0,
    1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0,
    2, 10, 0, 0, 2, 0, 0, 0, 0, 0,  2, 10, 0, 5, 5, 0, 0, 0, 0xD, 0,  2, 10, 0, 9, 9, 0, 0, 0, 0xD, 0,
    2, 10, 0, 10, 10, 0, 0, 0, 0xD, 0,  2, 10, 0, 11, 11, 0, 0, 0, 0xD, 0,
    4, 6, 0xFF, 0, 0, 1,
};

/* A table of its own length in memory of just that length. */
static struct madt_processors read_exact(const uint8_t *bytes, size_t n, uint32_t *ids, size_t capacity)
{
    uint8_t *exact = malloc(n);
    struct madt_processors p;

    memcpy(exact, bytes, n);
    p = madt_read((struct acpi_table){ exact, n }, ids, capacity);
    free(exact);
    return p;
}

/* A head of arbitrary contents and these entries. */
static struct madt_processors read_entries(const uint8_t *entries, size_t n, uint32_t *ids, size_t capacity)
{
    uint8_t bytes[512];

    memset(bytes, 0xA5, ENTRIES);
    memcpy(bytes + ENTRIES, entries, n);
    return read_exact(bytes, ENTRIES + n, ids, capacity);
}

static void qemus_table_gives_its_processors_but_not_the_absent_one(void **state)
{
    uint32_t ids[IDS_MAX];
    const struct madt_processors p = read_exact(qemu, sizeof qemu, ids, IDS_MAX);

    (void)state;
    assert_int_equal(p.n, 2);
    assert_int_equal(ids[0], 0);
    assert_int_equal(ids[1], 1);
    assert_int_equal(p.n_disabled, 1);
    assert_int_equal(p.n_left_out, 0);
    assert_false(p.is_cut);
}

static void x2apic_entries_hold_ids_of_32_bits(void **state)
{
    static const uint8_t entries[] = { 9, 16, 0, 0, 0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 7, 0, 0, 0,
                                       9, 16, 0, 0, 0xFF, 0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0,
                                       9, 16, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0 };
    uint32_t ids[IDS_MAX];
    const struct madt_processors p = read_entries(entries, sizeof entries, ids, IDS_MAX);

    (void)state;
    assert_int_equal(p.n, 2);
    assert_int_equal(ids[0], 0x12345678);
    assert_int_equal(ids[1], 0xFF);
    assert_int_equal(p.n_disabled, 1); /* "online capable": not there yet */
}

static void a_processor_that_is_described_twice_counts_once(void **state)
{
    static const uint8_t entries[] = { 0, 8, 0, 4, 1, 0, 0, 0, 9, 16, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                                       0, 8, 1, 4, 1, 0, 0, 0, 0, 8, 1, 5, 1, 0, 0, 0 };
    uint32_t ids[IDS_MAX];
    const struct madt_processors p = read_entries(entries, sizeof entries, ids, IDS_MAX);

    (void)state;
    assert_int_equal(p.n, 2);
    assert_int_equal(ids[0], 4);
    assert_int_equal(ids[1], 5);
}

static void ids_that_mean_everybody_are_nobody(void **state)
{
    static const uint8_t entries[] = { 0, 8, 0, 0xFF, 1, 0, 0, 0,
                                       9, 16, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0, 0, 0, 0 };
    uint32_t ids[IDS_MAX];
    const struct madt_processors p = read_entries(entries, sizeof entries, ids, IDS_MAX);

    (void)state;
    assert_int_equal(p.n, 0);
    assert_int_equal(p.n_disabled, 2);
}

static void what_there_is_no_room_for_is_counted(void **state)
{
    static const uint8_t entries[] = { 0, 8, 0, 1, 1, 0, 0, 0, 0, 8, 0, 2, 1, 0, 0, 0, 0, 8, 0, 1, 1, 0, 0, 0,
                                       0, 8, 0, 3, 1, 0, 0, 0 };
    uint32_t ids[IDS_MAX] = { 99, 99 };
    struct madt_processors p = read_entries(entries, sizeof entries, ids, 1);

    (void)state;
    assert_int_equal(p.n, 1);
    assert_int_equal(p.n_left_out, 2);
    assert_int_equal(ids[1], 99);
    p = read_entries(entries, sizeof entries, NULL, 0);
    assert_int_equal(p.n, 0);
}

static void impossible_lengths_end_the_reading(void **state)
{
    uint8_t entries[] = { 0, 8, 0, 1, 1, 0, 0, 0, 0, 8, 0, 2, 1, 0, 0, 0 };
    uint32_t ids[IDS_MAX];

    (void)state;
    for (unsigned length = 0; length < 256; length++) {
        struct madt_processors p;

        entries[9] = (uint8_t)length;
        p = read_entries(entries, sizeof entries, ids, IDS_MAX);
        assert_int_equal(p.n, length == 8 ? 2 : 1);
        assert_int_equal(ids[0], 1);
        if (length < 2 || length > 8)
            assert_true(p.is_cut);
    }
}

static void entries_too_short_for_their_type_are_passed_over(void **state)
{
    static const uint8_t entries[] = { 0, 7, 0, 1, 1, 0, 0, 9, 15, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                                       0, 8, 0, 3, 1, 0, 0, 0 };
    uint32_t ids[IDS_MAX];
    const struct madt_processors p = read_entries(entries, sizeof entries, ids, IDS_MAX);

    (void)state;
    assert_int_equal(p.n, 1);
    assert_int_equal(ids[0], 3);
    assert_false(p.is_cut);
}

static void a_table_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
    uint32_t ids[IDS_MAX];

    (void)state;
    for (size_t n = ACPI_HEADER_BYTES; n <= sizeof qemu; n++) {
        const struct madt_processors p = read_exact(qemu, n, ids, IDS_MAX);

        assert_int_equal(p.n, n < ENTRIES + 8 ? 0 : n < ENTRIES + 16 ? 1 : 2);
    }
}

/* In the tables of machines with room for more: entries of no processor, with id 255 or a used one. */
static void the_uid_is_that_of_the_enabled_entry(void **state)
{
    static const uint8_t entries[] = { 0, 8, 66, 4, 0, 0, 0, 0,  0, 8, 77, 0xFF, 1, 0, 0, 0,
                                       0, 8, 7, 4, 1, 0, 0, 0,
                                       9, 16, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 88, 0, 0, 0,
                                       9, 16, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0x78, 0x56, 0x34, 0x12,
                                       9, 16, 0, 0, 0xFF, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0,
                                       9, 16, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 99, 0, 0, 0 };
    static const struct {
        uint32_t apic_id;
        bool found;
        uint32_t uid;
    } wanted[] = { { 4, true, 7 }, { 5, true, 0x12345678 }, { 0xFF, true, 9 }, { 6, false, 0 },
                   { 0xFFFFFFFF, false, 0 }, { 0x104, false, 0 } };
    uint8_t *exact = malloc(ENTRIES + sizeof entries);

    (void)state;
    memset(exact, 0xA5, ENTRIES);
    memcpy(exact + ENTRIES, entries, sizeof entries);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        uint32_t uid = 0;

        assert_int_equal(madt_uid_of((struct acpi_table){ exact, ENTRIES + sizeof entries }, wanted[i].apic_id, &uid),
                         wanted[i].found);
        assert_int_equal(uid, wanted[i].uid);
    }
    free(exact);
}

static void the_walk_gives_every_entry_once_and_ends_where_the_table_is_cut(void **state)
{
    static const uint8_t types[] = { 0, 0, 0, 1, 2, 2, 2, 2, 2, 4 };

    (void)state;
    for (size_t n = 0; n <= sizeof qemu; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        size_t cursor = 0, found = 0, at = ENTRIES;
        struct madt_entry e;

        memcpy(exact, qemu, n);
        while (madt_next((struct acpi_table){ exact, n }, &cursor, &e)) {
            assert_ptr_equal(e.bytes, exact + at);
            assert_int_equal(e.bytes[0], types[found++]);
            assert_int_equal(e.n_bytes, qemu[at + 1]);
            at += e.n_bytes;
            assert_true(cursor == at && at <= n);
        }
        assert_true(at == ENTRIES ? n < ENTRIES + 8 : at + 12 > n); /* as far as whole entries go */
        assert_int_equal(n == sizeof qemu, found == sizeof types);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemus_table_gives_its_processors_but_not_the_absent_one),
        cmocka_unit_test(x2apic_entries_hold_ids_of_32_bits),
        cmocka_unit_test(a_processor_that_is_described_twice_counts_once),
        cmocka_unit_test(ids_that_mean_everybody_are_nobody),
        cmocka_unit_test(what_there_is_no_room_for_is_counted),
        cmocka_unit_test(impossible_lengths_end_the_reading),
        cmocka_unit_test(entries_too_short_for_their_type_are_passed_over),
        cmocka_unit_test(a_table_cut_anywhere_is_not_read_beyond_its_end),
        cmocka_unit_test(the_uid_is_that_of_the_enabled_entry),
        cmocka_unit_test(the_walk_gives_every_entry_once_and_ends_where_the_table_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
