/* The text format of memory maps (mm/host/map_text.h): what is accepted, what is refused and why. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../mm/host/map_text.h"

/* Parses a copy that ends where the text does, so that ASan sees a read beyond it. */
static bool parse(const char *text, struct map_text *ret, struct map_text_error *ret_error)
{
    const size_t bytes = strlen(text);
    char *copy = malloc(bytes + (bytes == 0));

    memcpy(copy, text, bytes);
    const bool ok = map_text_parse(copy, bytes, ret, ret_error);
    free(copy);
    return ok;
}

static struct map_text parsed(const char *text)
{
    struct map_text_error error = { 0 };
    struct map_text t = { 0 };

    if (!parse(text, &t, &error))
        fail_msg("line %zu: %s", error.line, error.reason);
    return t;
}

static struct firmware_descriptor descriptor(const struct map_text *t, uint64_t index)
{
    struct firmware_descriptor d;

    memcpy(&d, (const char *)t->map.descriptors + index * t->map.stride, sizeof(d));
    return d;
}

static void check_refused(const char *text, size_t line, const char *reason)
{
    struct map_text_error error = { 0 };
    struct map_text untouched;
    struct map_text t;

    memset(&t, 0x5a, sizeof(t));
    untouched = t;
    assert_false(parse(text, &t, &error));
    assert_string_equal(error.reason, reason);
    assert_int_equal(error.line, line);
    assert_memory_equal(&t, &untouched, sizeof(t));
}

static void a_text_without_rows_is_no_map(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "\n", "\r\n\r\n", " \t\n", "#", "# prose", "#\n#\n", "# phys_bits 36",
                                         "# desc_size=48" };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        check_refused(texts[i], 0, "no memory map in it");
}

static void an_empty_map_is_announced(void **state)
{
    (void)state;
    struct map_text t = parsed("# desc_size=48 entries=0");

    assert_int_equal(t.map.bytes, 0);
    assert_int_equal(t.map.stride, 48);
    assert_int_equal(t.n_claims, 0);
    assert_int_equal(t.n_reserved, 0);
    assert_int_equal(t.metadata.bytes, 0);
    assert_int_equal(t.phys_bits, PHYS_BITS_MAX);
    map_text_free(&t);
}

static void rows_become_descriptors_in_order(void **state)
{
    (void)state;
    struct map_text t = parsed("# desc_size=56 entries=3\n"
                               "7 0x1000 0x9f 0xf\n"
                               "\t 0X80000000  0XfFf  16\t0x800000000000000F \r\n"
                               "4294967295 0xffffffffffffffff 18446744073709551615 0");

    assert_int_equal(t.map.stride, 56);
    assert_int_equal(t.map.bytes, 3 * 56);
    assert_int_equal(descriptor(&t, 0).type, 7);
    assert_int_equal(descriptor(&t, 0).start, 0x1000);
    assert_int_equal(descriptor(&t, 0).pages, 0x9f);
    assert_int_equal(descriptor(&t, 0).attributes, 0xf);
    assert_int_equal(descriptor(&t, 1).type, 0x80000000);
    assert_int_equal(descriptor(&t, 1).start, 0xfff);
    assert_int_equal(descriptor(&t, 1).pages, 16);
    assert_int_equal(descriptor(&t, 1).attributes, 0x800000000000000f);
    assert_int_equal(descriptor(&t, 2).type, UINT32_MAX);
    assert_int_equal(descriptor(&t, 2).start, UINT64_MAX);
    assert_int_equal(descriptor(&t, 2).pages, UINT64_MAX);
    assert_int_equal(descriptor(&t, 2).attributes, 0);
    map_text_free(&t);
}

