/*
 * What a memory test has found, in bounded room: the first wrong words whole, all errors counted by bit, and their pages
 * as ranges. One processor writes it; nobody else reads it meanwhile. Pure.
 */
#ifndef MEMTEST_ERRORS_H
#define MEMTEST_ERRORS_H

#include "bad_memory.h"
#include "format.h"
#include "sequence.h"

#define ERRORS_SHOWN_MAX 32
#define ERROR_RANGES_MAX BAD_MEMORY_RANGES_MAX /* what the loader can be told to keep out */
#define WORD_BITS 64

struct memory_error {
    uint64_t address, expected, read;
    uint32_t processor;
    uint32_t pattern; /* enum test_pattern */
};

struct error_log {
    uint64_t n_errors; /* words, each as often as it was found wrong */
    uint64_t n_by_bit[WORD_BITS];
    uint64_t n_by_pattern[TEST_PATTERNS];
    struct memory_error first[ERRORS_SHOWN_MAX]; /* of different words: the first error of each */
    size_t n_first;
    bool is_cut; /* there were more such words */
    struct phys_range ranges[ERROR_RANGES_MAX]; /* whole pages, ascending, apart */
    size_t n_ranges;
    bool is_coarse; /* there were more ranges: those that lay closest have become one, with the good memory between */
};

void error_log_add(struct error_log *log, const struct memory_error *error);

/* Adds what the other one has, and empties that. */
void error_log_take(struct error_log *log, struct error_log *other);

/* The ranges as address and mask of aligned powers of two, as BadRAM wants them: "0x1000,0xfffffffffffff000,...". */
void error_log_print_badram(const struct sink *sink, const struct error_log *log);

/* The ranges as Linux' memmap= wants them: "4K$0x1000,...". */
void error_log_print_memmap(const struct sink *sink, const struct error_log *log);

#endif
