/* IOMMUs: found in DMAR and IVRS, whole and damaged; switched off, on made-up units that obey, or do not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iommu.h"

#define ENTRIES 48
#define UNITS_MAX 8

/* ---- tables ---- */

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* An entry as DMAR has them: type, length, of 16 bits each; or IVRS: type, flags, length. The registers at offset 8. */
static size_t add(uint8_t *table, size_t at, uint64_t type, uint64_t bytes, uint64_t registers)
{
    put(table + at, type, 2);
    put(table + at + 2, bytes, 2);
    if (bytes >= 16)
        put(table + at + 8, registers, 8);
    return at + bytes;
}

/* What is found in a table of just its length. */
static size_t find(bool (*next)(struct acpi_table, size_t *, phys_addr_t *), const uint8_t *bytes, size_t n,
                   uint64_t *units)
{
    uint8_t *exact = malloc(n);
    phys_addr_t registers;
    size_t found = 0, cursor = 0;

    memcpy(exact, bytes, n);
    while (next((struct acpi_table){ exact, n }, &cursor, &registers)) {
        assert_true(cursor <= n && found < UNITS_MAX);
        units[found++] = registers.value;
    }
    free(exact);
    return found;
}

/* A unit for one device, RMRR (type 1), ATSR (2), a unit for all others: what laptops have. */
static size_t make_dmar(uint8_t *table)
{
    size_t at = ENTRIES;

    at = add(table, at, 0, 24, 0xFED90000);
    at = add(table, at, 1, 32, 0x7B000000);
    at = add(table, at, 2, 8, 0);
    return add(table, at, 0, 16, 0xFED91000);
}

static void every_remapping_unit_of_a_dmar_is_found(void **state)
{
    uint8_t table[256] = { 0 };
    uint64_t units[UNITS_MAX];
    const size_t n = make_dmar(table);

    (void)state;
    assert_int_equal(find(iommu_next_intel, table, n, units), 2);
    assert_int_equal(units[0], 0xFED90000);
    assert_int_equal(units[1], 0xFED91000);
}

/* The same unit in three kinds of blocks, and a block for memory (0x20), which is none. */
static void every_kind_of_hardware_block_of_an_ivrs_is_found(void **state)
{
    uint8_t table[256] = { 0 };
    uint64_t units[UNITS_MAX];
    size_t n = ENTRIES;

    (void)state;
    n = add(table, n, 0xB010, 28, 0xFEB80000); /* the second byte is flags */
    n = add(table, n, 0x0820, 32, 0x80000000);
    n = add(table, n, 0x3011, 40, 0xFEB80000);
    n = add(table, n, 0x3040, 44, 0x10FEB80000);
    assert_int_equal(find(iommu_next_amd, table, n, units), 3);
    assert_int_equal(units[0], 0xFEB80000);
    assert_int_equal(units[1], 0xFEB80000);
    assert_int_equal(units[2], 0x10FEB80000);
}

static void a_table_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
    uint8_t table[256] = { 0 };
    uint64_t units[UNITS_MAX];
    const size_t n = make_dmar(table);

    (void)state;
    for (size_t cut = 0; cut <= n; cut++)
        assert_int_equal(find(iommu_next_intel, table, cut, units), cut < ENTRIES + 24 ? 0 : cut < n ? 1 : 2);
}

static void impossible_lengths_end_the_reading_and_short_entries_are_passed_over(void **state)
{
    uint8_t table[256] = { 0 };
    uint64_t units[UNITS_MAX];
    const size_t n = make_dmar(table);

    (void)state;
    for (unsigned length = 0; length <= UINT16_MAX; length++) {
        put(table + ENTRIES + 2, length, 2);
        const size_t found = find(iommu_next_intel, table, n, units);

        if (length < 4 || length > n - ENTRIES)
            assert_int_equal(found, 0);
        if (length >= 4 && length < 16)
            assert_true(!found || units[0] != 0xFED90000);
    }
    add(table, ENTRIES, 0x10, 20, 0xFEB80000);
    assert_int_equal(find(iommu_next_amd, table, ENTRIES + 20, units), 0);
}

static void units_at_no_page_are_passed_over(void **state)
{
    uint8_t table[256] = { 0 };
    uint64_t units[UNITS_MAX];
    size_t n = ENTRIES;

    (void)state;
    n = add(table, n, 0, 16, 0);
    n = add(table, n, 0, 16, 0xFED90004);
    n = add(table, n, 0, 16, UINT64_MAX);
    n = add(table, n, 0, 16, 0xFED91000);
    assert_int_equal(find(iommu_next_intel, table, n, units), 1);
    assert_int_equal(units[0], 0xFED91000);
    put(table + ENTRIES, 0x10, 2);
    assert_int_equal(find(iommu_next_amd, table, n, units), 0);
}

