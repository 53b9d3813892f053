#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dimms_report.h"
#include "inventory_fixture.h"
#include "smbios_fixture.h"

/* ---- one structure ---- */

static struct smbios_structure first_of(const struct fixture_bytes *t)
{
    struct smbios_structure s;

    assert_true(smbios_structure_at(t->bytes, t->n, 0, &s));
    return s;
}

static struct smbios_device read_sized(uint16_t size, uint32_t extended)
{
    struct fixture_bytes t = { .n = 0 };
    struct smbios_device d;

    add_device(&t, 0x1100, 0x1000, size, extended, "A\0B\0C\0D\0E\0F\0");

    const struct smbios_structure s = first_of(&t);

    assert_true(smbios_device_read(&s, &d));
    return d;
}

static void sizes_are_in_mib_kib_extended_unknown_or_none(void **state)
{
    (void)state;
    assert_int_equal(read_sized(0x4000, 0).bytes, GIB(16));
    assert_int_equal(read_sized(0x8400, 0).bytes, MIB(1));
    assert_int_equal(read_sized(0x7FFF, 0x8000).bytes, GIB(32));
    assert_int_equal(read_sized(0x7FFF, 0x80008000).bytes, GIB(32));
    assert_false(read_sized(0x7FFF, 0x8000).is_empty);
    assert_true(read_sized(0, 0).is_empty);
    assert_true(read_sized(0, 0).is_size_known);
    assert_false(read_sized(0xFFFF, 0).is_size_known);
    assert_false(read_sized(0xFFFF, 0).is_empty);
    assert_int_equal(read_sized(0xFFFF, 0).bytes, 0);
    assert_int_equal(read_sized(0x4000, 0).volatile_bytes, GIB(16));
    assert_int_equal(read_sized(0x4000, 0).non_volatile_bytes, 0);
}

static void non_volatile_memory_is_not_volatile(void **state)
{
    struct fixture_bytes t = { .n = 0 };
    struct smbios_structure s;
    struct smbios_device d;

    (void)state;
    add_device(&t, 1, 2, 0x7FFF, 0x20000, "");
    poke(&t, 0x34, GIB(128), 8);
    poke(&t, 0x3C, 0, 8);
    s = first_of(&t);
    assert_true(smbios_device_read(&s, &d));
    assert_int_equal(d.bytes, GIB(128));
    assert_int_equal(d.non_volatile_bytes, GIB(128));
    assert_int_equal(d.volatile_bytes, 0);
    poke(&t, 0x34, UINT64_MAX, 8);
    poke(&t, 0x3C, UINT64_MAX, 8);
    assert_true(smbios_device_read(&s, &d));
    assert_int_equal(d.non_volatile_bytes, 0);
    assert_int_equal(d.volatile_bytes, GIB(128));
    poke(&t, 0x34, 0, 8);
    poke(&t, 0x3C, MIB(32767), 8); /* a Supermicro board, of a module of 32 GB */
    assert_true(smbios_device_read(&s, &d));
    assert_int_equal(d.volatile_bytes, GIB(128));
}

static void speeds_widths_and_texts_are_read(void **state)
{
    struct fixture_bytes t = { .n = 0 };
    struct smbios_structure s;
    struct smbios_device d;

    (void)state;
    add_device(&t, 0x1100, 0x1000, 0x4000, 0, "SLOT\0BANK\0MAKER\0SERIAL\0ASSET\0PART\0");
    s = first_of(&t);
    assert_true(smbios_device_read(&s, &d));
    assert_int_equal(d.handle, 0x1100);
    assert_int_equal(d.array, 0x1000);
    assert_int_equal(d.total_width, 72);
    assert_int_equal(d.data_width, 64);
    assert_int_equal(d.speed, 3200);
    assert_int_equal(d.configured_speed, 2933);
    assert_int_equal(d.ranks, 2);
    assert_string_equal(d.slot, "SLOT");
    assert_string_equal(d.bank, "BANK");
    assert_string_equal(d.maker, "MAKER");
    assert_string_equal(d.serial, "SERIAL");
    assert_string_equal(d.asset, "ASSET");
    assert_string_equal(d.part, "PART");
    poke(&t, 0x15, 0xFFFF, 2);
    poke(&t, 0x20, 0xFFFF, 2);
    poke(&t, 0x54, 0x80010000, 4);
    poke(&t, 0x58, 70000, 4);
    poke(&t, 0x08, 0xFFFF, 2);
    assert_true(smbios_device_read(&s, &d));
    assert_int_equal(d.speed, 65536);
    assert_int_equal(d.configured_speed, 70000);
    assert_int_equal(d.total_width, 0);
}

