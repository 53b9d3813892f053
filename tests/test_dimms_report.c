#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dimms_report.h"
#include "smbios_fixture.h"

static enum report_status report_on(const struct map_subject *on, const struct fixture_bytes *t, size_t n_bytes,
                                    struct acpi_table srat, bool with_serials, enum report_format format,
                                    struct fixture_output *output, uint64_t *ret_findings)
{
    const struct map_subject memory = *on;
    const struct report_style style = { &output->sink, format, REPORT_UNIT_AUTO };
    const size_t bytes = dimms_buffer_bytes(&memory);
    uint8_t *copy = n_bytes ? exact_copy(t, n_bytes) : NULL;
    const struct dimms_subject subject = { &memory, { copy, n_bytes }, srat, with_serials };
    void *buffer = malloc(bytes);
    const enum report_status status = dimms_report(&style, &subject, buffer, bytes, ret_findings);

    free(buffer);
    free(copy);
    return status;
}

static enum report_status report(const struct fixture_bytes *t, size_t n_bytes, struct acpi_table srat,
                                 bool with_serials, enum report_format format, struct fixture_output *output,
                                 uint64_t *ret_findings)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject memory = fixture_subject(&map);

    return report_on(&memory, t, n_bytes, srat, with_serials, format, output, ret_findings);
}

static void expect_on(const struct map_subject *memory, const struct fixture_bytes *t, struct acpi_table srat,
                      uint64_t n_findings, size_t n, const char *const *texts)
{
    struct fixture_output output = fixture_output();
    uint64_t found;

    assert_int_equal(report_on(memory, t, t->n, srat, false, REPORT_TEXT, &output, &found), REPORT_OK);
    for (size_t i = 0; i < n; i++)
        if (!strstr(output.text, texts[i]))
            fail_msg("%s is not in\n%s", texts[i], output.text);
    if (found != n_findings)
        fail_msg("%lu findings\n%s", found, output.text);
    fixture_output_free(&output);
}
static void expect(const struct fixture_bytes *t, struct acpi_table srat, uint64_t n_findings, size_t n,
                   const char *const *texts)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject memory = fixture_subject(&map);

    expect_on(&memory, t, srat, n_findings, n, texts);
}
#define NO_SRAT ((struct acpi_table){ NULL, 0 })
#define EXPECT(t, n, ...) \
    expect(t, NO_SRAT, n, sizeof (const char *[]){ __VA_ARGS__ } / sizeof(char *), (const char *[]){ __VA_ARGS__ })

/* fixture_pc()'s memory, in the two modules. */
static struct fixture_bytes sound(void)
{
    struct fixture_bytes t = two_modules();

    add_array_address(&t, 0x1000, 0, GIB(2));
    add_array_address(&t, 0x1000, GIB(4), GIB(6));
    add_device_address(&t, 0x1100, 0, GIB(2));
    add_device_address(&t, 0x1101, GIB(4), GIB(6));
    return t;
}

static void slots_arrays_addresses_and_totals_are_listed(void **state)
{
    const struct fixture_bytes t = sound();

    (void)state;
    EXPECT(&t, 0, "  0x1000  4096 MB      2        2     64 GB  multi-bit\n",
           "  DIMM_B1     CH B        0x1000  2048 MB  DDR4 ECC   2933  ACME, \"Inc\\.\"  PN-1\n",
           "  0x100000000  0x180000000  DIMM_B1             2048 MB\n",
           "  4096 MB  modules\n", "  4096 MB  addresses of arrays\n", "  4095 MB  memory map\n", "Nothing is wrong.");
}

static void serial_numbers_are_printed_only_if_asked_for(void **state)
{
    const struct fixture_bytes t = sound();

    (void)state;
    for (unsigned format = REPORT_TEXT; format <= REPORT_JSON; format++)
        for (unsigned with = 0; with < 2; with++) {
            struct fixture_output output = fixture_output();
            uint64_t found;

            assert_int_equal(report(&t, t.n, NO_SRAT, with, format, &output, &found), REPORT_OK);
            assert_int_equal(!!strstr(output.text, "S3CRET"), with);
            assert_int_equal(!!strstr(output.text, "TAG"), with);
            fixture_output_free(&output);
        }
}

