/* map_report(): formats that programs read, to the byte; what is refused. tests/host/test_reports.py has the rest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../mm/host/map_text.h"
#include "compiler.h"
#include "map_report.h"
#include "random_map.h"
#include "report_text.h"

#define TEXT_BYTES KIB(256)
#define WIDTH_USUAL 79

static char written[TEXT_BYTES];
static size_t n_written;

static char *report_of(const struct map_subject *subject, enum report_format format, enum report_unit unit,
                       uint64_t *ret_anomalies)
{
    const struct buffer_sink sink = buffer_sink(written, sizeof written, &n_written);
    const struct report_style style = { &sink.sink, format, unit };
    const size_t bytes = map_report_buffer_bytes(subject);
    void *buffer = malloc(bytes);

    assert_int_equal(map_report(&style, subject, buffer, bytes, ret_anomalies), REPORT_OK);
    assert_true(n_written < sizeof written - 1);
    free(buffer);
    return written;
}

static char *report(const struct map_subject *subject, enum report_format format)
{
    uint64_t anomalies;

    return report_of(subject, format, REPORT_UNIT_AUTO, &anomalies);
}

static struct map_subject subject_of(const struct firmware_descriptor *rows, size_t n)
{
    return (struct map_subject){ .map = { rows, n * sizeof *rows, sizeof *rows }, .phys_bits = 40 };
}

/* ---- the EFI shell's standard format ----------------------------------------------------------------------------- */

static uint32_t type_named(const char *name)
{
    uint32_t type = 0;

    while (firmware_type_name(type) && strcmp(firmware_type_name(type), name) != 0)
        type++;
    assert_non_null(firmware_type_name(type));
    return type;
}

static size_t read_shell_lines(char *text, struct firmware_descriptor *rows, size_t capacity)
{
    size_t n = 0;

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long long start, end, pages, attributes;
        char name[40];

        if (sscanf(line, "MemoryMap,\"%39[^\"]\",\"%llX\",\"%llX\",\"%llX\",\"%llX\"", name, &start, &end, &pages,
                   &attributes) != 5)
            continue;
        assert_true(n < capacity);
        rows[n++] = (struct firmware_descriptor){
            .type = type_named(name), .start = start, .pages = pages, .attributes = attributes
        };
    }
    return n;
}

/* `memmap -sfo >a f.txt` of OVMF 2022.11's shell on QEMU's q35 with 256 MiB; lines end as here, not with CR LF. */
static void the_shells_own_lines_come_out_byte_for_byte(void **state)
{
    (void)state;
    static char expected[KIB(64)], text[KIB(64)];
    struct firmware_descriptor rows[256];
    FILE *file = fopen("tests/shell/memmap_sfo.txt", "r");

    assert_non_null(file);
    const size_t bytes = fread(expected, 1, sizeof expected - 1, file);
    fclose(file);
    assert_true(bytes > 1000);
    memcpy(text, expected, sizeof text);
    const struct map_subject subject = subject_of(rows, read_shell_lines(text, rows, ARRAY_LENGTH(rows)));

    assert_string_equal(report(&subject, REPORT_SFO), expected);
}

