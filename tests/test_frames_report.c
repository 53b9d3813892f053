/* frames_report(): its text, its buffer, and what it refuses. tests/host/test_reports.py checks the numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler.h"
#include "frames_report.h"
#include "random_map.h"

#define ALIGNMENT 64

static char written[KIB(32)];
static size_t n_written;

static enum report_status report(const struct map_subject *subject, enum report_format format, size_t bytes)
{
    const struct buffer_sink sink = buffer_sink(written, sizeof written, &n_written);
    const struct report_style style = { &sink.sink, format, REPORT_UNIT_AUTO };
    void *buffer = NULL;

    assert_int_equal(posix_memalign(&buffer, ALIGNMENT, bytes + (bytes == 0)), 0);
    const enum report_status status = frames_report(&style, subject, buffer, bytes);

    free(buffer);
    return status;
}

static struct map_subject subject_of(const struct firmware_descriptor *rows, size_t n)
{
    return (struct map_subject){ .map = { rows, n * sizeof *rows, sizeof *rows }, .phys_bits = 40 };
}

static const struct firmware_descriptor machine[] = {
    { .type = 3, .start = 0x0, .pages = 0x1, .attributes = 0xF },
    { .type = 7, .start = 0x1000, .pages = 0x9F, .attributes = 0xF },
    { .type = 7, .start = 0x100000, .pages = 0x7FF00, .attributes = 0xF },
    { .type = 4, .start = 0x80000000, .pages = 0x100, .attributes = 0xF },
    { .type = 0, .start = 0xB0000000, .pages = 0x10000, .attributes = 0x1 },
    { .type = 7, .start = 0xE0000000, .pages = 0x1, .attributes = 0xF },
    { .type = 7, .start = GIB(4), .pages = 0xC0000, .attributes = 0xF },
};

/*
 * Metadata: 5 GiB at 34,000 bytes or less each, from 1 MiB on. Below 4 GiB, 2 MiB pages are whole from the first one
 * after it up to 80000000, and 80100000 ends in the middle of one.
 */
static void a_machine_as_text(void **state)
{
    (void)state;
    const struct map_subject subject = subject_of(machine, ARRAY_LENGTH(machine));

    assert_int_equal(report(&subject, REPORT_TEXT, frames_report_buffer_bytes(&subject)), REPORT_OK);
    assert_string_equal(written,
                        "Frame allocator, by a dry run            Pages     Size\n"
                        "Usable now                             1310624  5119 MB\n"
                        "Reclaimable after boot services            257  1028 KB\n"
                        "Usable then                            1310881  5120 MB\n"
                        "The allocator's own data                    42   168 KB  at 0x100000\n"
                        "Allocated (this and frame 0)                43   172 KB\n"
                        "Free                                   1310838  5120 MB\n"
                        "Largest free run                        786432  3072 MB  at 0x100000000\n"
                        "\n"
                        "Free runs, by their pages        Runs    Pages     Size\n"
                        "           1 - 1                    1        1     4 KB\n"
                        "         128 - 255                  1      159   636 KB\n"
                        "      262144 - 524287               1   524246  2047 MB\n"
                        "      524288 - 1048575              1   786432  3072 MB\n"
                        "all                                 4\n"
                        "\n"
                        "Free as a whole, aligned             below 4 GiB     above\n"
                        "2 MiB                                       1023      1536\n"
                        "1 GiB                                          1         3\n"
                        "\n"
                        "External fragmentation       40.0 %  (1 - largest free run / free memory)\n"
                        "Unusable as 2 MiB pages       0.0 %  (1 - free whole 2 MiB / free memory)\n"
                        "Unusable as 1 GiB pages      20.0 %  (1 - free whole 1 GiB / free memory)\n");
}

static void who_knows_where_the_metadata_goes_is_told_its_size(void **state)
{
    (void)state;
    static uint64_t buffer[KIB(64)];
    struct map_subject subject = subject_of(machine, ARRAY_LENGTH(machine));

    subject.metadata.start = phys_addr(GIB(5));
    subject.metadata.bytes = frames_metadata_bytes(&subject, buffer, sizeof buffer);
    assert_int_equal(bytes_to_frames(subject.metadata.bytes), 42);
    subject.metadata.bytes = frames_to_bytes(42); /* pages, as they are allocated */
    assert_int_equal(report(&subject, REPORT_TEXT, frames_report_buffer_bytes(&subject)), REPORT_OK);
    assert_non_null(strstr(written, "The allocator's own data                    42   168 KB  at 0x140000000\n"));
    assert_int_equal(frames_metadata_bytes(&subject, buffer, 64), 0);
    subject.map.bytes = 0;
    assert_int_equal(frames_metadata_bytes(&subject, buffer, sizeof buffer), 0);
}