static void quotes_commas_and_backslashes_survive_csv_and_json(void **state)
{
    const struct fixture_bytes t = sound();
    struct fixture_output csv = fixture_output(), json = fixture_output();
    uint64_t found;

    (void)state;
    assert_int_equal(report(&t, t.n, NO_SRAT, false, REPORT_CSV, &csv, &found), REPORT_OK);
    assert_non_null(strstr(csv.text, ",\"ACME, \"\"Inc\\.\"\"\",\"PN-1\","));
    assert_int_equal(report(&t, t.n, NO_SRAT, false, REPORT_JSON, &json, &found), REPORT_OK);
    assert_non_null(strstr(json.text, "\"maker\":\"ACME, \\\"Inc\\\\.\\\"\",\"part\":\"PN-1\""));
    assert_non_null(strstr(json.text, "\"total_width\":72,\"data_width\":64"));
    assert_true(looks_like_json(json.text));
    fixture_output_free(&csv);
    fixture_output_free(&json);
}

static void every_record_of_csv_has_as_many_fields(void **state)
{
    const struct fixture_bytes t = sound();
    struct fixture_output output = fixture_output();
    uint64_t found;
    size_t expected = 0;

    (void)state;
    assert_int_equal(report(&t, t.n, NO_SRAT, true, REPORT_CSV, &output, &found), REPORT_OK);
    for (char *line = strtok(output.text, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        size_t commas = 0;
        bool in_quotes = false;

        for (const char *c = line; *c; c++) {
            in_quotes ^= *c == '"';
            commas += *c == ',' && !in_quotes;
        }
        if (!expected)
            expected = commas;
        assert_int_equal(commas, expected);
    }
    assert_int_equal(expected, 25);
    fixture_output_free(&output);
}

static void an_empty_slot_and_one_of_unknown_size_are_told_apart(void **state)
{
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 3, 0);
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    add_device(&t, 0x1101, 0x1000, 0, 0, "B\0");
    add_device(&t, 0x1102, 0x1000, 0xFFFF, 0, "C\0");
    EXPECT(&t, 0, "  0x1000  4096 MB      3        2            multi-bit\n",
           "  B                       0x1000      0 B  empty", "  C                       0x1000           DDR4");
}

static void modules_beyond_slots_or_capacity_are_found(void **state)
{
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 4, GIB(2));
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    EXPECT(&t, 2, "array 0x1000 has 4 slots, 1 are described",
           "array 0x1000 holds 4096 MB, more than its 2048 MB");
}

static void error_correction_that_the_widths_deny_is_found(void **state)
{
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_NONE, 1, 0);
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    EXPECT(&t, 1, "array 0x1000: error correction none, unlike the widths");
    t.n = 0;
    add_array(&t, 0x1000, SMBIOS_ECC_SINGLE_BIT, 1, 0);
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    poke(&t, 0x17 + 2 + 8, 64, 2);
    EXPECT(&t, 1, "array 0x1000: error correction single-bit, unlike the widths");
}

static void addresses_that_the_map_does_not_confirm_are_found(void **state)
{
    struct fixture_bytes t = two_modules();

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(3));
    EXPECT(&t, 3, "0x080000000  0x0C0000000  claimed by array, but no memory in the map",
           "0x100000000  0x180000000  memory of the map that no array has",
           "the modules hold 4096 MB, the arrays' addresses 3072 MB");
}

static void arrays_at_the_same_addresses_and_impossible_addresses_are_found(void **state)
{
    struct fixture_bytes t = sound();

    (void)state;
    add_array_address(&t, 0x2000, GIB(5), GIB(6));
    add_array_address(&t, 0x2000, GIB(6), GIB(6));
    EXPECT(&t, 3, "0x140000000  0x180000000  claimed by array 0x1000 and 0x2000", "addresses that cannot be: 1",
           "the modules hold 4096 MB, the arrays' addresses 5120 MB");
}

static void totals_that_differ_are_found(void **state)
{
    struct fixture_bytes t = { .n = 0 }, srat = { .n = ACPI_HEADER_BYTES + 12 };

    (void)state;
    srat.bytes[8] = 3;
    put(&srat, 40 << 8 | 1, 8);
    put(&srat, 0, 8);
    put(&srat, GIB(3), 8);
    put(&srat, 1ull << 32, 16);
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 1, 0);
    add_device(&t, 0x1100, 0x1000, 0x0800, 0, "A\0");
    EXPECT(&t, 1, "the modules hold 2048 MB, the memory map has 4095 MB");
    expect(&t, (struct acpi_table){ srat.bytes, srat.n }, 2, 2,
           (const char *[]){ "the modules hold 2048 MB, the SRAT has 3072 MB", "  3072 MB  SRAT\n" });
    t.n = 0;
    add_device(&t, 0x1100, 0x1000, 0x1200, 0, "A\0");
    EXPECT(&t, 0, "4608 MB  modules");
    t.n = 0;
    add_device(&t, 0x1100, 0x1000, 0x2000, 0, "A\0");
    EXPECT(&t, 1, "the modules hold 8192 MB, the memory map has 4095 MB");
}

