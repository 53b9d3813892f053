#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inventory_fixture.h"
#include "numa.h"

#define ENABLED 1u
#define HOT_PLUGGABLE 2u
#define NON_VOLATILE 4u

/* ---- tables ---- */

static struct fixture_bytes table_of(const char *signature, uint8_t revision, size_t reserved)
{
    struct fixture_bytes t = { .n = ACPI_HEADER_BYTES + reserved };

    memcpy(t.bytes, signature, 4);
    t.bytes[8] = revision;
    return t;
}

static void add_apic(struct fixture_bytes *t, uint32_t domain, uint8_t id, uint32_t flags)
{
    put(t, 16 << 8 | 0, 2);
    put(t, domain & 0xFF, 1);
    put(t, id, 1);
    put(t, flags, 4);
    put(t, 0, 1);
    put(t, domain >> 8, 3);
    put(t, 0, 4);
}

static void add_x2apic(struct fixture_bytes *t, uint32_t domain, uint32_t id, uint32_t flags)
{
    put(t, 24 << 8 | 2, 4);
    put(t, domain, 4);
    put(t, id, 4);
    put(t, flags, 4);
    put(t, 0, 8);
}

static void add_memory(struct fixture_bytes *t, uint32_t domain, uint64_t start, uint64_t end, uint32_t flags)
{
    put(t, 40 << 8 | 1, 2);
    put(t, domain, 4);
    put(t, 0, 2);
    put(t, start, 8);
    put(t, end - start, 8);
    put(t, 0, 4);
    put(t, flags, 4);
    put(t, 0, 8);
}

static void add_initiator(struct fixture_bytes *t, uint32_t domain)
{
    put(t, 32 << 8 | 5, 4);
    put(t, domain, 4);
    put(t, 0, 16);
    put(t, ENABLED, 4);
    put(t, 0, 4);
}

static struct fixture_bytes srat_table(void) { return table_of(SRAT_SIGNATURE, 3, 12); }

/* fixture_pc() in two domains of two processors. */
static struct fixture_bytes sound_srat(void)
{
    struct fixture_bytes t = srat_table();

    add_apic(&t, 0, 0, ENABLED);
    add_apic(&t, 0, 1, ENABLED);
    add_apic(&t, 1, 4, ENABLED);
    add_x2apic(&t, 1, 5, ENABLED);
    add_apic(&t, 7, 9, 0);
    add_memory(&t, 0, 0, 0xA0000, ENABLED);
    add_memory(&t, 0, MIB(1), GIB(2), ENABLED);
    add_memory(&t, 1, GIB(4), GIB(6), ENABLED);
    add_memory(&t, 7, GIB(8), GIB(9), 0);
    return t;
}

static struct fixture_bytes slit_of(const uint8_t matrix[4])
{
    struct fixture_bytes t = table_of(SLIT_SIGNATURE, 1, 0);

    put(&t, 2, 8);
    for (size_t i = 0; i < 4; i++)
        put(&t, matrix[i], 1);
    return t;
}

static void add_locality(struct fixture_bytes *t, uint8_t kind, uint64_t unit, const uint16_t values[4])
{
    put(t, 1, 4);
    put(t, 32 + 4 * 4 + 4 * 2, 4);
    put(t, (uint64_t)kind << 8, 4);
    put(t, 2, 4);
    put(t, 2, 4);
    put(t, 0, 4);
    put(t, unit, 8);
    for (uint32_t i = 0; i < 4; i++)
        put(t, i % 2, 4);
    for (size_t i = 0; i < 4; i++)
        put(t, values[i], 2);
}

static struct fixture_bytes sound_hmat(void)
{
    struct fixture_bytes t = table_of(HMAT_SIGNATURE, 2, 4);

