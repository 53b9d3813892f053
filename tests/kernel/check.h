/*
 * Checks and what they print on COM1, a line each:
 *
 *     ok NAME
 *     FAIL NAME: expected 0x1, found 0x2
 *     skip NAME: reason
 *     info KEY VALUE
 *     done N checks, M failed
 *
 * Names are `topic.promise`, behind `apN.` for another processor. Not safe on two processors at once.
 */
#ifndef TEST_KERNEL_CHECK_H
#define TEST_KERNEL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

/* Opens COM1. */
void check_begin(void);
/* Put before the names from here on; must stay readable. */
void check_set_prefix(const char *prefix);

void check_equal(const char *name, uint64_t expected, uint64_t found);
void check_text(const char *name, const char *expected, const char *found);
/* `culprit`: the value that tells most about why it is not so. */
void check_that(const char *name, bool is_so, uint64_t culprit);
void check_skip(const char *name, const char *reason);
/* A check only if `applies`. */
void check_equal_if(bool applies, const char *reason, const char *name, uint64_t expected, uint64_t found);

void info(const char *key, uint64_t value);
void info_text(const char *key, const char *value);

/* The last line. */
void check_end(void);
/* print_format() to COM1, the last line with one more failure, and a halt. */
NORETURN void check_give_up(const char *format, ...);

#endif