/* DSP0134 2.1's structure ends before the speed. */
static void a_structure_of_an_old_version_lacks_what_came_later(void **state)
{
    struct fixture_bytes t = { .n = 0 };
    struct smbios_structure s;
    struct smbios_device d;

    (void)state;
    add_device(&t, 1, 2, 0x7FFF, 0x8000, "SLOT\0BANK\0");
    s = first_of(&t);
    s.formatted_bytes = 0x15;
    assert_true(smbios_device_read(&s, &d));
    assert_string_equal(d.slot, "SLOT");
    assert_int_equal(d.speed, 0);
    assert_int_equal(d.bytes, 0);
    assert_null(d.maker);
    s.formatted_bytes = 0x14;
    assert_false(smbios_device_read(&s, &d));
}

static void mappings_are_in_kib_or_in_bytes_and_include_their_ends(void **state)
{
    struct fixture_bytes t = { .n = 0 };
    struct smbios_structure s;
    struct smbios_mapping m;

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(2));
    s = first_of(&t);
    assert_true(smbios_mapping_read(&s, SMBIOS_TYPE_ARRAY_ADDRESS, &m));
    assert_int_equal(m.handle, 0x1000);
    assert_int_equal(m.bytes.start.value, 0);
    assert_int_equal(m.bytes.bytes, GIB(2));
    assert_false(m.is_nominal);
    assert_false(smbios_mapping_read(&s, SMBIOS_TYPE_DEVICE_ADDRESS, &m));
    t.n = 0;
    add_array_address(&t, 0x1000, TIB(8), TIB(9));
    s = first_of(&t);
    assert_true(smbios_mapping_read(&s, SMBIOS_TYPE_ARRAY_ADDRESS, &m));
    assert_int_equal(m.bytes.start.value, TIB(8));
    assert_int_equal(m.bytes.bytes, TIB(1));
    assert_false(m.is_nominal);
    poke(&t, 0x17, UINT64_MAX, 8);
    assert_false(smbios_mapping_read(&s, SMBIOS_TYPE_ARRAY_ADDRESS, &m));
    poke(&t, 0x17, TIB(8), 8);
    assert_false(smbios_mapping_read(&s, SMBIOS_TYPE_ARRAY_ADDRESS, &m));
}

static void numbers_that_nobody_defines_have_no_name(void **state)
{
    (void)state;
    assert_string_equal(smbios_device_type_name(0x1A), "DDR4");
    assert_string_equal(smbios_device_type_name(0x22), "DDR5");
    assert_string_equal(smbios_device_type_name(0x12), "DDR");
    assert_string_equal(smbios_device_type_name(0x18), "DDR3");
    assert_string_equal(smbios_device_type_name(0x23), "LPDDR5");
    assert_string_equal(smbios_device_type_name(7), "RAM");
    for (unsigned i = 0x24; i < 256; i++)
        assert_string_equal(smbios_device_type_name((uint8_t)i), "unknown");
    assert_string_equal(smbios_device_type_name(0), "unknown");
    assert_string_equal(smbios_device_type_name(0x15), "unknown");
    assert_string_equal(smbios_ecc_name(3), "none");
    assert_string_equal(smbios_ecc_name(5), "single-bit");
    assert_string_equal(smbios_ecc_name(7), "CRC");
    assert_string_equal(smbios_ecc_name(8), "unknown");
    assert_string_equal(smbios_ecc_name(255), "unknown");
    assert_string_equal(smbios_technology_name(4), "NVDIMM-N");
    assert_string_equal(smbios_technology_name(7), "Optane");
    assert_string_equal(smbios_technology_name(0), "unknown");
}