    put(&t, 0, 4);
    put(&t, 40, 4);
    put(&t, 1, 4);
    put(&t, 0, 4);
    put(&t, 1, 4);
    put(&t, 0, 20);
    add_locality(&t, 0, 100, (const uint16_t[]){ 800, 1300, 0xFFFF, 0 });
    add_locality(&t, 4, 1, (const uint16_t[]){ 12000, 6000, 6000, 12000 });
    put(&t, 2, 4);
    put(&t, 32, 4);
    put(&t, 1, 8);
    put(&t, MIB(64), 8);
    put(&t, 0, 8);
    return t;
}

/* ---- reports ---- */

struct tables {
    const struct fixture_bytes *srat, *slit, *hmat;
};

static struct acpi_table table_at(const struct fixture_bytes *t, uint8_t **copy)
{
    *copy = t ? exact_copy(t, t->n) : NULL;
    return (struct acpi_table){ *copy, t ? t->n : 0 };
}

static enum report_status report(const struct tables *tables, const struct fixture_map *map, enum report_format format,
                                 struct fixture_output *output, uint64_t *ret_findings)
{
    const struct map_subject subject = fixture_subject(map);
    const struct report_style style = { &output->sink, format, REPORT_UNIT_MIB };
    const size_t bytes = numa_buffer_bytes(&subject);
    uint8_t *srat, *slit, *hmat;
    const struct numa_tables all = { table_at(tables->srat, &srat), table_at(tables->slit, &slit),
                                     table_at(tables->hmat, &hmat) };
    void *buffer = malloc(bytes);
    const enum report_status status = numa_report(&style, &all, &subject, buffer, bytes, ret_findings);

    free(buffer);
    free(srat);
    free(slit);
    free(hmat);
    return status;
}

/* All texts are in the report, and so many findings. */
static void expect(const struct tables *tables, const struct fixture_map *map, uint64_t n_findings, size_t n,
                   const char *const *texts)
{
    struct fixture_output output = fixture_output();
    uint64_t found;

    assert_int_equal(report(tables, map, REPORT_TEXT, &output, &found), REPORT_OK);
    for (size_t i = 0; i < n; i++)
        if (!strstr(output.text, texts[i]))
            fail_msg("%s is not in\n%s", texts[i], output.text);
    if (found != n_findings)
        fail_msg("%lu findings\n%s", found, output.text);
    fixture_output_free(&output);
}
#define EXPECT(tables, map, n, ...) \
    expect(tables, map, n, sizeof (const char *[]){ __VA_ARGS__ } / sizeof(char *), (const char *[]){ __VA_ARGS__ })

static void domains_have_their_processors_ranges_and_usable_memory(void **state)
{
    const struct fixture_bytes srat = sound_srat();
    const struct fixture_map map = fixture_pc();

    (void)state;
    EXPECT(&((struct tables){ .srat = &srat }), &map, 0,
           "  0x000100000  0x080000000       0      2047 MB      2031 MB\n",
           "  0x100000000  0x180000000       1      2048 MB      2048 MB\n",
           "       0           2           0  2047.625 MB  2031.625 MB\n",
           "       1           2           0      2048 MB      2048 MB\n",
           "       0           0           1\n", "       1           4           5\n", "Nothing is wrong.");
}

static void disabled_entries_are_no_entries(void **state)
{
    const struct fixture_bytes srat = sound_srat();
    struct srat_entry e;
    size_t n = 0, cursor = 0;

    (void)state;
    for (; srat_next((struct acpi_table){ srat.bytes, srat.n }, &cursor, &e); n++)
        assert_int_not_equal(e.domain, 7);
    assert_int_equal(n, 7);
    assert_int_equal(cursor, srat.n);
    assert_int_equal(srat_memory_bytes((struct acpi_table){ srat.bytes, srat.n }), GIB(4) - (MIB(1) - 0xA0000));
}