/* What OVMF's map has not: as edk2's source has it. The totals of bad maps wrap, as they do there. */
static void the_rest_of_the_standard_format_is_as_the_shell_has_it(void **state)
{
    (void)state;
    static const struct firmware_descriptor rows[] = {
        { .type = 14, .start = 0x1000, .pages = 1, .attributes = 0x8008 },
        { .type = 15, .start = 0x2000, .pages = 2 },
        { .type = 13, .start = 0x4000, .pages = 4 },
        { .type = 8, .start = 0x8000, .pages = 8 },
        { .type = 12, .start = 0x10000, .pages = 16 },
        { .type = 0x80000000, .start = 0x20000, .pages = 32 },
        { .type = 7, .start = 0, .pages = 0 },
    };
    const struct map_subject subject = subject_of(rows, ARRAY_LENGTH(rows));

    assert_string_equal(report(&subject, REPORT_SFO),
                        "ShellCommand,\"memmap\"\n"
                        "MemoryMap,\"Persistent\",\"1000\",\"1FFF\",\"1\",\"8008\"\n"
                        "MemoryMap,\"Unaccepted\",\"2000\",\"3FFF\",\"2\",\"0\"\n"
                        "MemoryMap,\"PalCode\",\"4000\",\"7FFF\",\"4\",\"0\"\n"
                        "MemoryMap,\"UnusableMemory\",\"8000\",\"FFFF\",\"8\",\"0\"\n"
                        "MemoryMap,\"MemoryMappedIOPortSpace\",\"10000\",\"1FFFF\",\"10\",\"0\"\n"
                        "MemoryMap,\"Available\",\"0\",\"FFFFFFFFFFFFFFFF\",\"0\",\"0\"\n"
                        "MemoryMapSummary,\"159744\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"65536\","
                        "\"32768\",\"0\",\"0\",\"16384\",\"8192\", \"4096\"\n");
}

/* ---- raw --------------------------------------------------------------------------------------------------------- */

static struct map_text parsed(const char *text)
{
    struct map_text_error error;
    struct map_text ret;

    if (!map_text_parse(text, strlen(text), &ret, &error))
        fail_msg("line %zu: %s\n%s", error.line, error.reason, text);
    return ret;
}

static struct region_map normalized(const struct firmware_map *map, const struct region_claim *claims,
                                    size_t n_claims, unsigned phys_bits)
{
    const struct region_parameters parameters = { claims, n_claims, phys_bits, REGION_VIEW_BOOT };
    const size_t bytes = region_buffer_bytes(firmware_map_count(map), n_claims);
    struct region_map ret;

    assert_int_equal(region_normalize(map, &parameters, malloc(bytes), bytes, &ret), REGION_OK);
    return ret;
}

static void raw_maps_are_read_back_as_what_they_were(void **state)
{
    (void)state;
    uint64_t random = 0x123456789abcdef;

    for (unsigned round = 0; round < 2000; round++) {
        static const struct frame_range reserved[] = { { { 0x123 }, 7 }, { { 0 }, 1 } };
        static const struct own_range own[] = { { { { 0x1000 }, 0x2000 }, "the program" } };
        struct random_map map;

        random_map_make(&map, &random);
        map.subject.reserved = reserved;
        map.subject.n_reserved = round % 3;
        map.subject.metadata = (struct phys_range){ { round }, round % 2 };
        map.subject.own = own;
        map.subject.n_own = round % 2;
        struct map_text text = parsed(report(&map.subject, REPORT_RAW));
        const struct firmware_map *from = &map.subject.map, *to = &text.map;

        assert_int_equal(text.phys_bits, map.subject.phys_bits);
        assert_int_equal(to->stride, from->stride);
        assert_int_equal(firmware_map_count(to), firmware_map_count(from));
        for (uint64_t i = 0; i < firmware_map_count(from); i++) {
            const struct firmware_descriptor a = firmware_map_descriptor(from, i), b = firmware_map_descriptor(to, i);

            assert_true(a.type == b.type && a.start == b.start && a.pages == b.pages && a.attributes == b.attributes);
        }
        assert_int_equal(text.n_reserved, map.subject.n_reserved);
        if (text.n_reserved)
            assert_memory_equal(text.reserved, reserved, text.n_reserved * sizeof *reserved);
        assert_int_equal(text.metadata.bytes, map.subject.metadata.bytes);

        struct region_map before = normalized(from, map.claims, map.subject.n_claims, map.subject.phys_bits);
        struct region_map after = normalized(to, text.claims, text.n_claims, text.phys_bits);
        assert_int_equal(before.n_regions, after.n_regions);
        if (before.n_regions)
            assert_memory_equal(before.regions, after.regions, before.n_regions * sizeof *before.regions);
        free(before.regions);
        free(after.regions);
        map_text_free(&text);
        random_map_free(&map);
    }
}

