/*
 * The end: a message with the values on every output, then a halt. A panic inside a panic halts at once.
 */
#ifndef PANIC_H
#define PANIC_H

#include "compiler.h"

/* format: as print_format(). */
NORETURN void panic(const char *format, ...);

/* Our own code is wrong. On the host the tests supply it; in the kernel it is a panic. */
NORETURN void assert_failed(const char *expression, const char *file, int line);

#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE_NAME__, __LINE__))

#endif