/* ---- units ---- */

#define COMMAND 0x18
#define STATUS 0x1C
#define TRANSLATION (1u << 31)
#define REMAPPING (1u << 25)
#define STATE_BITS 0x96800000u /* that a command keeps: TE, EAFL, QIE, IRE, CFI */

struct unit {
    uint32_t status;
    uint32_t deaf;   /* bits that no command changes */
    unsigned slow;   /* reads until a command shows */
    unsigned wait;
    uint32_t pending;
    uint32_t commands[4];
    unsigned n_commands;
};

static uint32_t read_unit(void *context, uint32_t offset)
{
    struct unit *unit = context;

    assert_int_equal(offset, STATUS);
    if (unit->wait && !--unit->wait)
        unit->status = unit->pending;
    return unit->status;
}

static void write_unit(void *context, uint32_t offset, uint32_t value)
{
    struct unit *unit = context;

    assert_int_equal(offset, COMMAND);
    assert_true(unit->n_commands < 4);
    unit->commands[unit->n_commands++] = value;
    unit->pending = (value & STATE_BITS) | (unit->status & (unit->deaf | ~STATE_BITS));
    unit->wait = 1 + unit->slow;
}

static bool stop(struct unit *unit)
{
    const struct mmio registers = { unit, read_unit, write_unit };

    return iommu_stop_intel(&registers);
}

/* Root table pointer set, queued invalidation on, a remapping table set: all that stays, none of it is commanded. */
static void translation_and_remapping_end_one_after_the_other(void **state)
{
    struct unit unit = { .status = TRANSLATION | REMAPPING | 0x45000000, .slow = 5 };

    (void)state;
    assert_true(stop(&unit));
    assert_int_equal(unit.n_commands, 2);
    assert_int_equal(unit.commands[0], REMAPPING | 0x04000000);
    assert_int_equal(unit.commands[1], 0x04000000);
    assert_int_equal(unit.status & (TRANSLATION | REMAPPING), 0);
}

static void a_unit_that_is_off_is_left_alone(void **state)
{
    struct unit unit = { .status = 0x40000000 };

    (void)state;
    assert_true(stop(&unit));
    assert_int_equal(unit.n_commands, 0);
}

static void a_unit_that_does_not_obey_is_told_of(void **state)
{
    struct unit translates = { .status = TRANSLATION | REMAPPING, .deaf = TRANSLATION };
    struct unit remaps = { .status = TRANSLATION | REMAPPING, .deaf = REMAPPING };

    (void)state;
    assert_false(stop(&translates));
    assert_int_equal(translates.status, TRANSLATION); /* the other is off all the same */
    assert_false(stop(&remaps));
    assert_int_equal(remaps.status, REMAPPING);
}

static void where_no_unit_answers_there_is_nothing_to_end(void **state)
{
    struct unit unit = { .status = MMIO_NOBODY };

    (void)state;
    assert_true(stop(&unit));
    assert_int_equal(unit.n_commands, 0);
}

static uint32_t read_amd(void *context, uint32_t offset)
{
    assert_int_equal(offset, 0x18);
    return *(uint32_t *)context;
}

static void write_amd(void *context, uint32_t offset, uint32_t value)
{
    assert_int_equal(offset, 0x18);
    assert_int_not_equal(*(uint32_t *)context, MMIO_NOBODY);
    *(uint32_t *)context = value;
}

static void amds_unit_loses_its_enable_bit_alone(void **state)
{
    uint32_t control = 0x0000140D, nobody = MMIO_NOBODY;

    (void)state;
    iommu_stop_amd(&(struct mmio){ &control, read_amd, write_amd });
    assert_int_equal(control, 0x0000140C);
    iommu_stop_amd(&(struct mmio){ &nobody, read_amd, write_amd });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_remapping_unit_of_a_dmar_is_found),
        cmocka_unit_test(every_kind_of_hardware_block_of_an_ivrs_is_found),
        cmocka_unit_test(a_table_cut_anywhere_is_not_read_beyond_its_end),
        cmocka_unit_test(impossible_lengths_end_the_reading_and_short_entries_are_passed_over),
        cmocka_unit_test(units_at_no_page_are_passed_over),
        cmocka_unit_test(translation_and_remapping_end_one_after_the_other),
        cmocka_unit_test(a_unit_that_is_off_is_left_alone),
        cmocka_unit_test(a_unit_that_does_not_obey_is_told_of),
        cmocka_unit_test(where_no_unit_answers_there_is_nothing_to_end),
        cmocka_unit_test(amds_unit_loses_its_enable_bit_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
