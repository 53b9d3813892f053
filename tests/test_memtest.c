/* The memory test's pure parts, and its steps on real memory: patterns, sweeps, errors and what is said about them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../efi/memtest/options.h"
#include "../efi/memtest/team.h"

#define TEXT_MAX 8192
#define PAGES 5 /* of a range under test: it ends within a block */

static _Alignas(PAGE_SIZE) uint64_t ram[3][PAGES * PAGE_SIZE / TEST_WORD_BYTES];

/* ---- patterns ---- */

static void patterns_are_one_word_or_addresses_or_random(void **state)
{
    (void)state;
    for (uint64_t address = 0x123456780; address < 0x123456880; address += TEST_WORD_BYTES) {
        assert_int_equal(pattern_word(PATTERN_SAME, 0x5555, address), 0x5555);
        assert_int_equal(pattern_word(PATTERN_ADDRESS, 0, address), address);
        assert_int_equal(pattern_word(PATTERN_ADDRESS, UINT64_MAX, address), ~address);
        assert_int_not_equal(pattern_word(PATTERN_RANDOM, 2, address), pattern_word(PATTERN_RANDOM, 4, address));
    }
}

static void complements_are_complements_at_every_address(void **state)
{
    (void)state;
    for (unsigned p = PATTERN_SAME; p <= PATTERN_ADDRESS; p++)
        for (uint64_t address = MIB(1); address < MIB(1) + 4096; address += TEST_WORD_BYTES) {
            const uint64_t value = p == PATTERN_ADDRESS ? 0 : 0x0123456789ABCDEF;
            const uint64_t complement = pattern_complement((enum pattern)p, value);

            assert_int_equal(pattern_word((enum pattern)p, value, address),
                             ~pattern_word((enum pattern)p, complement, address));
        }
}

static void random_words_have_as_many_ones_as_zeros_and_no_line_twice(void **state)
{
    uint64_t ones = 0, lines[512];

    (void)state;
    for (uint64_t i = 0; i < 512; i++) {
        lines[i] = pattern_word(PATTERN_RANDOM, 42, i * TEST_LINE_BYTES);
        ones += (uint64_t)__builtin_popcountll(lines[i]);
        for (uint64_t k = 0; k < i; k++)
            assert_int_not_equal(lines[i], lines[k]);
    }
    assert_in_range(ones, 512 * 32 - 400, 512 * 32 + 400);
}

/* ---- steps ---- */

struct counting {
    struct error_sink sink;
    struct memory_error *last;
    uint64_t *n;
};

static void count(const struct error_sink *sink, uint64_t address, uint64_t expected, uint64_t read)
{
    const struct counting *c = (const struct counting *)(const void *)sink;

    ++*c->n;
    *c->last = (struct memory_error){ .address = address, .expected = expected, .read = read };
}

static struct phys_range ram_range(unsigned i)
{
    return (struct phys_range){ identity_of(ram[i]), sizeof ram[i] };
}

static void what_fill_and_replace_write_is_what_the_pattern_says(void **state)
{
    (void)state;
    for (unsigned p = PATTERN_SAME; p <= PATTERN_ADDRESS; p++)
        for (unsigned down = 0; down < 2; down++) {
            const uint64_t value = p == PATTERN_ADDRESS ? 0 : 0xFEDCBA9876543211;
            const uint64_t complement = pattern_complement((enum pattern)p, value);
            const struct step fill = { STEP_FILL, (uint8_t)p, 1, 0, down, value, value };
            const struct step replace = { STEP_REPLACE, (uint8_t)p, 2, 0, down, value, complement };
            struct memory_error last;
            uint64_t n = 0;
            const struct counting errors = { { count }, &last, &n };

            step_run(&fill, ram_range(0), &errors.sink);
            for (size_t i = 0; i < ARRAY_LENGTH(ram[0]); i++)
                assert_int_equal(ram[0][i], pattern_word((enum pattern)p, value, identity_of(&ram[0][i]).value));
            ram[0][700] ^= 1ull << 40;
            step_run(&replace, ram_range(0), &errors.sink);
            assert_int_equal(n, 1);
            assert_int_equal(last.address, identity_of(&ram[0][700]).value);
            assert_int_equal(last.expected ^ last.read, 1ull << 40);
            for (size_t i = 0; i < ARRAY_LENGTH(ram[0]); i++)
                assert_int_equal(ram[0][i], pattern_word((enum pattern)p, complement, identity_of(&ram[0][i]).value));
        }
}