/* ---- which module ---- */

static void expect_dimm(const struct fixture_bytes *t, uint64_t address, const char *expected)
{
    uint8_t *copy = exact_copy(t, t->n);
    const struct smbios_bytes smbios = { copy, t->n };
    char name[DIMM_NAME_BYTES];

    smbios_dimm_of(&smbios, phys_addr(address), name, sizeof name);
    assert_string_equal(name, expected);
    free(copy);
}

static void an_address_belongs_to_the_device_that_is_mapped_there(void **state)
{
    struct fixture_bytes t = two_modules();

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(2));
    add_device_address(&t, 0x1100, 0, GIB(1));
    add_device_address(&t, 0x1101, GIB(1), GIB(2));
    expect_dimm(&t, 0, "DIMM_A1");
    expect_dimm(&t, GIB(1) - 1, "DIMM_A1");
    expect_dimm(&t, GIB(1), "DIMM_B1 (CH B)");
    expect_dimm(&t, GIB(2), "");
}

static void devices_at_the_same_addresses_are_named_together(void **state)
{
    struct fixture_bytes t = two_modules();

    (void)state;
    add_device_address(&t, 0x1101, 0, GIB(2));
    add_device_address(&t, 0x1100, 0, GIB(2));
    expect_dimm(&t, GIB(1), "DIMM_B1 (CH B) or DIMM_A1");
}

/* Their addresses follow one another, as if each had its own: every second line is the other's. */
static void of_interleaved_devices_none_is_blamed_alone(void **state)
{
    static const uint8_t positions[] = { 1, 2, 0xFF };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(positions); i++) {
        struct fixture_bytes t = two_modules();

        add_array_address(&t, 0x1000, 0, GIB(2));
        add_device_address(&t, 0x1100, 0, GIB(1));
        add_device_address(&t, 0x1101, GIB(1), GIB(2));
        poke(&t, t.n - 0x25 + 0x11, positions[i], 1);
        expect_dimm(&t, MIB(1), "DIMM_A1 or DIMM_B1 (CH B)");
        expect_dimm(&t, GIB(1), "DIMM_A1 or DIMM_B1 (CH B)");
        expect_dimm(&t, GIB(2), "");
    }
}

/* The hole below 4 GiB pushed some of it up, and all that is above. */
static void nominal_addresses_blame_nobody_alone_and_go_on_above_their_end(void **state)
{
    struct fixture_bytes t = two_modules();

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(16));
    add_device_address(&t, 0x1100, 0, GIB(8));
    add_device_address(&t, 0x1101, GIB(8), GIB(16));
    expect_dimm(&t, MIB(1), "DIMM_A1 or DIMM_B1 (CH B)");
    expect_dimm(&t, GIB(9), "DIMM_A1 or DIMM_B1 (CH B)");
    expect_dimm(&t, GIB(17), "DIMM_A1 or DIMM_B1 (CH B)");
}

static void without_devices_addresses_the_arrays_modules_are_named(void **state)
{
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, 3, 2, GIB(8));
    add_device(&t, 0x1100, 0x1000, 0x0800, 0, " DIMM_A1 \0");
    add_device(&t, 0x1101, 0x1000, 0, 0, "DIMM_B1\0");
    add_array_address(&t, 0x1000, 0, GIB(2));
    expect_dimm(&t, MIB(1), "DIMM_A1");
    expect_dimm(&t, GIB(2), "");
    add_device(&t, 0x1102, 0x1000, 0x0800, 0, "\x01\xC3\0");
    expect_dimm(&t, MIB(1), "DIMM_A1 or ??");
    add_device(&t, 0x1103, 0x1000, 0x0800, 0, "");
    expect_dimm(&t, MIB(1), "DIMM_A1 or ?? or a module");
    for (uint16_t i = 0; i < 2; i++)
        add_device(&t, (uint16_t)(0x1104 + i), 0x1000, 0x0800, 0, "X\0");
    expect_dimm(&t, MIB(1), "");
}

