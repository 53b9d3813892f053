/*
 * A step of a memory test: one sweep over all the memory under test, block by block, in which every word is written,
 * checked, or both. And what words hold: a pattern gives each address its word, so that any processor can do any block
 * in any order. Pure, but that it writes to the memory it is told to test.
 */
#ifndef MEMTEST_STEP_H
#define MEMTEST_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

#define TEST_WORD_BYTES 8
#define TEST_LINE_WORDS 8
#define TEST_LINE_BYTES 64 /* of a cache, on every x86-64 processor */

/*
 * What a word holds, by its address and one value. In all patterns a line's words are apart by one number, which costs
 * one instruction a word; lines have nothing else in common.
 */
enum pattern {
    PATTERN_SAME,    /* the value */
    PATTERN_RANDOM,  /* a number mixed from the value and the line's number, and 7 more, each a random number apart */
    PATTERN_ADDRESS, /* the word's own address, exclusive-or the value, which is 0 or all ones */
};

/* The value that gives the complement of all words. */
uint64_t pattern_complement(enum pattern pattern, uint64_t value);

/* The word at an 8-aligned address. */
uint64_t pattern_word(enum pattern pattern, uint64_t value, uint64_t address);

enum step_kind {
    STEP_FILL,         /* writes `next` */
    STEP_CHECK,        /* reads `expected` */
    STEP_REPLACE,      /* reads a line of `expected`, writes `next` there, goes on */
    STEP_MOVE,         /* copies the lower half of each block, which holds `expected`, to the upper one */
    STEP_CHECK_MOVED,  /* both halves hold what `expected` has for the lower one */
    STEP_SPREAD,       /* writes the value `next` to every 20th word, of those the one at `offset` */
    STEP_SURROUND,     /* writes the value `next` to all other words */
    STEP_CHECK_SPREAD, /* reads the value `expected` at every 20th word */
    STEP_WAIT,         /* nothing: memory is left alone for a time */
};

#define TEST_SPREAD_WORDS 20

struct step {
    uint8_t kind;    /* enum step_kind */
    uint8_t pattern; /* enum pattern: of `expected` and `next`. Those that move have no PATTERN_ADDRESS */
    uint8_t traffic; /* words read and written per word under test; 0 for less than one */
    uint8_t offset;
    bool down;       /* from the highest line to the lowest; else upwards */
    uint64_t expected, next; /* of PATTERN_RANDOM, where there are both: complements */
};

/* Learns of every word that is not as expected. */
struct error_sink {
    void (*found)(const struct error_sink *sink, uint64_t address, uint64_t expected, uint64_t read);
};

/*
 * Does the step on one block: whole pages, identity-mapped, of this caller alone. All it has written is in memory
 * afterwards.
 */
void step_run(const struct step *step, struct phys_range block, const struct error_sink *errors);

#endif