static void a_machine_without_smbios_is_no_finding(void **state)
{
    const struct fixture_bytes t = { .n = 0 };
    struct fixture_output output = fixture_output();
    uint64_t found;

    (void)state;
    assert_int_equal(report(&t, 0, NO_SRAT, false, REPORT_TEXT, &output, &found), REPORT_OK);
    assert_int_equal(found, 0);
    assert_non_null(strstr(output.text, "No SMBIOS: "));
    assert_null(strstr(output.text, "Nothing is wrong."));
    fixture_output_free(&output);
}

static void tables_that_are_not_sound_are_found(void **state)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject memory = fixture_subject(&map);
    const size_t bytes = dimms_buffer_bytes(&memory);
    void *buffer = malloc(bytes);

    (void)state;
    for (unsigned format = REPORT_TEXT; format <= REPORT_JSON; format++) {
        struct fixture_output output = fixture_output();
        const struct report_style style = { &output.sink, (enum report_format)format, REPORT_UNIT_AUTO };
        const struct dimms_subject subject = { &memory, { "", 0 }, { (const uint8_t *)"", 0 }, false };
        uint64_t found;

        assert_int_equal(dimms_report(&style, &subject, buffer, bytes, &found), REPORT_OK);
        assert_int_equal(found, 2);
        assert_non_null(strstr(output.text, "SMBIOS: corrupt"));
        assert_non_null(strstr(output.text, "SRAT: corrupt"));
        assert_null(strstr(output.text, "No SMBIOS"));
        fixture_output_free(&output);
    }
    free(buffer);
}

static void a_table_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
    const struct fixture_bytes t = sound();

    (void)state;
    for (size_t n = 0; n < t.n; n++) {
        struct fixture_output output = fixture_output();
        uint64_t found;

        assert_int_equal(report(&t, n, NO_SRAT, true, REPORT_JSON, &output, &found), REPORT_OK);
        assert_true(looks_like_json(output.text));
        fixture_output_free(&output);
    }
}

static void a_table_with_any_byte_broken_is_survived(void **state)
{
    static const uint8_t values[] = { 0, 3, 17, 19, 20, 0x80, 0xFF };
    const struct fixture_bytes t = sound();
    struct fixture_output output = fixture_output();

    (void)state;
    for (size_t i = 0; i < t.n; i++)
        for (size_t v = 0; v < ARRAY_LENGTH(values); v++) {
            struct fixture_bytes broken = t;
            uint64_t found;

            broken.bytes[i] = values[v];
            output.n = 0;
            assert_int_equal(report(&broken, t.n, NO_SRAT, true, REPORT_JSON, &output, &found), REPORT_OK);
            assert_true(looks_like_json(output.text));
        }
    fixture_output_free(&output);
}

/* ---- healthy machines, and sick ones beside them ---- */

static void expect_machine(const struct fixture_map *map, const struct fixture_bytes *t,
                           const struct fixture_bytes *srat, uint64_t n_findings, const char *text)
{
    const struct map_subject memory = fixture_subject(map);
    const struct acpi_table table = { srat ? srat->bytes : NULL, srat ? srat->n : 0 };

    expect_on(&memory, t, table, n_findings, 1, &text);
}
#define HEALTHY "Nothing is wrong."

/* So many modules of so many MiB in an array of theirs. */
static struct fixture_bytes modules_of(unsigned n, uint32_t mib)
{
    struct fixture_bytes t = { .n = 0 };

    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, (uint16_t)n, 0);
    for (unsigned i = 0; i < n; i++)
        add_device(&t, (uint16_t)(0x1100 + i), 0x1000, 0x7FFF, mib, "DIMM\0");
    return t;
}

/* Of the device at this offset. */
static void set_technology(struct fixture_bytes *t, size_t device, uint8_t technology, uint64_t non_volatile,
                           uint64_t is_volatile)
{
    poke(t, device + 0x28, technology, 1);
    poke(t, device + 0x34, non_volatile, 8);
    poke(t, device + 0x3C, is_volatile, 8);
}

/* ASUS FA706IU: what type 19 says is as much as there is, and ignores the hole for PCI. */
static void a_nominal_mapping_is_not_where_memory_is(void **state)
{
    struct fixture_map map = fixture_machine(0x90000000, 0x42F340000);
    struct fixture_bytes t = modules_of(2, 8192);

    (void)state;
    fixture_add(&map, FIRMWARE_RESERVED, 0x42F340000, 0x470000000);
    add_array_address(&t, 0x1000, 0, GIB(16));
    expect_machine(&map, &t, NULL, 0, HEALTHY);
    add_array_address(&t, 0x1001, GIB(8), GIB(16));
    expect_machine(&map, &t, NULL, 2, "claimed by array 0x1000 and 0x1001");
}