static void every_20th_word_and_all_others_are_all_words(void **state)
{
    (void)state;
    for (uint8_t offset = 0; offset < TEST_SPREAD_WORDS; offset++) {
        const struct step spread = { STEP_SPREAD, PATTERN_SAME, 0, offset, false, 1, 1 };
        const struct step around = { STEP_SURROUND, PATTERN_SAME, 1, offset, false, 1, 2 };

        memset(ram, 0, sizeof ram);
        step_run(&spread, ram_range(1), NULL);
        step_run(&around, ram_range(1), NULL);
        for (size_t i = 0; i < ARRAY_LENGTH(ram[1]); i++) {
            const uint64_t number = identity_of(&ram[1][i]).value / TEST_WORD_BYTES;

            assert_int_equal(ram[1][i], number % TEST_SPREAD_WORDS == offset ? 1 : 2);
        }
        assert_int_equal(ram[0][ARRAY_LENGTH(ram[0]) - 1] | ram[2][0], 0);
    }
}

/* What a step fills memory with, in each of so many passes: all different. */
#define PASSES 100

static void no_two_passes_write_the_same_random_words(void **state)
{
    static const enum test_pattern patterns[] = { TEST_RANDOM, TEST_MOVES, TEST_MODULO_20 };
    static uint64_t words[ARRAY_LENGTH(patterns) * PASSES * 3];
    size_t n_words = 0;

    (void)state;
    for (uint64_t seed = 6; seed < 8; seed++, n_words = 0)
        for (uint64_t pass = 0; pass < PASSES; pass++)
            for (size_t p = 0; p < ARRAY_LENGTH(patterns); p++) {
                const unsigned rounds = patterns[p] == TEST_RANDOM ? 3 : 1;

                for (unsigned round = 0; round < rounds; round++) {
                    struct step step;

                    assert_true(test_step(patterns[p], test_seed_of_pass(seed, pass), round * 6, &step));
                    words[n_words] = pattern_word((enum pattern)step.pattern, step.next, 0);
                    for (size_t i = 0; i < n_words; i++)
                        assert_int_not_equal(words[i], words[n_words]);
                    n_words++;
                }
            }
    assert_int_equal(test_seed_of_pass(7, 0), 7);
}

/* ---- the team ---- */

/* All patterns by one worker; the same words in each range as if it were alone. */
static void a_leader_alone_tests_every_range_without_errors(void **state)
{
    const struct phys_range ranges[] = { ram_range(0), ram_range(2) };
    static struct team team;
    static struct worker worker = { .team = &team };
    struct step step;

    (void)state;
    team = (struct team){ .ranges = ranges, .n_ranges = 2, .n_blocks = team_count_blocks(ranges, 2) };
    assert_int_equal(team.n_blocks, 2);
    memset(ram[1], 0x77, sizeof ram[1]);
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        for (unsigned n = 0; test_step((enum test_pattern)p, 7, n, &step); n++) {
            team_start_step(&team, &step, p);
            while (team_work(&worker))
                ;
        }
    assert_int_equal(worker.errors.n_errors, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(ram[1]); i++)
        assert_int_equal(ram[1][i], 0x7777777777777777);
}

/* ---- errors ---- */

static struct error_log log_of_errors;

static void add_error(uint64_t address, uint64_t bits)
{
    const struct memory_error error = { address, 0, bits, 0, TEST_RANDOM };

    error_log_add(&log_of_errors, &error);
}

static const char *text_of(void (*print)(const struct sink *, const struct error_log *))
{
    static char text[TEXT_MAX];
    size_t n;
    const struct buffer_sink sink = buffer_sink(text, sizeof text, &n);

    print(&sink.sink, &log_of_errors);
    return text;
}