static void domains_have_one_byte_before_revision_2(void **state)
{
    struct fixture_bytes t = srat_table();
    struct srat_entry e;
    size_t cursor = 0;

    (void)state;
    add_apic(&t, 0x10203, 1, ENABLED);
    add_memory(&t, 0x10203, 0, MIB(1), ENABLED);
    add_x2apic(&t, 0x10203, 0x12345, ENABLED);
    for (unsigned i = 0; srat_next((struct acpi_table){ t.bytes, t.n }, &cursor, &e); i++) {
        assert_int_equal(e.domain, 0x10203);
        assert_int_equal(e.apic_id, i == 0 ? 1 : i == 1 ? 0 : 0x12345);
    }
    t.bytes[8] = 1;
    cursor = 0;
    assert_true(srat_next((struct acpi_table){ t.bytes, t.n }, &cursor, &e));
    assert_int_equal(e.domain, 3);
    assert_true(srat_next((struct acpi_table){ t.bytes, t.n }, &cursor, &e));
    assert_int_equal(e.domain, 3);
}

static void memory_without_a_domain_and_domains_without_memory_are_found(void **state)
{
    struct fixture_bytes t = srat_table();
    const struct fixture_map map = fixture_pc();

    (void)state;
    add_memory(&t, 0, 0, GIB(1), ENABLED);
    add_memory(&t, 3, GIB(4), GIB(7), ENABLED);
    EXPECT(&((struct tables){ .srat = &t }), &map, 2,
           "0x040000000  0x080000000  memory of the map that no domain has",
           "0x180000000  0x1C0000000  claimed by domain, but no memory in the map");
}

static void a_hot_pluggable_range_need_not_be_memory_yet(void **state)
{
    struct fixture_bytes t = sound_srat();
    const struct fixture_map map = fixture_pc();

    (void)state;
    add_memory(&t, 1, GIB(8), GIB(16), ENABLED | HOT_PLUGGABLE);
    add_memory(&t, 2, GIB(16), GIB(17), ENABLED | HOT_PLUGGABLE | NON_VOLATILE);
    add_initiator(&t, 2);
    EXPECT(&((struct tables){ .srat = &t }), &map, 0, "hot-plug\n", "hot-plug, NV\n",
           "       2           0           1      1024 MB         0 MB\n");
}

/* Azure: all ranges are hot-pluggable, present or not, up to what no processor has. */
static void room_for_memory_beyond_the_processors_reach_is_no_finding(void **state)
{
    struct fixture_bytes t = srat_table();
    const struct fixture_map map = fixture_machine(0x3FFF0000, 0x4C0000000);

    (void)state;
    add_memory(&t, 0, 0, 0x3FFFFFFF + 1, ENABLED | HOT_PLUGGABLE);
    add_memory(&t, 0, 0x40000000, 0xF8000000, ENABLED | HOT_PLUGGABLE);
    add_memory(&t, 0, GIB(4), 0xFE0000000, ENABLED | HOT_PLUGGABLE);
    for (uint64_t start = GIB(64); start < 1ull << 52; start *= 2)
        add_memory(&t, 0, start, 2 * start, ENABLED | HOT_PLUGGABLE);
    EXPECT(&((struct tables){ .srat = &t }), &map, 0, "Nothing is wrong.",
           "  0x8000000000  0x10000000000       0    524288 MB         0 MB  hot-plug\n\n");
    assert_int_equal(srat_memory_bytes((struct acpi_table){ t.bytes, t.n }), 0);
    add_memory(&t, 1, 0xFF0000000, 1ull << 41, ENABLED | HOT_PLUGGABLE);
    EXPECT(&((struct tables){ .srat = &t }), &map, 1, "claimed by domain 0 and 1");
    add_memory(&t, 1, 1ull << 51, 1ull << 52, ENABLED);
    EXPECT(&((struct tables){ .srat = &t }), &map, 2, "ranges empty or out of reach: 1");
}

