/* Which steps a memory test takes: the field's patterns, by name. Pure. */
#ifndef MEMTEST_SEQUENCE_H
#define MEMTEST_SEQUENCE_H

#include <stddef.h>

#include "compiler.h"
#include "step.h"

/* In the order in which a pass takes them. */
enum test_pattern {
    TEST_ADDRESS,    /* each word holds its own address, then the complement */
    TEST_INVERSIONS, /* moving inversions: a word turns into its complement upwards, back downwards */
    TEST_WALK_8,     /* the same with a walking one and a walking zero in each byte, */
    TEST_WALK_16,
    TEST_WALK_32,
    TEST_WALK_64,    /* in each 64-bit word */
    TEST_RANDOM,     /* the same with random numbers */
    TEST_MOVES,      /* block moves */
    TEST_MODULO_20,  /* every 20th word apart from its surroundings */
    TEST_FADE,       /* whether bits last for a time */
    TEST_PATTERNS
};

#define TEST_PATTERN_BIT(pattern) (1u << (pattern))
#define TEST_PATTERNS_ALL (TEST_PATTERN_BIT(TEST_PATTERNS) - 1)
#define TEST_PATTERNS_USUAL (TEST_PATTERNS_ALL & ~TEST_PATTERN_BIT(TEST_FADE)) /* that one does nothing but wait */

/* "walk8", as users name it. */
const char *test_pattern_name(enum test_pattern pattern);

/* The patterns in a list such as "address,walk8", or "all"; 0: a name is wrong. */
MUST_CHECK unsigned test_patterns_parse(const char *text);

/* The seed of a pass: no two passes have a random word in common. That of pass 0 is the seed itself. */
static inline uint64_t test_seed_of_pass(uint64_t seed, uint64_t pass) { return seed + pass * 0x9E3779B97F4A7C15; }

/* The n-th step of a pattern. False: it has fewer. seed: for all that is random. */
MUST_CHECK bool test_step(enum test_pattern pattern, uint64_t seed, unsigned n, struct step *ret);

#define TEST_FADE_WAITS 2

/* Words read and written per word under test, by all steps of these patterns. */
uint64_t test_traffic(unsigned patterns);

#endif