static void a_raw_map_has_the_form_of_the_maps_in_files(void **state)
{
    (void)state;
    static const struct firmware_descriptor rows[] = {
        { .type = 7, .start = 0x1000, .pages = 0x9F, .attributes = 0xF },
        { .type = 6, .start = 0xFEF4000, .pages = 16, .attributes = 0x800000000000000F },
    };
    static const struct region_claim claims[] = {
        { { { 0x2800 }, 0x1000 }, REGION_EXECUTABLE_AND_MODULES },
        { { { 0x80000000 }, 4096000 }, REGION_FRAMEBUFFER },
        { { { 0xFD00000000 }, 0x300000000 }, REGION_RESERVED },
        { { { 5 }, 0 }, REGION_RESERVED },
        { { { 0x2800 }, UINT64_MAX }, REGION_EXECUTABLE_AND_MODULES },
    };
    static const struct own_range own[] = { { { { 0x1000 }, 0x1000 }, "this program" } };
    struct map_subject subject = subject_of(rows, ARRAY_LENGTH(rows));

    subject.claims = claims;
    subject.n_claims = ARRAY_LENGTH(claims);
    subject.own = own;
    subject.n_own = 1;
    assert_string_equal(report(&subject, REPORT_RAW),
                        "# desc_size=40 entries=2\n"
                        "# phys_bits 40\n"
                        "# image 0x2000 2\n"
                        "# framebuffer 0x80000000 4096000\n"
                        "# hole 0xFD00000000 12884901888\n"
                        "# image 0x2000 4503599627370495\n"
                        "# own 0x1000 4096 this program\n"
                        "7 0x1000 0x9F 0xF\n"
                        "6 0xFEF4000 0x10 0x800000000000000F\n");
}

/* ---- text, CSV, JSON --------------------------------------------------------------------------------------------- */

static const struct firmware_descriptor few[] = {
    { .type = 7, .start = 0x1000, .pages = 0x9F, .attributes = 0xF },
    { .type = 3, .start = 0x0, .pages = 1, .attributes = 0xF },
    { .type = 0x80000005, .start = 0x2000, .pages = 2, .attributes = 0x4000000000000008 },
    { .type = 7, .start = 0xFFFFFFFFFFFFF000, .pages = 2, .attributes = 0x7 },
};
static const struct own_range few_own[] = { { { { 0x1000 }, 0x1000 }, "a \"quoted\\\" program" },
                                            { { { 0x3000 }, 0x2000 }, "a buffer" } };

static struct map_subject few_subject(void)
{
    struct map_subject subject = subject_of(few, ARRAY_LENGTH(few));

    subject.own = few_own;
    subject.n_own = ARRAY_LENGTH(few_own);
    return subject;
}

