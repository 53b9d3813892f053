#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "options.h"

static bool read_word(struct options *options, const char *word)
{
    return options_read_word(options, word, strlen(word));
}

static bool no_command(const char *word, size_t bytes)
{
    (void)word;
    (void)bytes;
    return false;
}

/* Reads ASCII text as the firmware would pass it: UTF-16, without an end, in a block of exactly that size. */
static struct options read_text(const char *text)
{
    const size_t n = strlen(text);
    uint8_t *wide = malloc(2 * n + 1);
    struct options options = { 0 };

    for (size_t i = 0; i < n; i++) {
        wide[2 * i] = (uint8_t)text[i];
        wide[2 * i + 1] = 0;
    }
    options_read_load_options(&options, wide, 2 * n, no_command);
    free(wide);
    return options;
}

static void a_resolution_is_two_numbers(void **state)
{
    struct options options = { 0 };

    (void)state;
    assert_true(read_word(&options, "resolution=1024x768"));
    assert_int_equal(options.width_px, 1024);
    assert_int_equal(options.height_px, 768);
    assert_true(read_word(&options, "RESOLUTION=65535X1"));
    assert_int_equal(options.width_px, 65535);
}

static void a_bad_resolution_changes_nothing(void **state)
{
    static const char *const bad[] = { "resolution=", "resolution=1024", "resolution=1024x", "resolution=x768",
                                       "resolution=0x768", "resolution=1024x0", "resolution=1024x768x32",
                                       "resolution=65536x1", "resolution=99999999999999999999x1", "resolution=-1x5" };
    struct options options = { .width_px = 7, .height_px = 9 };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(read_word(&options, bad[i]));
        assert_int_equal(options.width_px, 7);
        assert_int_equal(options.height_px, 9);
    }
}

static void bad_memory_adds_up_over_words(void **state)
{
    struct options options = { 0 };

    (void)state;
    assert_true(read_word(&options, "bad_memory=0x5000-0x6000,0x1000-0x2000"));
    assert_true(read_word(&options, "bad_memory=4096-12288"));
    assert_int_equal(options.n_bad_memory, 2);
    assert_int_equal(options.bad_memory[0].start.value, 0x1000);
    assert_int_equal(options.bad_memory[0].bytes, 0x2000);
    assert_int_equal(options.bad_memory[1].start.value, 0x5000);
    assert_true(options_is_of_loader("bad_memory=0x1000-0x2000", 24));
}

static void wrong_bad_memory_changes_nothing(void **state)
{
    static const char *const wrong[] = { "bad_memory", "bad_memory=0x1000", "bad_memory=0x1000-0x2000,x",
                                         "bad_memory=0x7000-0x9000,0x9000-0x8000" };
    struct options options = { 0 };

    (void)state;
    assert_true(read_word(&options, "bad_memory=0x8000-0x9000"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(read_word(&options, wrong[i]));
        assert_int_equal(options.n_bad_memory, 1);
        assert_int_equal(options.bad_memory[0].start.value, 0x8000);
        assert_int_equal(options.bad_memory[0].bytes, 0x1000);
    }
}

static void the_frame_test_can_be_cut_short(void **state)
{
    struct options options = { 0 };

    (void)state;
    assert_true(read_word(&options, "test=64"));
    assert_int_equal(options.test_mib, 64);
    assert_false(read_word(&options, "test=0"));
    assert_false(read_word(&options, "test=4096M"));
    assert_false(read_word(&options, "test=4294967296"));
    assert_int_equal(options.test_mib, 64);
}

static void every_fault_can_be_asked_for_by_name(void **state)
{
    (void)state;
    static const char *const words[FAULT_KINDS] = {
        [FAULT_READ] = "fault=read",     [FAULT_WRITE] = "fault=write", [FAULT_FETCH] = "fault=fetch",
        [FAULT_NULL] = "fault=null",     [FAULT_DIVIDE] = "fault=divide", [FAULT_GUARD] = "fault=guard",
        [FAULT_SMASH] = "fault=smash",   [FAULT_ASSERT] = "fault=assert", [FAULT_NESTED] = "fault=nested",
        [FAULT_CPU] = "fault=cpu",       [FAULT_CPU_GUARD] = "fault=cpu-guard", [FAULT_CPU_HANG] = "fault=cpu-hang",
        [FAULT_ABSENT] = "fault=absent",
    };

    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        struct options options = { 0 };

        assert_true(read_word(&options, words[kind]));
        assert_int_equal(options.fault, kind);
    }
}