static void a_range_of_modules_to_come_is_cut_where_the_processors_reach_ends(void **state)
{
    struct fixture_bytes t = sound_srat();
    const struct fixture_map map = fixture_pc();

    (void)state;
    add_memory(&t, 1, GIB(8), UINT64_MAX, ENABLED | HOT_PLUGGABLE);
    EXPECT(&((struct tables){ .srat = &t }), &map, 0, "  0x200000000  0x10000000000       1   1040384 MB");
}

static void persistent_memory_needs_no_domain(void **state)
{
    struct fixture_bytes t = sound_srat();
    struct fixture_map map = fixture_pc();

    (void)state;
    fixture_add(&map, FIRMWARE_PERSISTENT, GIB(8), GIB(12));
    EXPECT(&((struct tables){ .srat = &t }), &map, 0, "Nothing is wrong.");
    add_memory(&t, 1, GIB(8), GIB(12), ENABLED | NON_VOLATILE);
    EXPECT(&((struct tables){ .srat = &t }), &map, 0, "non-volatile\n");
    assert_int_equal(srat_memory_bytes((struct acpi_table){ t.bytes, t.n }), GIB(4) - (MIB(1) - 0xA0000));
}

static void device_memory_is_no_memory(void **state)
{
    struct fixture_bytes t = sound_srat();
    struct fixture_map map = fixture_pc();

    (void)state;
    fixture_add(&map, FIRMWARE_RESERVED, GIB(2), 0xFEC00000);
    add_memory(&t, 0, GIB(2), GIB(4), ENABLED);
    EXPECT(&((struct tables){ .srat = &t }), &map, 1,
           "0x0FEC00000  0x100000000  claimed by domain, but no memory in the map");
}

static void ranges_that_overlap_are_found_with_both_domains(void **state)
{
    struct fixture_bytes t = sound_srat();
    const struct fixture_map map = fixture_pc();

    (void)state;
    add_memory(&t, 5, GIB(5), GIB(6), ENABLED);
    add_memory(&t, 0, MIB(1), MIB(2), ENABLED);
    EXPECT(&((struct tables){ .srat = &t }), &map, 2, "0x140000000  0x180000000  claimed by domain 1 and 5",
           "0x000100000  0x000200000  claimed by domain 0 and 0");
}

static void ranges_that_cannot_be_are_counted_and_left_out(void **state)
{
    struct fixture_bytes t = sound_srat();
    const struct fixture_map map = fixture_pc();

    (void)state;
    add_memory(&t, 0, GIB(1), GIB(1), ENABLED);
    add_memory(&t, 0, UINT64_MAX - 4095, 4096, ENABLED);
    add_memory(&t, 0, 4096, 0, ENABLED);
    EXPECT(&((struct tables){ .srat = &t }), &map, 1, "ranges empty or out of reach: 3");
}

static void distances_latencies_bandwidths_and_caches_are_listed(void **state)
{
    const struct fixture_bytes srat = sound_srat(), slit = slit_of((const uint8_t[]){ 10, 21, 22, 10 }),
                               hmat = sound_hmat();
    const struct fixture_map map = fixture_pc();

    (void)state;
    EXPECT(&((struct tables){ &srat, &slit, &hmat }), &map, 0,
           "       0       1         21  distance\n", "       1       0         22  distance\n",
           "       0       1             attached memory\n",
           "       0       0      80000  latency, ps\n", "       0       1     130000  latency, ps\n",
           "       1       0       6000  read bandwidth, MB/s\n",
           "       1           67108864  memory-side cache, B\n");
}

static void what_cannot_be_reached_or_is_not_told_is_not_listed(void **state)
{
    const struct fixture_bytes srat = sound_srat(), hmat = sound_hmat();
    const struct fixture_map map = fixture_pc();
    struct fixture_output output = fixture_output();
    uint64_t found;

    (void)state;
    assert_int_equal(report(&(struct tables){ .srat = &srat, .hmat = &hmat }, &map, REPORT_CSV, &output, &found),
                     REPORT_OK);
    assert_null(strstr(output.text, "distance,,,1,,,,,,,,0,0,\"latency"));
    assert_null(strstr(output.text, "6553500"));
    fixture_output_free(&output);
}