static void comment_lines_with_a_meaning_are_obeyed(void **state)
{
    (void)state;
    struct map_text t = parsed("# desc_size=48 entries=0\n"
                               "# phys_bits 36\n"
                               "#image 0x3e1c5000 0x19\n"
                               "# framebuffer 0x80000000 4096000\n"
                               "# hole 0xfd00000000 0x300000000\n"
                               "# metadata 0x100000 8192\n"
                               "# reserved 0x200000 0x10\n"
                               "# reserved 0x300000 1\n"
                               "# own 0x400000 8192  this program, and more \r\n"
                               "# own 0x500000 4096\n");

    assert_int_equal(t.phys_bits, 36);
    assert_int_equal(t.n_claims, 3);
    assert_int_equal(t.claims[0].type, REGION_EXECUTABLE_AND_MODULES);
    assert_int_equal(t.claims[0].bytes.start.value, 0x3e1c5000);
    assert_int_equal(t.claims[0].bytes.bytes, 0x19000);
    assert_int_equal(t.claims[1].type, REGION_FRAMEBUFFER);
    assert_int_equal(t.claims[1].bytes.start.value, 0x80000000);
    assert_int_equal(t.claims[1].bytes.bytes, 4096000);
    assert_int_equal(t.claims[2].type, REGION_RESERVED);
    assert_int_equal(t.claims[2].bytes.start.value, 0xfd00000000);
    assert_int_equal(t.claims[2].bytes.bytes, GIB(12));
    assert_int_equal(t.metadata.start.value, 0x100000);
    assert_int_equal(t.metadata.bytes, 8192);
    assert_int_equal(t.n_reserved, 2);
    assert_int_equal(t.reserved[0].first.value, 0x200);
    assert_int_equal(t.reserved[0].count, 0x10);
    assert_int_equal(t.reserved[1].first.value, 0x300);
    assert_int_equal(t.n_own, 2);
    assert_int_equal(t.own[0].bytes.start.value, 0x400000);
    assert_int_equal(t.own[0].bytes.bytes, 8192);
    assert_string_equal(t.own[0].use, "this program, and more");
    assert_string_equal(t.own[1].use, "");
    assert_ptr_equal(map_text_subject(&t).own, t.own);
    map_text_free(&t);
}

static void prose_stays_prose(void **state)
{
    (void)state;
    struct map_text t = parsed("# desc_size=48 entries=0\n"
                               "# image of a machine\n"
                               "# framebuffer inside RAM\n"
                               "# phys_bitsy 12\n"
                               "# phys_bitsimage 1 2\n"
                               "# images 1 2\n"
                               "# expected: desc_size=39 and image 5 are refused\n"
                               "## image 0x1000 1\n"
                               "# reserved memory\n"
                               "# own memory\n");

    assert_int_equal(t.n_claims, 0);
    assert_int_equal(t.n_reserved, 0);
    assert_int_equal(t.phys_bits, PHYS_BITS_MAX);
    map_text_free(&t);
}

static void bad_rows_are_refused_with_line_and_reason(void **state)
{
    (void)state;
    check_refused("\n# x\n7", 3, "too few fields");
    check_refused("7 0 1", 1, "too few fields");
    check_refused("7 0 1 0xf 0", 1, "too many fields");
    check_refused("7 0 1 0xf # why not", 1, "too many fields");
    check_refused("a 0 1 0", 1, "not a number");
    check_refused("7 0 1 f", 1, "not a number");
    check_refused("7 0 -1 0", 1, "not a number");
    check_refused("7 0x 1 0", 1, "a number is missing");
    check_refused("7 0x0x1 1 0", 1, "not a number");
    check_refused("4294967296 0 1 0", 1, "number too large");
    check_refused("7 0x10000000000000000 1 0", 1, "number too large");
    check_refused("7 18446744073709551616 1 0", 1, "number too large");
    check_refused("7 99999999999999999999999999999999999999999999 1 0", 1, "number too large");
}