static void a_fault_of_the_loader_is_in_each_call_or_in_one(void **state)
{
    struct options options = { 0 };

    (void)state;
    assert_true(read_word(&options, "fault=exit"));
    assert_true(read_word(&options, "fault=MEMORY-12"));
    assert_int_equal(options.loader_faults[LOADER_FAULT_EXIT], LOADER_FAULT_EACH);
    assert_int_equal(options.loader_faults[LOADER_FAULT_MEMORY], 12);
    assert_int_equal(options.loader_faults[LOADER_FAULT_MAP], LOADER_FAULT_NONE);
    assert_true(read_word(&options, "fault=map-4294967294"));
    assert_int_equal(options.loader_faults[LOADER_FAULT_MAP], LOADER_FAULT_EACH - 1);
    assert_int_equal(options.fault, FAULT_NONE);
}

static void faults_of_the_loader_are_told_from_those_of_the_kernel(void **state)
{
    static const char *const kernels[] = { "fault=cpu-hang", "fault=read", "test=memory", "fault", "fault=", "memory" };

    (void)state;
    assert_true(options_is_of_loader("fault=memory-3", 14));
    assert_true(options_is_of_loader("Fault=Exit", 10));
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        assert_false(options_is_of_loader(kernels[i], strlen(kernels[i])));
    assert_true(read_text("test=5 fault=map-2").loader_faults[LOADER_FAULT_MAP] == 2);
}

static void unknown_words_mean_nothing(void **state)
{
    static const char *const unknown[] = { "", "=", "fault", "fault=", "fault=none", "raw-map=no", "console=all", "x=y",
                                           "raw-map", "resolution", "test=", "fault=memory-", "fault=memory-0",
                                           "fault=memory-3x", "fault=map-4294967295", "fault=read-1", "fault=-1" };
    struct options options = { 0 }, untouched = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(read_word(&options, unknown[i]));
    assert_memory_equal(&options, &untouched, sizeof options);
}

static void load_options_skip_the_name_of_the_image(void **state)
{
    const struct options options = read_text("BOOTX64.EFI raw-map=yes  resolution=800x600");

    (void)state;
    assert_true(options.raw_map);
    assert_int_equal(options.height_px, 600);
    assert_int_equal(options.n_ignored, 0);
}

static void quotes_keep_blanks_together(void **state)
{
    const struct options options = read_text("\"a b\" \"raw-map=yes\" c");

    (void)state;
    assert_true(options.raw_map);
    assert_int_equal(options.n_ignored, 2);
    assert_string_equal(options.first_ignored, "a?b");
}

static void a_byte_order_mark_is_no_word(void **state)
{
    const uint8_t text[] = { 0xff, 0xfe, 'x', 0, '.', 0, 'e', 0, 'f', 0, 'i', 0 };
    struct options options = { 0 };

    (void)state;
    options_read_load_options(&options, text, sizeof text, no_command);
    assert_int_equal(options.n_ignored, 0);
}

static void garbage_is_counted_and_shown_printable(void **state)
{
    uint8_t garbage[1001];
    struct options options = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (uint8_t)(0x80 | (i * 37 + 11));
    options_read_load_options(&options, garbage, sizeof garbage, no_command);
    assert_int_equal(options.n_ignored, 1);
    assert_int_equal(strlen(options.first_ignored), OPTION_WARNING_MAX - 1);
    for (const char *c = options.first_ignored; *c; c++)
        assert_int_equal(*c, '?');
}

static void no_options_are_no_words(void **state)
{
    struct options options = { 0 };

    (void)state;
    options_read_load_options(&options, NULL, 0, no_command);
    assert_int_equal(options.n_ignored, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resolution_is_two_numbers),
        cmocka_unit_test(a_bad_resolution_changes_nothing),
        cmocka_unit_test(bad_memory_adds_up_over_words),
        cmocka_unit_test(wrong_bad_memory_changes_nothing),
        cmocka_unit_test(the_frame_test_can_be_cut_short),
        cmocka_unit_test(every_fault_can_be_asked_for_by_name),
        cmocka_unit_test(a_fault_of_the_loader_is_in_each_call_or_in_one),
        cmocka_unit_test(faults_of_the_loader_are_told_from_those_of_the_kernel),
        cmocka_unit_test(unknown_words_mean_nothing),
        cmocka_unit_test(load_options_skip_the_name_of_the_image),
        cmocka_unit_test(quotes_keep_blanks_together),
        cmocka_unit_test(a_byte_order_mark_is_no_word),
        cmocka_unit_test(garbage_is_counted_and_shown_printable),
        cmocka_unit_test(no_options_are_no_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