static void pages_that_touch_become_one_range_and_errors_are_counted_by_bit(void **state)
{
    (void)state;
    log_of_errors = (struct error_log){ 0 };
    add_error(0x5008, 1);
    add_error(0x3FF8, 3);
    add_error(0x4000, 1ull << 63);
    add_error(0x90000, 1);
    assert_int_equal(log_of_errors.n_ranges, 2);
    assert_int_equal(log_of_errors.n_errors, 4);
    assert_int_equal(log_of_errors.n_by_bit[0], 3);
    assert_int_equal(log_of_errors.n_by_bit[1], 1);
    assert_int_equal(log_of_errors.n_by_bit[63], 1);
    assert_string_equal(text_of(error_log_print_memmap), "12K$0x3000,4K$0x90000");
    assert_string_equal(text_of(error_log_print_badram),
                        "0x3000,0xFFFFFFFFFFFFF000,0x4000,0xFFFFFFFFFFFFE000,0x90000,0xFFFFFFFFFFFFF000");
}

static bool is_in_ranges(uint64_t address)
{
    for (size_t i = 0; i < log_of_errors.n_ranges; i++)
        if (phys_range_contains(log_of_errors.ranges[i], phys_addr(address)))
            return true;
    return false;
}

static void too_many_ranges_lose_no_page_and_join_the_closest(void **state)
{
    static uint64_t pages[4 * ERROR_RANGES_MAX];

    (void)state;
    log_of_errors = (struct error_log){ 0 };
    srand(1);
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
        pages[i] = (uint64_t)rand() % (1 << 24) << PAGE_SHIFT;
        add_error(pages[i] + 8, 1);
    }
    assert_true(log_of_errors.is_coarse);
    assert_true(log_of_errors.n_ranges <= ERROR_RANGES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++)
        assert_true(is_in_ranges(pages[i]));
    for (size_t i = 1; i < log_of_errors.n_ranges; i++)
        assert_true(phys_range_end(log_of_errors.ranges[i - 1]) < log_of_errors.ranges[i].start.value);
}

/* BadRAM: an address is bad if (address & mask) == (addr & mask). */
static void badram_covers_the_ranges_and_nothing_else(void **state)
{
    char *at;

    (void)state;
    log_of_errors = (struct error_log){ 0 };
    for (uint64_t page = 3; page < 30; page++)
        add_error(page << PAGE_SHIFT, 1);
    add_error(0, 1);
    for (uint64_t address = 0; address < 64 * PAGE_SIZE; address += PAGE_SIZE) {
        bool is_bad = false;

        at = (char *)(uintptr_t)text_of(error_log_print_badram);
        while (*at) {
            const uint64_t start = strtoull(at, &at, 16), mask = strtoull(at + 1, &at, 16);

            is_bad |= (address & mask) == (start & mask);
            at += *at == ',';
        }
        assert_int_equal(is_bad, is_in_ranges(address));
    }
}

/* One bit that is stuck is found wrong over and over: the list is of words, so that others have a place in it. */
static void a_word_is_listed_once_however_often_it_is_wrong(void **state)
{
    static struct error_log other;

    (void)state;
    log_of_errors = (struct error_log){ 0 };
    for (unsigned i = 0; i < 1000; i++)
        add_error(0x5008, 1);
    add_error(0x9000, 2);
    other = log_of_errors;
    log_of_errors = (struct error_log){ 0 };
    add_error(0x9000, 4);
    error_log_take(&log_of_errors, &other);
    assert_int_equal(log_of_errors.n_first, 2);
    assert_int_equal(log_of_errors.first[0].address, 0x9000);
    assert_int_equal(log_of_errors.first[0].read, 4);
    assert_int_equal(log_of_errors.first[1].address, 0x5008);
    assert_int_equal(log_of_errors.n_errors, 1002);
    assert_false(log_of_errors.is_cut);
    for (uint64_t i = 2; i < ERRORS_SHOWN_MAX; i++)
        add_error(i << 20, 1);
    assert_false(log_of_errors.is_cut);
    add_error(0x5008, 1);
    assert_false(log_of_errors.is_cut);
    add_error(0x1234568, 1);
    assert_true(log_of_errors.is_cut);
}

static void what_one_log_takes_from_another_is_not_lost(void **state)
{
    static struct error_log other;

    (void)state;
    log_of_errors = (struct error_log){ 0 };
    for (uint64_t i = 0; i < 40; i++)
        add_error(i << 20, 1);
    other = log_of_errors;
    log_of_errors = (struct error_log){ 0 };
    add_error(0x1234000, 2);
    error_log_take(&log_of_errors, &other);
    assert_int_equal(log_of_errors.n_errors, 41);
    assert_int_equal(log_of_errors.n_first, ERRORS_SHOWN_MAX);
    assert_int_equal(log_of_errors.first[1].address, 0);
    assert_int_equal(log_of_errors.n_ranges, 41);
    assert_int_equal(log_of_errors.n_by_pattern[TEST_RANDOM], 41);
    assert_int_equal(other.n_errors + other.n_ranges, 0);
}

