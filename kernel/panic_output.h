/* The steps of a panic, for those who have more to say than panic(): headline, then panic_finish(). */
#ifndef PANIC_OUTPUT_H
#define PANIC_OUTPUT_H

#include "compiler.h"
#include "format.h"
#include "trap.h"

/*
 * Starts the headline, "*** PANIC: ", and returns the sink to finish it on (without a newline). That is the console;
 * for a panic inside a panic COM1 alone; the third halts here, and so does any other processor's.
 */
const struct sink *panic_begin(void);

/*
 * Ends the headline. Then, unless inside another panic: version, registers, return addresses. Halts.
 * frame   where it happened; its rbp begins the walk along the stack.
 */
NORETURN void panic_finish(const struct trap_frame *frame);

#endif
