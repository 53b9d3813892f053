#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inventory_fixture.h"
#include "memory_attributes.h"

#define RO FIRMWARE_ATTRIBUTE_RO
#define XP FIRMWARE_ATTRIBUTE_XP
#define RT FIRMWARE_ATTRIBUTE_RUNTIME
#define CODE FIRMWARE_RUNTIME_CODE
#define DATA FIRMWARE_RUNTIME_DATA
#define STRIDE 48

static struct fixture_bytes table_of(uint32_t version)
{
    struct fixture_bytes t = { .n = 0 };

    put(&t, version, 4);
    put(&t, 0, 4);
    put(&t, STRIDE, 4);
    put(&t, 0, 4);
    return t;
}

static void add(struct fixture_bytes *t, uint32_t type, uint64_t start, uint64_t end, uint64_t attributes)
{
    put(t, type, 8);
    put(t, start, 8);
    put(t, 0, 8);
    put(t, (end - start) >> PAGE_SHIFT, 8);
    put(t, attributes, 8);
    put(t, 0, STRIDE - 40);
    t->bytes[4]++;
}

/* The runtime regions of fixture_pc(), in order. */
static struct fixture_bytes sound_table(void)
{
    struct fixture_bytes t = table_of(1);

    add(&t, CODE, 0x7F000000, 0x7F080000, RO | RT);
    add(&t, CODE, 0x7F080000, 0x7F100000, XP | RT);
    add(&t, DATA, 0x7F100000, 0x7F200000, XP | RT);
    return t;
}

static enum report_status report(const struct fixture_bytes *t, size_t n_bytes, enum report_format format,
                                 struct fixture_output *output, uint64_t *ret_findings)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject subject = fixture_subject(&map);
    const struct report_style style = { &output->sink, format, REPORT_UNIT_AUTO };
    const size_t bytes = memory_attributes_buffer_bytes(&subject);
    uint8_t *table = exact_copy(t, n_bytes);
    void *buffer = malloc(bytes);
    const enum report_status status = memory_attributes_report(&style, table, n_bytes, &subject, buffer, bytes,
                                                               ret_findings);

    free(buffer);
    free(table);
    return status;
}

/* All findings are in the text, and there are as many. */
static void expect(const struct fixture_bytes *t, uint64_t n, const char *const *texts)
{
    struct fixture_output output = fixture_output();
    uint64_t found;

    assert_int_equal(report(t, t->n, REPORT_TEXT, &output, &found), REPORT_OK);
    for (uint64_t i = 0; i < n; i++)
        if (!strstr(output.text, texts[i]))
            fail_msg("%s is not in\n%s", texts[i], output.text);
    if (found != n)
        fail_msg("%lu findings\n%s", found, output.text);
    assert_int_equal(!strstr(output.text, "Nothing is wrong."), n > 0);
    fixture_output_free(&output);
}
#define EXPECT(t, ...) \
    expect(t, sizeof (const char *[]){ __VA_ARGS__ } / sizeof(char *), (const char *[]){ __VA_ARGS__ })

static void a_sound_table_of_either_version_has_no_findings(void **state)
{
    struct fixture_bytes t = sound_table();

    (void)state;
    expect(&t, 0, NULL);
    poke(&t, 0, 2, 4);
    poke(&t, 12, 1, 4);
    expect(&t, 0, NULL);
    poke(&t, 0, 3, 4);
    EXPECT(&t, "version 3: ");
}

static void memory_that_is_writable_and_executable_is_found(void **state)
{
    struct fixture_bytes t = table_of(1);

    (void)state;
    add(&t, CODE, 0x7F000000, 0x7F100000, RT);
    add(&t, DATA, 0x7F100000, 0x7F101000, RT);
    add(&t, DATA, 0x7F101000, 0x7F200000, RO | RT);
    EXPECT(&t, "0x07F000000  0x07F100000  code that is writable and executable",
           "0x07F100000  0x07F101000  data that is writable and executable",
           "0x07F101000  0x07F200000  data that is executable");
}

static void types_and_attributes_that_do_not_belong_there_are_found(void **state)
{
    struct fixture_bytes t = table_of(1);

    (void)state;
    add(&t, CODE, 0x7F000000, 0x7F100000, RO | RT | FIRMWARE_ATTRIBUTE_WB);
    add(&t, DATA, 0x7F100000, 0x7F200000, XP);
    add(&t, FIRMWARE_MMIO, 0xFEC00000, 0xFEC01000, XP | RT);
    EXPECT(&t, "attributes 0x8000000000020008", "attributes 0x4000:", "of type 11, no runtime memory");
}

static void entries_outside_the_maps_runtime_regions_and_regions_left_out_are_found(void **state)
{
    struct fixture_bytes t = table_of(1);

    (void)state;
    add(&t, CODE, 0x7EFFF000, 0x7F080000, RO | RT);
    add(&t, DATA, 0x7F180000, 0x7F210000, XP | RT);
    EXPECT(&t, "0x07EFFF000  0x07F000000  in the table, but not in the map's runtime regions",
           "0x07F200000  0x07F210000  in the table, but not in the map's runtime regions",
           "0x07F080000  0x07F180000  in the map's runtime regions, but not in the table");
}