static void bad_comment_lines_are_refused_too(void **state)
{
    (void)state;
    check_refused("# phys_bits 11", 1, "phys_bits is below 12");
    check_refused("# phys_bits 65", 1, "number too large");
    check_refused("# phys_bits 36 bits", 1, "too many fields");
    check_refused("# image 0x1000", 1, "too few fields");
    check_refused("# image 0x1000 0x10000000000000", 1, "number too large");
    check_refused("# framebuffer 1 2 3", 1, "too many fields");
    check_refused("# hole 1 x", 1, "not a number");
    check_refused("# metadata 1", 1, "too few fields");
    check_refused("# reserved 0x1001 1", 1, "not page-aligned");
    check_refused("# own 0x1000", 1, "a number is missing");
    check_refused("# own 0x1000 x", 1, "not a number");
    check_refused("# own 0xfffffffffffff000 0x1001 wraps", 1, "number too large");
    check_refused("# desc_size=", 1, "a number is missing");
    check_refused("# desc_size=0 entries=0", 1, "desc_size is below 40");
    check_refused("# desc_size=39 entries=0", 1, "desc_size is below 40");
    check_refused("# desc_size=4097 entries=0", 1, "number too large");
    check_refused("# desc_size=48 rows=1", 1, "entries=N expected after desc_size");
    check_refused("# desc_size=48 entries=x", 1, "not a number");
}

static void there_is_a_bound_on_own_ranges(void **state)
{
    (void)state;
    static const char line[] = "# own 0x1000 4096 x\n";
    char text[(MAP_TEXT_OWN_MAX + 2) * sizeof(line)] = "7 0x1000 1 0xf\n";

    for (unsigned i = 0; i < MAP_TEXT_OWN_MAX; i++)
        strcat(text, line);
    struct map_text t = parsed(text);
    assert_int_equal(t.n_own, MAP_TEXT_OWN_MAX);
    map_text_free(&t);
    strcat(text, line);
    check_refused(text, MAP_TEXT_OWN_MAX + 2, "too many own ranges");
}

static void what_an_own_range_was_for_is_cut_short(void **state)
{
    (void)state;
    char text[4096] = "7 0x1000 1 0xf\n# own 0x1000 4096 ";

    memset(text + strlen(text), 'x', 2000);
    struct map_text t = parsed(text);
    assert_int_equal(strlen(t.own[0].use), MAP_TEXT_USE_MAX);
    map_text_free(&t);
    memcpy(strrchr(text, ' ') + 1 + MAP_TEXT_USE_MAX - 1, "\xc3\xa9", 2);
    t = parsed(text);
    assert_int_equal(strlen(t.own[0].use), MAP_TEXT_USE_MAX - 1);
    map_text_free(&t);
}

static void the_number_of_rows_must_be_the_announced_one(void **state)
{
    (void)state;
    check_refused("# desc_size=48 entries=1", 0, "entries= announces another number of rows");
    check_refused("# desc_size=48 entries=1\n7 0 1 0\n7 1 1 0", 0, "entries= announces another number of rows");

    struct map_text t = parsed("# desc_size=48\n7 0 1 0\n7 1 1 0");
    assert_int_equal(firmware_map_count(&t.map), 2);
    map_text_free(&t);
}

static void text_need_not_be_text(void **state)
{
    (void)state;
    static const char binary[] = { '7', 0, '0', ' ', (char)0xff, '\n', 0, 1, 2, '\n' };
    struct map_text_error error;
    struct map_text t;

    assert_false(map_text_parse(binary, sizeof(binary), &t, &error));
    assert_int_equal(error.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_without_rows_is_no_map),
        cmocka_unit_test(an_empty_map_is_announced),
        cmocka_unit_test(rows_become_descriptors_in_order),
        cmocka_unit_test(comment_lines_with_a_meaning_are_obeyed),
        cmocka_unit_test(prose_stays_prose),
        cmocka_unit_test(bad_rows_are_refused_with_line_and_reason),
        cmocka_unit_test(bad_comment_lines_are_refused_too),
        cmocka_unit_test(there_is_a_bound_on_own_ranges),
        cmocka_unit_test(what_an_own_range_was_for_is_cut_short),
        cmocka_unit_test(the_number_of_rows_must_be_the_announced_one),
        cmocka_unit_test(text_need_not_be_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
