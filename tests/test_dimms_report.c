#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dimms_report.h"
#include "smbios_fixture.h"

static enum report_status report(const struct fixture_bytes *t, size_t n_bytes, struct acpi_table srat,
                                 bool with_serials, enum report_format format, struct fixture_output *output,
                                 uint64_t *ret_findings)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject memory = fixture_subject(&map);
    const struct report_style style = { &output->sink, format, REPORT_UNIT_AUTO };
    const size_t bytes = dimms_buffer_bytes(&memory);
    uint8_t *copy = exact_copy(t, n_bytes);
    const struct dimms_subject subject = { &memory, { copy, n_bytes }, srat, with_serials };
    void *buffer = malloc(bytes);
    const enum report_status status = dimms_report(&style, &subject, buffer, bytes, ret_findings);

    free(buffer);
    free(copy);
    return status;
}

static void expect(const struct fixture_bytes *t, struct acpi_table srat, uint64_t n_findings, size_t n,
                   const char *const *texts)
{
    struct fixture_output output = fixture_output();
    uint64_t found;

    assert_int_equal(report(t, t->n, srat, false, REPORT_TEXT, &output, &found), REPORT_OK);
    for (size_t i = 0; i < n; i++)
        if (!strstr(output.text, texts[i]))
            fail_msg("%s is not in\n%s", texts[i], output.text);
    if (found != n_findings)
        fail_msg("%lu findings\n%s", found, output.text);
    fixture_output_free(&output);
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
    EXPECT(&t, 0, "   4096  4096 MB      2        2     64 GB  multi-bit\n",
           "  DIMM_B1     CH B         4096  2048 MB  DDR4 ECC   2933  ACME, \"Inc\\.\"  PN-1\n",
           "  0x100000000  0x180000000  DIMM_B1            2048 MB\n",
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
    EXPECT(&t, 0, "   4096  4096 MB      3        2            multi-bit\n",
           "  B                        4096      0 B  empty", "  C                        4096           DDR4");
}

static void modules_beyond_slots_or_capacity_are_found(void **state)
{
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 4, GIB(2));
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    EXPECT(&t, 2, "array 4096 has 4 slots, and 1 are described",
           "array 4096 holds 4096 MB, more than its capacity of 2048 MB");
}

static void error_correction_that_the_widths_deny_is_found(void **state)
{
    struct fixture_bytes t = { .n = 0 };

    (void)state;
    add_array(&t, 0x1000, SMBIOS_ECC_NONE, 1, 0);
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    EXPECT(&t, 1, "array 4096 has error correction none, other than its modules' widths say");
    t.n = 0;
    add_array(&t, 0x1000, SMBIOS_ECC_SINGLE_BIT, 1, 0);
    add_device(&t, 0x1100, 0x1000, 0x1000, 0, "A\0");
    poke(&t, 0x17 + 2 + 8, 64, 2);
    EXPECT(&t, 1, "array 4096 has error correction single-bit, other than");
}

static void addresses_that_the_map_does_not_confirm_are_found(void **state)
{
    struct fixture_bytes t = two_modules();

    (void)state;
    add_array_address(&t, 0x1000, 0, GIB(4));
    EXPECT(&t, 2, "0x080000000  0x100000000  claimed by array, but no memory in the map",
           "0x100000000  0x180000000  memory of the map that no array has");
}

static void arrays_at_the_same_addresses_and_impossible_addresses_are_found(void **state)
{
    struct fixture_bytes t = sound();

    (void)state;
    add_array_address(&t, 0x2000, GIB(5), GIB(6));
    add_array_address(&t, 0x2000, GIB(6), GIB(6));
    EXPECT(&t, 3, "0x140000000  0x180000000  claimed by array 4096 and 8192", "addresses that cannot be: 1",
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

    (void)state;
    EXPECT(&t, 0, "No SMBIOS: ", "Nothing is wrong.");
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
        cmocka_unit_test(a_table_cut_anywhere_is_not_read_beyond_its_end),
        cmocka_unit_test(a_table_with_any_byte_broken_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
