/* What the words behind `test` ask for. Pure. */
#ifndef MEMTEST_OPTIONS_H
#define MEMTEST_OPTIONS_H

#include <stdbool.h>

#include "addr.h"
#include "sequence.h"

#define MEMTEST_FADE_S 300

struct memtest_options {
    uint64_t passes;  /* 0: as many as fit into `minutes` */
    uint64_t minutes; /* 0: no limit */
    struct phys_range range;
    bool has_range;
    unsigned processors; /* at most; UINT_MAX: all */
    unsigned patterns;   /* TEST_PATTERN_BIT() each */
    uint64_t fade_s;     /* memory is left alone for so long */
    uint64_t seed;
    bool has_seed;
};

/* One pass of the usual patterns over all memory, on all processors. */
struct memtest_options memtest_options_default(void);

/*
 * Takes the option at words[*i], and its value behind it; *i is then at the last word taken. NULL, or what is wrong
 * with the option: "" means that it is none of ours.
 */
MUST_CHECK const char *memtest_options_read(const char *const *words, size_t n_words, size_t *i,
                                            struct memtest_options *options);

#endif