static void distances_that_cannot_be_are_found(void **state)
{
    const struct fixture_bytes srat = sound_srat(), slit = slit_of((const uint8_t[]){ 11, 21, 10, 10 });
    struct fixture_bytes cut = slit;
    const struct fixture_map map = fixture_pc();

    (void)state;
    EXPECT(&((struct tables){ .srat = &srat, .slit = &slit }), &map, 2, "the SLIT's distance from domain 0 to 0 is 11",
           "the SLIT's distance from domain 1 to 0 is 10");
    cut.n--;
    EXPECT(&((struct tables){ .srat = &srat, .slit = &cut }), &map, 1, "the SLIT has no whole matrix");
    poke(&cut, ACPI_HEADER_BYTES, 1ull << 32, 8);
    EXPECT(&((struct tables){ .srat = &srat, .slit = &cut }), &map, 1, "the SLIT has no whole matrix");
}

static void a_machine_without_srat_is_no_finding(void **state)
{
    const struct fixture_map map = fixture_pc();

    (void)state;
    EXPECT(&((struct tables){ .srat = NULL }), &map, 0, "No SRAT: ");
}

static void tables_that_are_not_sound_are_found(void **state)
{
    const struct fixture_map map = fixture_pc();
    const struct fixture_bytes srat = sound_srat(), unsound = { .n = 0 };

    (void)state;
    EXPECT(&((struct tables){ .srat = &unsound }), &map, 1, "SRAT: corrupt");
    EXPECT(&((struct tables){ &srat, &unsound, &unsound }), &map, 2, "SLIT: corrupt",
           "HMAT: corrupt");
    EXPECT(&((struct tables){ .slit = &unsound }), &map, 1, "No SRAT: ", "SLIT: corrupt");
}

static void nothing_is_said_to_be_right_where_there_is_nothing(void **state)
{
    const struct fixture_map map = fixture_pc();
    struct fixture_output output = fixture_output();
    uint64_t found;

    (void)state;
    assert_int_equal(report(&(struct tables){ .srat = NULL }, &map, REPORT_TEXT, &output, &found), REPORT_OK);
    assert_null(strstr(output.text, "Nothing is wrong."));
    fixture_output_free(&output);
}

static void tables_cut_anywhere_are_said_to_be_and_not_read_beyond(void **state)
{
    const struct fixture_bytes srat = sound_srat(), slit = slit_of((const uint8_t[]){ 10, 20, 20, 10 }),
                               hmat = sound_hmat();
    const struct fixture_map map = fixture_pc();
    const struct fixture_bytes *const whole[] = { &srat, &slit, &hmat };

    (void)state;
    for (size_t which = 0; which < ARRAY_LENGTH(whole); which++)
        for (size_t n = ACPI_HEADER_BYTES; n < whole[which]->n; n++) {
            struct fixture_bytes cut = *whole[which];
            struct tables tables = { &srat, &slit, &hmat };
            struct fixture_output output = fixture_output();
            uint64_t found;

            cut.n = n;
            *(which == 0 ? &tables.srat : which == 1 ? &tables.slit : &tables.hmat) = &cut;
            assert_int_equal(report(&tables, &map, REPORT_JSON, &output, &found), REPORT_OK);
            assert_true(looks_like_json(output.text));
            if (which)
                assert_int_not_equal(!found, !!strstr(output.text, which == 1 ? "the SLIT has" : "the HMAT breaks off"));
            assert_null(strstr(output.text, "cut: 0"));
            fixture_output_free(&output);
        }
}

