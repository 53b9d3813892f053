/*
 * Memory that is broken in the ways memory breaks, and which of the memory test's patterns notice. The steps run as
 * they ship, but on a model of memory: tests/test_memtest.c runs them on real memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../efi/memtest/sequence.h"

/* ---- the model, in place of efi/memtest/access.h ---- */

#define MEMTEST_ACCESS_H

#define BASE MIB(16)
#define MEMORY_BYTES KIB(32)
#define BLOCK_BYTES KIB(8)
#define WORDS (MEMORY_BYTES / TEST_WORD_BYTES)
#define SEED 0x123456789ABCDEF1

/*
 * Cells: v the victim, a the aggressor, which are bits of words; or a line, one for all words. Victim and aggressor lie
 * in different cache lines: a line is written at once.
 */
enum fault_kind {
    NO_FAULT,
    STUCK_AT_0,
    STUCK_AT_1,
    NEVER_RISES,      /* v goes from 1 to 0, but not back */
    FLIPPED_BY_RISE,  /* when a goes from 0 to 1, v changes */
    FLIPPED_BY_FALL,
    SET_BY_RISE,      /* when a goes from 0 to 1, v becomes 1 */
    CLEARED_BY_RISE,
    FOLLOWS,          /* while a is 0, v reads as 0 */
    BITS_TIED,        /* two data lines touch: both read as the one and the other */
    ADDRESS_STUCK,    /* an address line is always 0 */
    ADDRESS_TIED,     /* two address lines touch */
    LOST_WHEN_MOVED,  /* v falls when its word is written right after the word half a block below has been read */
    FADES,            /* v falls while nobody writes */
    FAULTS
};

static const char *const fault_names[FAULTS] = {
    "none", "stuck at 0", "stuck at 1", "never rises", "flipped by a rise", "flipped by a fall", "set by a rise",
    "cleared by a rise", "follows another", "data lines tied", "address line stuck", "address lines tied",
    "lost when moved", "fades",
};

static struct {
    enum fault_kind kind;
    uint64_t victim, aggressor; /* numbers of words; of an address line: bits of such a number */
    unsigned victim_bit, aggressor_bit;
    uint64_t cells[WORDS];
    uint64_t last_read;
} memory;

static uint64_t number_of(uint64_t address)
{
    uint64_t n = (address - BASE) / TEST_WORD_BYTES;

    assert_true(address >= BASE && n < WORDS && !(address % TEST_WORD_BYTES));
    if (memory.kind == ADDRESS_STUCK)
        n &= ~memory.victim;
    if (memory.kind == ADDRESS_TIED && (!(n & memory.victim) || !(n & memory.aggressor)))
        n &= ~(memory.victim | memory.aggressor);
    return n;
}

static uint64_t memory_read(uint64_t address)
{
    const uint64_t n = number_of(address), victim = 1ull << memory.victim_bit, other = 1ull << memory.aggressor_bit;
    uint64_t word = memory.cells[n];

    memory.last_read = n;
    if (memory.kind == BITS_TIED && (!(word & victim) || !(word & other)))
        word &= ~(victim | other);
    if (memory.kind == FOLLOWS && n == memory.victim && !(memory.cells[memory.aggressor] & other))
        word &= ~victim;
    return word;
}

static void disturb(uint64_t rises, uint64_t falls)
{
    const uint64_t aggressor = 1ull << memory.aggressor_bit, victim = 1ull << memory.victim_bit;
    uint64_t *cell = &memory.cells[memory.victim];

    if ((memory.kind == FLIPPED_BY_RISE && rises & aggressor) || (memory.kind == FLIPPED_BY_FALL && falls & aggressor))
        *cell ^= victim;
    if (memory.kind == SET_BY_RISE && rises & aggressor)
        *cell |= victim;
    if (memory.kind == CLEARED_BY_RISE && rises & aggressor)
        *cell &= ~victim;
}