static void a_map_as_text(void **state)
{
    (void)state;
    const struct map_subject subject = few_subject();
    uint64_t anomalies = 0;

    assert_string_equal(
        report_of(&subject, REPORT_TEXT, REPORT_UNIT_AUTO, &anomalies),
        "Memory map: 4 descriptors of 40 bytes, 40 address bits; ends excluded\n"
        "   # Type                   Start        End    Pages     Size Attributes\n"
        "   0 Available             0x1000    0xA0000      159   636 KB UC WC WT WB"
        "  <- a \"quoted\\\" program, a buffer\n"
        "   1 BootServiceCode          0x0     0x1000        1     4 KB UC WC WT WB\n"
        "   2 type 0x80000005       0x2000     0x4000        2     8 KB WB 0x4000000000000000  <- a buffer\n"
        "   3 Available         0xFFFFFFFFFFFFF000      wraps        2     8 KB UC WC WT\n"
        "\n"
        "Sorted, merged and disjoint: 4 regions\n"
        "Type                        Start        End    Pages     Size\n"
        "BOOTLOADER_RECLAIMABLE        0x0     0x1000        1     4 KB\n"
        "USABLE                     0x1000     0x2000        1     4 KB\n"
        "UNKNOWN 0x80000005         0x2000     0x4000        2     8 KB\n"
        "USABLE                     0x4000    0xA0000      156   624 KB\n"
        "\n"
        "Totals                 Descriptors    Pages     Size\n"
        "BootServiceCode                  1        1     4 KB\n"
        "Available                        1      159   636 KB\n"
        "other types                      1        2     8 KB\n"
        "\n"
        "Totals                     Regions    Pages     Size\n"
        "USABLE                           2      157   628 KB\n"
        "BOOTLOADER_RECLAIMABLE           1        1     4 KB\n"
        "UNKNOWN                          1        2     8 KB\n"
        "\n"
        "Total memory, as `memmap` has it        160   640 KB\n"
        "Usable now                              157   628 KB\n"
        "Usable after boot services              158   632 KB\n"
        "\n"
        "There only because somebody looks:\n"
        "a \"quoted\\\" program        0x1000     0x2000        1     4 KB\n"
        "a buffer                   0x3000     0x5000        2     8 KB\n"
        "\n"
        "Unusual, but allowed, by descriptor:\n"
        "  #1 out of order (sorted): below #0\n"
        "  #2 of a type no specification names (kept, not used)\n"
        "\n"
        "Anomalies, by descriptor:\n"
        "  #2 overlapping others (bytes go to the stronger type): with #0\n"
        "  #3 beyond the address space (dropped)\n");
    assert_int_equal(anomalies, 2);
}

/* Half of all firmware does not sort; memory for one purpose or for OEMs and loaders is the specification's own idea. */
static void what_is_only_unusual_is_no_anomaly(void **state)
{
    (void)state;
    struct firmware_descriptor rows[] = {
        { .type = 7, .start = 0x200000, .pages = 0x100, .attributes = 0xF },
        { .type = 7, .start = 0x1000, .pages = 0x9F, .attributes = 0xF },
        { .type = 7, .start = 0x400000, .pages = 1, .attributes = 0x4000F },
        { .type = 0x70000000, .start = 0x500000, .pages = 1, .attributes = 0xF },
        { .type = 0xFFFFFFFF, .start = 0x600000, .pages = 1, .attributes = 0xF },
    };
    const struct map_subject subject = subject_of(rows, ARRAY_LENGTH(rows));
    uint64_t anomalies;

    for (unsigned format = REPORT_TEXT; format <= REPORT_RAW; format++) {
        report_of(&subject, (enum report_format)format, REPORT_UNIT_AUTO, &anomalies);
        assert_int_equal(anomalies, 0);
    }
    assert_non_null(strstr(report(&subject, REPORT_TEXT),
                           "\n\nUnusual, but allowed, by descriptor:\n"
                           "  #1 out of order (sorted): below #0\n"
                           "  #2 of free memory that is special, persistent, protected or removable (reserved)\n"
                           "  #3 of a type no specification names (kept, not used)\n"
                           "  #4 of a type no specification names (kept, not used)\n"
                           "\nAnomalies: none\n"));
    assert_non_null(strstr(report(&subject, REPORT_JSON),
                           "],\n\"remarks\":[\n{\"index\":1,\"name\":\"unsorted\",\"other\":0,"));
    assert_non_null(strstr(written, "],\n\"anomalies\":[]}\n"));
    assert_non_null(strstr(report(&subject, REPORT_CSV), "\nremark,1,,\"unsorted\","));
    rows[3].type--;
    report_of(&subject, REPORT_TEXT, REPORT_UNIT_AUTO, &anomalies);
    assert_int_equal(anomalies, 1);
    assert_non_null(strstr(written, "\nAnomalies, by descriptor:\n"
                                    "  #3 of a type no specification names (kept, not used)\n"));
}