static void put_srat(struct fixture_bytes *srat, uint64_t start, uint64_t end, uint32_t flags)
{
    if (!srat->n) {
        srat->n = ACPI_HEADER_BYTES + 12;
        srat->bytes[8] = 3;
    }
    put(srat, 40 << 8 | 1, 8);
    put(srat, start, 8);
    put(srat, end - start, 8);
    put(srat, (uint64_t)flags << 32, 16);
}

/* Azure: its ranges end a KiB too late, and its SRAT has room for all memory that there could ever be. */
static void a_kib_too_much_and_room_for_more_are_no_finding(void **state)
{
    const struct fixture_map map = fixture_machine(GIB(1), GIB(7));
    struct fixture_bytes t = modules_of(2, 2048), srat = { .n = 0 };

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(1) + KIB(1));
    add_array_address(&t, 0x1000, GIB(4), GIB(7) + KIB(1));
    put_srat(&srat, 0, 0xF8000000, 3);
    put_srat(&srat, GIB(4), 0xFE0000000, 3);
    put_srat(&srat, 1ull << 51, 1ull << 52, 3);
    expect_machine(&map, &t, &srat, 0, HEALTHY);
    put_srat(&srat, GIB(8), GIB(16), 1);
    expect_machine(&map, &t, &srat, 0, HEALTHY);
    srat.n = 0;
    put_srat(&srat, 0, 0xF8000000, 1);
    expect_machine(&map, &t, &srat, 1, "the modules hold 4096 MB, the SRAT has 3968 MB");
    add_array_address(&t, 0x1000, GIB(7), GIB(8) + KIB(1));
    expect_machine(&map, &t, NULL, 2, "0x1C0000000  0x200000000  claimed by array, but no memory in the map");
}

/* Supermicro: 32 GB, of which 32767 MB are said to be volatile. */
static void a_volatile_size_that_is_cut_is_no_finding(void **state)
{
    const struct fixture_map map = fixture_machine(GIB(2), GIB(66));
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 2, GIB(64));
    for (uint16_t i = 0; i < 2; i++) {
        const size_t device = t.n;

        add_device(&t, 0x1100 + i, 0x1000, 0x7FFF, 0x8000, "DIMM\0");
        set_technology(&t, device, 3, 0, MIB(32767));
    }
    add_array_address(&t, 0x1000, 0, GIB(64));
    expect_machine(&map, &t, NULL, 0, HEALTHY);
}

/* Two modules of 16 GiB, and as many that keep what they hold: to the map, and to the SRAT, they are something else. */
static void persistent_memory_is_neither_missing_nor_too_much(void **state)
{
    struct fixture_map map = fixture_machine(GIB(2), GIB(34));
    struct fixture_bytes t = modules_of(2, 16384), srat = { .n = 0 };

    (void)state;
    fixture_add(&map, FIRMWARE_PERSISTENT, GIB(34), GIB(66));
    add_array(&t, 0x2000, SMBIOS_ECC_MULTI_BIT, 2, 0);
    for (uint16_t i = 0; i < 2; i++) {
        const size_t device = t.n;

        add_device(&t, 0x2100 + i, 0x2000, 0x7FFF, 16384, "NVDIMM\0");
        set_technology(&t, device, 4, GIB(16), 0);
    }
    add_array_address(&t, 0x1000, 0, GIB(2));
    add_array_address(&t, 0x1000, GIB(4), GIB(34));
    put_srat(&srat, 0, GIB(2), 1);
    put_srat(&srat, GIB(4), GIB(34), 1);
    put_srat(&srat, GIB(34), GIB(66), 5);
    expect_machine(&map, &t, &srat, 0, HEALTHY);
    add_array_address(&t, 0x2000, GIB(34), GIB(66));
    expect_machine(&map, &t, &srat, 0, HEALTHY);
    fixture_add(&map, FIRMWARE_CONVENTIONAL, GIB(66), GIB(67));
    expect_machine(&map, &t, &srat, 1, "0x1080000000  0x10C0000000  memory of the map that no array has");
}