static void model_write(uint64_t address, uint64_t value)
{
    const uint64_t n = number_of(address), old = memory.cells[n], victim = 1ull << memory.victim_bit;

    if (n == memory.victim) {
        if (memory.kind == STUCK_AT_0 || (memory.kind == NEVER_RISES && !(old & victim)) ||
            (memory.kind == LOST_WHEN_MOVED && memory.last_read == n - BLOCK_BYTES / 2 / TEST_WORD_BYTES + 3 - n % 4))
            value &= ~victim;
        if (memory.kind == STUCK_AT_1)
            value |= victim;
    }
    memory.cells[n] = value;
    if (n == memory.aggressor)
        disturb(value & ~old, old & ~value);
}

#define memory_write(address, offset, value) model_write((address) + (offset), value)

static void memory_settle(void) {}

#include "../efi/memtest/step.c"

/* ---- tests on it ---- */

struct seen {
    struct error_sink sink;
    uint64_t *n;
    uint64_t *n_elsewhere;
};

static void found(const struct error_sink *sink, uint64_t address, uint64_t expected, uint64_t read)
{
    const struct seen *seen = (const struct seen *)(const void *)sink;

    assert_int_not_equal(expected, read);
    ++*seen->n;
    if (address != BASE + memory.victim * TEST_WORD_BYTES || (expected ^ read) != 1ull << memory.victim_bit)
        ++*seen->n_elsewhere;
}

static void run_step(const struct step *step, const struct error_sink *sink)
{
    const unsigned blocks = MEMORY_BYTES / BLOCK_BYTES;

    if (step->kind == STEP_WAIT && memory.kind == FADES)
        memory.cells[memory.victim] &= ~(1ull << memory.victim_bit);
    for (unsigned i = 0; i < blocks; i++) {
        const unsigned block = step->down ? blocks - 1 - i : i;

        step_run(step, (struct phys_range){ phys_addr(BASE + block * BLOCK_BYTES), BLOCK_BYTES }, sink);
    }
}

/* Errors that the pattern finds; *ret_elsewhere of them are not at the victim, or not of its bit alone. */
static uint64_t errors_of(enum test_pattern pattern, uint64_t *ret_elsewhere)
{
    uint64_t n = 0;
    const struct seen seen = { { found }, &n, ret_elsewhere };
    struct step step;

    *ret_elsewhere = 0;
    for (uint64_t i = 0; i < WORDS; i++)
        memory.cells[i] = i * 0x9E3779B97F4A7C15; /* whatever was there before */
    for (unsigned i = 0; test_step(pattern, SEED, i, &step); i++)
        run_step(&step, &seen.sink);
    return n;
}

static void set_fault(enum fault_kind kind, unsigned variant)
{
    static const struct {
        uint64_t victim, aggressor;
        unsigned victim_bit, aggressor_bit;
    } variants[] = {
        { 1500, 1512, 0, 0 }, { 1512, 1500, 63, 63 }, { 700, 3000, 17, 17 }, { 3333, 40, 40, 3 },
        { 2048, 2056, 31, 32 }, { 4095, 0, 5, 6 }, { 612, 600, 62, 1 },
    };
    const unsigned v = variant % ARRAY_LENGTH(variants);

    memset(&memory, 0, sizeof memory);
    memory.kind = kind;
    memory.victim = variants[v].victim;
    memory.aggressor = variants[v].aggressor;
    memory.victim_bit = variants[v].victim_bit;
    memory.aggressor_bit = variants[v].aggressor_bit;
    if (kind == BITS_TIED)
        memory.aggressor_bit = (memory.victim_bit + 1 + v * 9) % 64;
    if (kind == ADDRESS_STUCK || kind == ADDRESS_TIED) {
        memory.victim = 1ull << (v * 2 % 12);
        memory.aggressor = 1ull << ((v * 2 + 1) % 12);
    }
    if (kind == LOST_WHEN_MOVED)
        memory.victim = 512 + 300 + v; /* in the upper half of its block */
}

#define VARIANTS 7

/* Of VARIANTS faults of this kind, how many the pattern finds. */
static unsigned faults_found(enum fault_kind kind, enum test_pattern pattern)
{
    unsigned n = 0;

    for (unsigned v = 0; v < VARIANTS; v++) {
        uint64_t elsewhere;

        set_fault(kind, v);
        n += errors_of(pattern, &elsewhere) != 0;
    }
    return n;
}