static void quotes_and_backslashes_survive_both_kinds_of_quoting(void **state)
{
    (void)state;
    const struct map_subject subject = few_subject();

    assert_non_null(strstr(report(&subject, REPORT_CSV), "\"a \"\"quoted\\\"\" program, a buffer\""));
    assert_non_null(strstr(report(&subject, REPORT_JSON), "\"text\":\"a \\\"quoted\\\\\\\" program, a buffer\""));
}

static void a_map_without_attributes_shows_none(void **state)
{
    (void)state;
    static const enum report_format formats[] = { REPORT_TEXT, REPORT_CSV, REPORT_JSON };
    struct map_subject subject = few_subject();

    subject.without_attributes = true;
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
        assert_null(strstr(report(&subject, formats[i]), "WB"));
    assert_null(strstr(report(&subject, REPORT_TEXT), "Attributes"));
}

static void sizes_come_in_the_unit_asked_for(void **state)
{
    (void)state;
    static const struct {
        enum report_unit unit;
        uint64_t bytes;
        const char *text;
    } cases[] = {
        { REPORT_UNIT_AUTO, 8192, "8 KB" },
        { REPORT_UNIT_BYTES, UINT64_MAX, "18446744073709551615 B" },
        { REPORT_UNIT_KIB, 4096, "4 KB" },
        { REPORT_UNIT_KIB, 4097, "4.000 KB" },
        { REPORT_UNIT_MIB, 4096, "0.003 MB" },
        { REPORT_UNIT_MIB, MIB(1), "1 MB" },
        { REPORT_UNIT_MIB, MIB(3) / 2, "1.500 MB" },
        { REPORT_UNIT_GIB, MIB(64), "0.062 GB" },
        { REPORT_UNIT_GIB, GIB(1) - 1, "0.999 GB" },
        { REPORT_UNIT_GIB, UINT64_MAX, "17179869183.999 GB" },
        { REPORT_UNIT_PAGES, 8192, "2 pages" },
        { REPORT_UNIT_PAGES, 0, "0 pages" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct report_style style = { NULL, REPORT_TEXT, cases[i].unit };

        assert_string_equal(report_size(&style, cases[i].bytes).text, cases[i].text);
    }
}

static void attributes_have_names(void **state)
{
    (void)state;
    static const struct {
        uint64_t attributes;
        const char *names;
    } cases[] = {
        { 0, "" },
        { 1, "UC" },
        { 0x800000000000000F, "UC WC WT WB RT" },
        { 0x1F701F, "UC WC WT WB UCE WP RP XP MR RO SP CRYPTO HOT" },
        { 0x8000, "NV" },
        { 0xFE0, "0xFE0" },
        { UINT64_MAX, "UC WC WT WB UCE WP RP XP NV MR RO SP CRYPTO HOT RT 0x7FFFFFFFFFE00FE0" },
        { 1ull << 63 | 1ull << 62, "RT 0x4000000000000000" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct buffer_sink sink = buffer_sink(written, sizeof written, &n_written);

        print_attribute_names(&sink.sink, cases[i].attributes);
        assert_string_equal(written, cases[i].names);
    }
}

static void usual_maps_fit_into_79_columns(void **state)
{
    (void)state;
    static const struct firmware_descriptor rows[] = {
        { .type = 9, .start = 0x1000, .pages = 0x9F, .attributes = 0xF },
        { .type = 6, .start = 0xFFC00000, .pages = 0x400, .attributes = 0x800000000000000F },
        { .type = 7, .start = GIB(4), .pages = GIB(56) >> PAGE_SHIFT, .attributes = 0xF },
    };
    const struct map_subject subject = subject_of(rows, ARRAY_LENGTH(rows));

    for (char *line = strtok(report(&subject, REPORT_TEXT), "\n"); line; line = strtok(NULL, "\n"))
        if (strlen(line) > WIDTH_USUAL)
            fail_msg("%zu: %s", strlen(line), line);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void what_is_no_map_is_refused_and_nothing_is_printed(void **state)
{
    (void)state;
    const struct buffer_sink sink = buffer_sink(written, sizeof written, &n_written);
    const struct report_style style = { &sink.sink, REPORT_TEXT, REPORT_UNIT_AUTO };
    struct map_subject subject = few_subject();
    uint64_t anomalies = 77;
    uint64_t buffer[8];

    assert_int_equal(map_report(&style, &subject, buffer, sizeof buffer, &anomalies), REPORT_NO_SPACE);
    subject.map.stride = 39;
    assert_int_equal(map_report(&style, &subject, buffer, sizeof buffer, &anomalies), REPORT_BAD_MAP);
    assert_int_equal(anomalies, 77);
    assert_int_equal(n_written, 0);
    subject.map = (struct firmware_map){ few, UINT64_MAX, 40 };
    assert_int_equal(map_report_buffer_bytes(&subject) != 0, SIZE_MAX / 48 >= UINT64_MAX / 40);
    for (unsigned status = 0; status <= REPORT_REFUSED; status++)
        assert_true(strlen(report_status_text((enum report_status)status)) > 5);
}

static void an_empty_map_is_a_map(void **state)
{
    (void)state;
    const struct map_subject subject = { .map = { NULL, 0, 0 }, .phys_bits = 40 };
    uint64_t anomalies = 77;

    report_of(&subject, REPORT_TEXT, REPORT_UNIT_AUTO, &anomalies);
    assert_int_equal(anomalies, 0);
    assert_non_null(strstr(written, "Memory map: 0 descriptors"));
    assert_non_null(strstr(written, "\nAnomalies: none\n"));
    assert_string_equal(report(&subject, REPORT_JSON),
                        "{\"report\":\"map\",\n"
                        "\"map\":{\"count\":0,\"descriptor_bytes\":0,\"phys_bits\":40,\"total_bytes\":0,"
                        "\"usable_bytes\":0},\n"
                        "\"descriptors\":[],\n\"regions\":[],\n\"descriptor_totals\":[],\n\"region_totals\":[],\n"
                        "\"own\":[],\n\"claims\":[],\n\"metadata\":[],\n\"reserved\":[],\n\"remarks\":[],\n"
                        "\"anomalies\":[]}\n");
}

/* Between asking for the buffer and using it, the map may grow by what was allocated. */
static void the_buffer_is_large_enough_for_a_map_that_has_grown_a_little(void **state)
{
    (void)state;
    static struct firmware_descriptor rows[40];
    const struct map_subject before = subject_of(rows, 10), after = subject_of(rows, 40);
    const struct buffer_sink sink = buffer_sink(written, sizeof written, &n_written);
    const struct report_style style = { &sink.sink, REPORT_TEXT, REPORT_UNIT_AUTO };
    const size_t bytes = map_report_buffer_bytes(&before);
    void *buffer = malloc(bytes);
    uint64_t anomalies;

    assert_int_equal(map_report(&style, &after, buffer, bytes, &anomalies), REPORT_OK);
    assert_int_equal(anomalies, 40);
    free(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shells_own_lines_come_out_byte_for_byte),
        cmocka_unit_test(the_rest_of_the_standard_format_is_as_the_shell_has_it),
        cmocka_unit_test(raw_maps_are_read_back_as_what_they_were),
        cmocka_unit_test(a_raw_map_has_the_form_of_the_maps_in_files),
        cmocka_unit_test(a_map_as_text),
        cmocka_unit_test(what_is_only_unusual_is_no_anomaly),
        cmocka_unit_test(quotes_and_backslashes_survive_both_kinds_of_quoting),
        cmocka_unit_test(a_map_without_attributes_shows_none),
        cmocka_unit_test(sizes_come_in_the_unit_asked_for),
        cmocka_unit_test(attributes_have_names),
        cmocka_unit_test(usual_maps_fit_into_79_columns),
        cmocka_unit_test(what_is_no_map_is_refused_and_nothing_is_printed),
        cmocka_unit_test(an_empty_map_is_a_map),
        cmocka_unit_test(the_buffer_is_large_enough_for_a_map_that_has_grown_a_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