static void entries_that_are_unsorted_overlapping_empty_or_unaligned_are_found(void **state)
{
    struct fixture_bytes t = table_of(1);

    (void)state;
    add(&t, DATA, 0x7F100000, 0x7F200000, XP | RT);
    add(&t, CODE, 0x7F000000, 0x7F100000, RO | RT);
    EXPECT(&t, "out of order");
    t = sound_table();
    add(&t, DATA, 0x7F1FF000, 0x7F200000, XP | RT);
    EXPECT(&t, "entries overlapping");
    t = sound_table();
    add(&t, DATA, 0x7F200000, 0x7F200000, XP | RT);
    EXPECT(&t, "entries without pages");
    t = sound_table();
    add(&t, DATA, ~0xFFFull, ~0xFFFull + 0x2000, XP | RT);
    EXPECT(&t, "entries beyond the address space");
    t = sound_table();
    poke(&t, 16 + 2 * STRIDE + 8, 0x7F100800, 8);
    poke(&t, 16 + 2 * STRIDE + 24, 0xFF, 8);
    EXPECT(&t, "entries not page-aligned");
}

static void an_empty_table_leaves_all_runtime_memory_out(void **state)
{
    const struct fixture_bytes t = table_of(1);

    (void)state;
    EXPECT(&t, "0x07F000000  0x07F200000  in the map's runtime regions, but not in the table");
}

static void a_machine_without_the_table_is_no_finding(void **state)
{
    const struct fixture_bytes nothing = { .n = 0 };
    struct fixture_output output = fixture_output();
    uint64_t found = 1;

    (void)state;
    assert_int_equal(report(&nothing, 0, REPORT_TEXT, &output, &found), REPORT_OK);
    assert_int_equal(found, 0);
    assert_non_null(strstr(output.text, "No memory attributes table"));
    fixture_output_free(&output);
}

static void a_table_cut_anywhere_is_said_to_be_and_not_read_beyond(void **state)
{
    const struct fixture_bytes t = sound_table();

    (void)state;
    for (size_t n = 1; n < t.n; n++) {
        struct fixture_output output = fixture_output();
        uint64_t found = 0;

        assert_int_equal(report(&t, n, REPORT_JSON, &output, &found), REPORT_OK);
        assert_non_null(strstr(output.text, "the table breaks off"));
        assert_true(looks_like_json(output.text));
        fixture_output_free(&output);
    }
}

static void numbers_that_cannot_be_are_a_finding_and_not_believed(void **state)
{
    static const struct { size_t at; uint32_t value; } broken[] = {
        { 8, 0 }, { 8, 39 }, { 8, UINT32_MAX }, { 4, MEMORY_ATTRIBUTES_ENTRIES_MAX + 1 }, { 4, UINT32_MAX } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
        struct fixture_bytes t = sound_table();

        poke(&t, broken[i].at, broken[i].value, 4);
        assert_int_equal(memory_attributes_bytes(t.bytes), 0);
        EXPECT(&t, "the table's size cannot be",
               "0x07F000000  0x07F200000  in the map's runtime regions, but not in the table");
    }
}

static void csv_has_a_field_for_every_column(void **state)
{
    const struct fixture_bytes t = sound_table();
    struct fixture_output output = fixture_output();
    uint64_t found;

    (void)state;
    assert_int_equal(report(&t, t.n, REPORT_CSV, &output, &found), REPORT_OK);
    assert_string_equal(output.text, "record,start,end,bytes,type,access,version,entries,flags,finding\n"
                                     "table,,,,,,1,3,0,\n"
                                     "entry,0x7F000000,0x7F080000,524288,\"code\",\"r-x\",,,,\n"
                                     "entry,0x7F080000,0x7F100000,524288,\"code\",\"rw-\",,,,\n"
                                     "entry,0x7F100000,0x7F200000,1048576,\"data\",\"rw-\",,,,\n");
    fixture_output_free(&output);
}

static void a_buffer_that_is_too_small_is_refused(void **state)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject subject = fixture_subject(&map);
    const struct fixture_bytes t = sound_table();
    struct fixture_output output = fixture_output();
    const struct report_style style = { &output.sink, REPORT_TEXT, REPORT_UNIT_AUTO };
    const size_t bytes = memory_attributes_buffer_bytes(&subject);
    void *buffer = malloc(bytes);
    uint64_t found;

    (void)state;
    for (size_t room = bytes; room--; room /= 2)
        assert_int_equal(memory_attributes_report(&style, t.bytes, t.n, &subject, buffer, room, &found),
                         REPORT_NO_SPACE);
    assert_int_equal(output.n, 0);
    free(buffer);
    fixture_output_free(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_table_of_either_version_has_no_findings),
        cmocka_unit_test(memory_that_is_writable_and_executable_is_found),
        cmocka_unit_test(types_and_attributes_that_do_not_belong_there_are_found),
        cmocka_unit_test(entries_outside_the_maps_runtime_regions_and_regions_left_out_are_found),
        cmocka_unit_test(entries_that_are_unsorted_overlapping_empty_or_unaligned_are_found),
        cmocka_unit_test(an_empty_table_leaves_all_runtime_memory_out),
        cmocka_unit_test(a_machine_without_the_table_is_no_finding),
        cmocka_unit_test(a_table_cut_anywhere_is_said_to_be_and_not_read_beyond),
        cmocka_unit_test(numbers_that_cannot_be_are_a_finding_and_not_believed),
        cmocka_unit_test(csv_has_a_field_for_every_column),
        cmocka_unit_test(a_buffer_that_is_too_small_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
