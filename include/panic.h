/*
 * The end: a message with the values on every output, then a halt. A panic inside a panic halts at once, and so does a
 * processor that panics while another one does.
 *
 *     *** PANIC: page fault: read of 0xDEAD000, not present
 *     Polyglot OS 0.1.0
 *     rip 0x...  registers, where an exception brought them
 *     Return addresses:
 *       BOOTX64.EFI+0x1234        addr2line -e BOOTX64.EFI.debug 0x1234 names the line
 *
 * Any context, exception handlers included; allocates nothing and never returns.
 */
#ifndef PANIC_H
#define PANIC_H

#include "compiler.h"

/* format: as print_format(). */
NORETURN void panic(const char *format, ...);

/* Our own code is wrong. On the host the tests supply it; in the kernel it is a panic. */
NORETURN void assert_failed(const char *expression, const char *file, int line);

#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE_NAME__, __LINE__))

/* Returns, unless another processor has panicked: then halts. For loops that wait for others. */
void panic_wait(void);

/* Stops this processor for good, interrupts off. Tests find the end of a boot by this symbol. */
NORETURN void halt_forever(void);

#endif