static void a_map_without_room_for_an_allocator_is_said_to_have_none(void **state)
{
    (void)state;
    static const struct firmware_descriptor rows[] = {
        { .type = 7, .start = 0, .pages = 1, .attributes = 0xF },
        { .type = 3, .start = 0x80000, .pages = 2, .attributes = 0x7 },
    };
    const struct map_subject subject = subject_of(rows, ARRAY_LENGTH(rows));

    assert_int_equal(report(&subject, REPORT_TEXT, frames_report_buffer_bytes(&subject)), REPORT_NO_MEMORY);
    assert_string_equal(written, "Frame allocator, by a dry run            Pages     Size\n"
                                 "Usable now                                   1     4 KB\n"
                                 "Reclaimable after boot services              0      0 B\n"
                                 "\n"
                                 "no usable memory for an allocator\n");
    assert_int_equal(report(&subject, REPORT_JSON, frames_report_buffer_bytes(&subject)), REPORT_NO_MEMORY);
    assert_string_equal(written, "{\"report\":\"frames\",\n\"amounts\":[\n"
                                 "{\"name\":\"usable_now\",\"pages\":1,\"bytes\":4096},\n"
                                 "{\"name\":\"reclaimable\",\"pages\":0,\"bytes\":0}]}\n");
}

static void maps_that_are_none_and_small_buffers_are_refused_and_nothing_is_printed(void **state)
{
    (void)state;
    struct map_subject subject = subject_of(machine, ARRAY_LENGTH(machine));
    const size_t regions = region_buffer_bytes(ARRAY_LENGTH(machine), 0);

    assert_int_equal(report(&subject, REPORT_TEXT, regions - 1), REPORT_NO_SPACE);
    assert_int_equal(n_written, 0);
    assert_int_equal(report(&subject, REPORT_TEXT, regions + KIB(64)), REPORT_NO_SPACE);
    assert_int_equal(n_written, 0);
    subject.map.stride = 39;
    assert_int_equal(report(&subject, REPORT_TEXT, KIB(64)), REPORT_BAD_MAP);
    assert_int_equal(n_written, 0);
}

/* Every map, however wrong: also one that has grown since the buffer's size was asked for. */
static void the_buffer_asked_for_is_large_enough(void **state)
{
    (void)state;
    uint64_t random = 0x243f6a8885a308d3;
    unsigned n_reports = 0;

    for (unsigned round = 0; round < 1000; round++) {
        struct random_map map;

        random_map_make(&map, &random);
        struct map_subject before = map.subject;

        before.map.bytes -= round % 2 && firmware_map_count(&before.map) > 10 ? 10 * before.map.stride : 0;
        if (frames_report_buffer_bytes(&before) >= frames_report_buffer_bytes(&map.subject) - KIB(16)) {
            const enum report_status status = report(&map.subject, REPORT_CSV, frames_report_buffer_bytes(&before));

            assert_true(status == REPORT_OK || status == REPORT_NO_MEMORY);
            n_reports += status == REPORT_OK;
        }
        random_map_free(&map);
    }
    assert_true(n_reports > 300);
}

/* 30,000 runs of a page, and 4,000 descriptors of the same 64 GiB: the sum of their sizes is not asked for. */
static void the_buffer_stays_within_what_such_a_map_can_need(void **state)
{
    (void)state;
    static struct firmware_descriptor rows[30000];
    struct map_subject subject = subject_of(rows, ARRAY_LENGTH(rows));

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        rows[i] = (struct firmware_descriptor){ .type = 7, .start = 2 * i * PAGE_SIZE, .pages = 1, .attributes = 0xF };
    assert_int_equal(report(&subject, REPORT_CSV, frames_report_buffer_bytes(&subject)), REPORT_NO_MEMORY);
    rows[29999].pages = 10000;
    assert_int_equal(report(&subject, REPORT_CSV, frames_report_buffer_bytes(&subject)), REPORT_OK);
    for (size_t i = 0; i < 4000; i++)
        rows[i] = (struct firmware_descriptor){ .type = 7, .pages = GIB(64) >> PAGE_SHIFT, .attributes = 0xF };
    subject = subject_of(rows, 4000);
    assert_true(frames_report_buffer_bytes(&subject) < MIB(4));
    assert_int_equal(report(&subject, REPORT_CSV, frames_report_buffer_bytes(&subject)), REPORT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_as_text),
        cmocka_unit_test(who_knows_where_the_metadata_goes_is_told_its_size),
        cmocka_unit_test(a_map_without_room_for_an_allocator_is_said_to_have_none),
        cmocka_unit_test(maps_that_are_none_and_small_buffers_are_refused_and_nothing_is_printed),
        cmocka_unit_test(the_buffer_asked_for_is_large_enough),
        cmocka_unit_test(the_buffer_stays_within_what_such_a_map_can_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