static void a_name_is_cut_to_its_room(void **state)
{
    const struct fixture_bytes t = two_modules();
    struct fixture_bytes mapped = t;

    (void)state;
    add_device_address(&mapped, 0x1101, 0, GIB(2));
    for (size_t room = 1; room < 20; room++) {
        const struct smbios_bytes smbios = { mapped.bytes, mapped.n };
        char *name = malloc(room);

        smbios_dimm_of(&smbios, phys_addr(0), name, room);
        assert_int_equal(strlen(name), room - 1 < 14 ? room - 1 : 14);
        free(name);
    }
}

static void a_machine_is_named_by_its_parts(void **state)
{
    struct fixture_bytes t = { .n = 0 };
    struct fixture_output output = fixture_output();

    (void)state;
    add_named(&t, SMBIOS_TYPE_PROCESSOR, 0x1A, 0x07, 0x10, 0, "Maker of chips\0Fast 9000   \0");
    add_named(&t, SMBIOS_TYPE_FIRMWARE, 0x12, 0x04, 0x05, 0x08, "EDK II\0 1.2\n\0" "01/02/2023\0");
    add_named(&t, SMBIOS_TYPE_BOARD, 0x08, 0x04, 0x05, 0x06, "ACME\0Board\0");
    smbios_machine_lines(&(struct smbios_bytes){ t.bytes, t.n }, &output.sink);
    assert_string_equal(output.text, "Firmware:  EDK II 1.2? 01/02/2023\n"
                                     "Board:     ACME Board\n"
                                     "Processor: Maker of chips Fast 9000\n");
    fixture_output_free(&output);
}

static void a_table_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
    struct fixture_bytes t = two_modules();

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(4));
    add_device_address(&t, 0x1100, 0, GIB(2));
    add_named(&t, SMBIOS_TYPE_PROCESSOR, 0x1A, 0x07, 0x10, 0, "A\0B\0");
    for (size_t n = 0; n <= t.n; n++) {
        uint8_t *copy = exact_copy(&t, n);
        struct fixture_output output = fixture_output();
        const struct smbios_bytes smbios = { copy, n };
        char name[DIMM_NAME_BYTES];

        smbios_dimm_of(&smbios, phys_addr(0), name, sizeof name);
        smbios_machine_lines(&smbios, &output.sink);
        fixture_output_free(&output);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_in_mib_kib_extended_unknown_or_none),
        cmocka_unit_test(non_volatile_memory_is_not_volatile),
        cmocka_unit_test(speeds_widths_and_texts_are_read),
        cmocka_unit_test(a_structure_of_an_old_version_lacks_what_came_later),
        cmocka_unit_test(mappings_are_in_kib_or_in_bytes_and_include_their_ends),
        cmocka_unit_test(numbers_that_nobody_defines_have_no_name),
        cmocka_unit_test(an_address_belongs_to_the_device_that_is_mapped_there),
        cmocka_unit_test(devices_at_the_same_addresses_are_named_together),
        cmocka_unit_test(of_interleaved_devices_none_is_blamed_alone),
        cmocka_unit_test(nominal_addresses_blame_nobody_alone_and_go_on_above_their_end),
        cmocka_unit_test(without_devices_addresses_the_arrays_modules_are_named),
        cmocka_unit_test(a_name_is_cut_to_its_room),
        cmocka_unit_test(a_machine_is_named_by_its_parts),
        cmocka_unit_test(a_table_cut_anywhere_is_not_read_beyond_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