static void good_memory_shows_no_errors(void **state)
{
    (void)state;
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        assert_int_equal(faults_found(NO_FAULT, (enum test_pattern)p), 0);
}

static void every_fault_is_found_by_the_patterns_of_a_usual_pass(void **state)
{
    (void)state;
    for (unsigned kind = STUCK_AT_0; kind < FADES; kind++)
        for (unsigned v = 0; v < VARIANTS; v++) {
            uint64_t n = 0, elsewhere;

            for (unsigned p = 0; p < TEST_FADE; p++) {
                set_fault((enum fault_kind)kind, v);
                n += errors_of((enum test_pattern)p, &elsewhere);
            }
            if (!n)
                fail_msg("%s, variant %u: not found", fault_names[kind], v);
        }
}

/* So many of the seven of a kind, at least. */
static void each_pattern_finds_what_it_is_for(void **state)
{
    static const char table[FAULTS][TEST_PATTERNS + 1] = {
        /* address, inversions, walk8, walk16, walk32, walk64, random, moves, modulo20, fade */
        [STUCK_AT_0]      = "7777777737",
        [STUCK_AT_1]      = "7777777737",
        [NEVER_RISES]     = "7777777637",
        [FLIPPED_BY_RISE] = "7777777220",
        [FLIPPED_BY_FALL] = "7777777220",
        [SET_BY_RISE]     = "3755557110",
        [CLEARED_BY_RISE] = "4777777110",
        [FOLLOWS]         = "4777777320",
        [BITS_TIED]       = "4777777760",
        [ADDRESS_STUCK]   = "7444447770",
        [ADDRESS_TIED]    = "7555557770",
        [LOST_WHEN_MOVED] = "0000000700",
        [FADES]           = "0000000007",
    };

    (void)state;
    printf("%-20s", "");
    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        printf("%11s", test_pattern_name((enum test_pattern)p));
    for (unsigned kind = STUCK_AT_0; kind < FAULTS; kind++) {
        printf("\n%-20s", fault_names[kind]);
        for (unsigned p = 0; p < TEST_PATTERNS; p++)
            printf("%11u", faults_found((enum fault_kind)kind, (enum test_pattern)p));
    }
    printf("\n");
    for (unsigned kind = STUCK_AT_0; kind < FAULTS; kind++)
        for (unsigned p = 0; p < TEST_PATTERNS; p++)
            assert_true(faults_found((enum fault_kind)kind, (enum test_pattern)p) >= (unsigned)(table[kind][p] - '0'));
}

static void a_stuck_bit_is_located_exactly_even_by_block_moves(void **state)
{
    (void)state;
    for (unsigned kind = STUCK_AT_0; kind <= STUCK_AT_1; kind++)
        for (unsigned p = 0; p < TEST_PATTERNS; p++)
            for (unsigned v = 0; v < VARIANTS; v++) {
                uint64_t elsewhere;

                set_fault((enum fault_kind)kind, v);
                assert_true(errors_of((enum test_pattern)p, &elsewhere) || p == TEST_MODULO_20);
                assert_int_equal(elsewhere, 0);
            }
}

static void an_address_line_that_is_stuck_shows_the_address_that_answers(void **state)
{
    const struct step fill = { STEP_FILL, PATTERN_ADDRESS, 1, 0, false, 0, 0 };
    const struct step check_step = { STEP_CHECK, PATTERN_ADDRESS, 1, 0, false, 0, 0 };
    uint64_t n = 0, elsewhere = 0;
    const struct seen seen = { { found }, &n, &elsewhere };

    (void)state;
    set_fault(ADDRESS_STUCK, 3);
    run_step(&fill, &seen.sink);
    run_step(&check_step, &seen.sink);
    assert_int_equal(n, WORDS / 2);
    assert_int_equal(memory_read(BASE), BASE + memory.victim * TEST_WORD_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_memory_shows_no_errors),
        cmocka_unit_test(every_fault_is_found_by_the_patterns_of_a_usual_pass),
        cmocka_unit_test(each_pattern_finds_what_it_is_for),
        cmocka_unit_test(a_stuck_bit_is_located_exactly_even_by_block_moves),
        cmocka_unit_test(an_address_line_that_is_stuck_shows_the_address_that_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