static void amounts_are_compared_only_where_all_are_known(void **state)
{
    const struct fixture_map map = fixture_machine(GIB(2), GIB(6));
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 0, 0);
    add_array_address(&t, 0x1000, 0, GIB(6));
    expect_machine(&map, &t, NULL, 0, HEALTHY); /* no module is described */
    t = modules_of(1, 1024);
    expect_machine(&map, &t, NULL, 1, "the modules hold 1024 MB, the memory map has 4095 MB");
    t.n = 0;
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 2, 0);
    add_device(&t, 0x1100, 0x1000, 0x0400, 0, "A\0");
    add_device(&t, 0x1101, 0x1000, 0xFFFF, 0, "B\0");
    expect_machine(&map, &t, NULL, 0, HEALTHY);
}

/* An APU with 2 of 8 GiB for graphics; what is reserved far above is no memory. */
static void memory_that_is_reserved_is_not_missing(void **state)
{
    struct fixture_map map = fixture_machine(GIB(2), GIB(8));
    const struct fixture_bytes t = modules_of(1, 8192);

    (void)state;
    fixture_add(&map, FIRMWARE_RESERVED, GIB(1000), GIB(1024));
    expect_machine(&map, &t, NULL, 1, "the modules hold 8192 MB, the memory map has 6143 MB");
    fixture_add(&map, FIRMWARE_RESERVED, GIB(8), GIB(10));
    expect_machine(&map, &t, NULL, 0, HEALTHY);
}

static void addresses_of_flash_are_not_memory(void **state)
{
    const struct fixture_map map = fixture_machine(GIB(2), GIB(6));
    struct fixture_bytes t = modules_of(1, 4096);
    const size_t flash = t.n;

    (void)state;
    add_array(&t, 0x2000, SMBIOS_ECC_NONE, 0, 0);
    poke(&t, flash + 5, 5, 1);
    add_array_address(&t, 0x1000, 0, GIB(2));
    add_array_address(&t, 0x1000, GIB(4), GIB(6));
    add_array_address(&t, 0x2000, 0xFF000000, GIB(4));
    expect_machine(&map, &t, NULL, 0, HEALTHY);
    poke(&t, flash + 5, 3, 1);
    expect_machine(&map, &t, NULL, 2, "0x0FF000000  0x100000000  claimed by array, but no memory in the map");
}

/* QEMU's ramfb. */
static void a_framebuffer_in_memory_is_memory(void **state)
{
    static const struct region_claim claim = { { { MIB(512) }, MIB(3) }, REGION_FRAMEBUFFER };
    const struct fixture_map map = fixture_machine(GIB(2), GIB(6));
    struct map_subject memory = fixture_subject(&map);
    struct fixture_bytes t = modules_of(1, 4096);

    (void)state;
    memory.claims = &claim;
    memory.n_claims = 1;
    add_array_address(&t, 0x1000, 0, GIB(2));
    add_array_address(&t, 0x1000, GIB(4), GIB(6));
    expect_on(&memory, &t, NO_SRAT, 0, 1, (const char *[]){ HEALTHY });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_arrays_addresses_and_totals_are_listed),
        cmocka_unit_test(serial_numbers_are_printed_only_if_asked_for),
        cmocka_unit_test(quotes_commas_and_backslashes_survive_csv_and_json),
        cmocka_unit_test(every_record_of_csv_has_as_many_fields),
        cmocka_unit_test(an_empty_slot_and_one_of_unknown_size_are_told_apart),
        cmocka_unit_test(modules_beyond_slots_or_capacity_are_found),
        cmocka_unit_test(error_correction_that_the_widths_deny_is_found),
        cmocka_unit_test(addresses_that_the_map_does_not_confirm_are_found),
        cmocka_unit_test(arrays_at_the_same_addresses_and_impossible_addresses_are_found),
        cmocka_unit_test(totals_that_differ_are_found),
        cmocka_unit_test(a_machine_without_smbios_is_no_finding),
        cmocka_unit_test(tables_that_are_not_sound_are_found),
        cmocka_unit_test(a_table_cut_anywhere_is_not_read_beyond_its_end),
        cmocka_unit_test(a_table_with_any_byte_broken_is_survived),
        cmocka_unit_test(a_nominal_mapping_is_not_where_memory_is),
        cmocka_unit_test(a_kib_too_much_and_room_for_more_are_no_finding),
        cmocka_unit_test(a_volatile_size_that_is_cut_is_no_finding),
        cmocka_unit_test(persistent_memory_is_neither_missing_nor_too_much),
        cmocka_unit_test(amounts_are_compared_only_where_all_are_known),
        cmocka_unit_test(memory_that_is_reserved_is_not_missing),
        cmocka_unit_test(addresses_of_flash_are_not_memory),
        cmocka_unit_test(a_framebuffer_in_memory_is_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