/* ---- options ---- */

static const char *read(const char *option, const char *value, struct memtest_options *o)
{
    const char *const words[] = { option, value };
    size_t i = 0;

    *o = memtest_options_default();
    return memtest_options_read(words, value ? 2 : 1, &i, o);
}

static void ranges_are_whole_pages_and_numbers_have_units(void **state)
{
    static const char *const bad_ranges[] = {
        "", "1M", "1M-", "-1M", "2M-1M", "1M-1M", "0-4097T", "1M-2X", "1Mx-2M", "0x-1", "99999999999999999999-1",
        "1-20000000T",
    };
    struct memtest_options o;

    (void)state;
    assert_null(read("--range", "0x1001-2M", &o));
    assert_int_equal(o.range.start.value, 0x1000);
    assert_int_equal(phys_range_end(o.range), MIB(2));
    assert_null(read("--range", "4g-0x1ffffffff", &o));
    assert_int_equal(o.range.bytes, GIB(4));
    assert_null(read("--range", "0-4096T", &o));
    for (size_t i = 0; i < ARRAY_LENGTH(bad_ranges); i++)
        assert_non_null(read("--range", bad_ranges[i], &o));
}

static void every_option_has_its_limits(void **state)
{
    struct memtest_options o;
    const char *const both[] = { "--passes", "2", "--minutes", "3" };
    size_t i = 2;

    (void)state;
    assert_null(read("--passes", "3", &o));
    assert_int_equal(o.passes, 3);
    assert_non_null(read("--passes", "0", &o));
    assert_non_null(read("--passes", NULL, &o));
    assert_non_null(read("--minutes", "525601", &o));
    assert_null(read("--cpus", "all", &o));
    assert_int_equal(o.processors, UINT_MAX);
    assert_null(read("--cpus", "2", &o));
    assert_int_equal(o.processors, 2);
    assert_non_null(read("--cpus", "0", &o));
    assert_null(read("--seed", "0xFFFFFFFFFFFFFFFF", &o));
    assert_true(o.has_seed && o.seed == UINT64_MAX);
    assert_non_null(read("--fade", "x", &o));
    assert_string_equal(read("--csv", NULL, &o), "");
    o.passes = 2;
    assert_non_null(memtest_options_read(both, 4, &i, &o));
}

static void patterns_are_named_in_a_list(void **state)
{
    static const char *const bad_lists[] = { "", "walk", "walk88", "walk8,", ",walk8", "all,x" };

    (void)state;
    assert_int_equal(test_patterns_parse("walk8,fade"), TEST_PATTERN_BIT(TEST_WALK_8) | TEST_PATTERN_BIT(TEST_FADE));
    assert_int_equal(test_patterns_parse("all"), TEST_PATTERNS_ALL);
    for (size_t i = 0; i < ARRAY_LENGTH(bad_lists); i++)
        assert_int_equal(test_patterns_parse(bad_lists[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_one_word_or_addresses_or_random),
        cmocka_unit_test(complements_are_complements_at_every_address),
        cmocka_unit_test(random_words_have_as_many_ones_as_zeros_and_no_line_twice),
        cmocka_unit_test(what_fill_and_replace_write_is_what_the_pattern_says),
        cmocka_unit_test(every_20th_word_and_all_others_are_all_words),
        cmocka_unit_test(no_two_passes_write_the_same_random_words),
        cmocka_unit_test(a_leader_alone_tests_every_range_without_errors),
        cmocka_unit_test(pages_that_touch_become_one_range_and_errors_are_counted_by_bit),
        cmocka_unit_test(too_many_ranges_lose_no_page_and_join_the_closest),
        cmocka_unit_test(badram_covers_the_ranges_and_nothing_else),
        cmocka_unit_test(a_word_is_listed_once_however_often_it_is_wrong),
        cmocka_unit_test(what_one_log_takes_from_another_is_not_lost),
        cmocka_unit_test(ranges_are_whole_pages_and_numbers_have_units),
        cmocka_unit_test(every_option_has_its_limits),
        cmocka_unit_test(patterns_are_named_in_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