static void any_length_in_the_tables_is_survived(void **state)
{
    const struct fixture_bytes srat = sound_srat(), hmat = sound_hmat();
    const struct fixture_map map = fixture_pc();
    const struct fixture_bytes *const whole[] = { &srat, &hmat };
    static const uint8_t values[] = { 0, 1, 2, 0x7F, 0x80, 0xFF };

    (void)state;
    for (size_t which = 0; which < ARRAY_LENGTH(whole); which++)
        for (size_t at = ACPI_HEADER_BYTES; at < whole[which]->n; at++)
            for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
                struct fixture_bytes broken = *whole[which];
                struct fixture_output output = fixture_output();
                const struct tables tables = { which ? &srat : &broken, NULL, which ? &broken : &hmat };
                uint64_t found;

                broken.bytes[at] = values[i];
                assert_int_equal(report(&tables, &map, REPORT_JSON, &output, &found), REPORT_OK);
                assert_true(looks_like_json(output.text));
                fixture_output_free(&output);
            }
}

static void more_ranges_and_domains_than_anybody_has_are_said_to_be_too_many(void **state)
{
    const struct fixture_map map = fixture_pc();
    const size_t n = 2000, bytes = ACPI_HEADER_BYTES + 12 + n * 40;
    uint8_t *table = calloc(1, bytes);
    struct fixture_output output = fixture_output();
    const struct map_subject subject = fixture_subject(&map);
    const struct report_style style = { &output.sink, REPORT_TEXT, REPORT_UNIT_AUTO };
    const size_t scratch = numa_buffer_bytes(&subject);
    void *buffer = malloc(scratch);
    uint64_t found;

    (void)state;
    table[8] = 3;
    for (size_t i = 0; i < n; i++) {
        struct fixture_bytes entry = { .n = 0 };

        add_memory(&entry, (uint32_t)i, GIB(4) + i * MIB(1), GIB(4) + (i + 1) * MIB(1), ENABLED);
        memcpy(table + ACPI_HEADER_BYTES + 12 + i * 40, entry.bytes, 40);
    }
    assert_int_equal(numa_report(&style, &(struct numa_tables){ .srat = { table, bytes } }, &subject, buffer, scratch,
                                 &found), REPORT_OK);
    assert_non_null(strstr(output.text, "ranges not looked at: 976"));
    assert_non_null(strstr(output.text, "more than 256 domains"));
    free(buffer);
    free(table);
    fixture_output_free(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_have_their_processors_ranges_and_usable_memory),
        cmocka_unit_test(disabled_entries_are_no_entries),
        cmocka_unit_test(domains_have_one_byte_before_revision_2),
        cmocka_unit_test(memory_without_a_domain_and_domains_without_memory_are_found),
        cmocka_unit_test(a_hot_pluggable_range_need_not_be_memory_yet),
        cmocka_unit_test(room_for_memory_beyond_the_processors_reach_is_no_finding),
        cmocka_unit_test(a_range_of_modules_to_come_is_cut_where_the_processors_reach_ends),
        cmocka_unit_test(persistent_memory_needs_no_domain),
        cmocka_unit_test(device_memory_is_no_memory),
        cmocka_unit_test(ranges_that_overlap_are_found_with_both_domains),
        cmocka_unit_test(ranges_that_cannot_be_are_counted_and_left_out),
        cmocka_unit_test(distances_latencies_bandwidths_and_caches_are_listed),
        cmocka_unit_test(what_cannot_be_reached_or_is_not_told_is_not_listed),
        cmocka_unit_test(distances_that_cannot_be_are_found),
        cmocka_unit_test(a_machine_without_srat_is_no_finding),
        cmocka_unit_test(tables_that_are_not_sound_are_found),
        cmocka_unit_test(nothing_is_said_to_be_right_where_there_is_nothing),
        cmocka_unit_test(tables_cut_anywhere_are_said_to_be_and_not_read_beyond),
        cmocka_unit_test(any_length_in_the_tables_is_survived),
        cmocka_unit_test(more_ranges_and_domains_than_anybody_has_are_said_to_be_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
