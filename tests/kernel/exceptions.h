/*
 * Exceptions, and probes: accesses that may fault, and then say so. Any other exception ends the run with a failed
 * check.
 */
#ifndef TEST_KERNEL_EXCEPTIONS_H
#define TEST_KERNEL_EXCEPTIONS_H

#define EXCEPTIONS 32
#define EXCEPTION_STUB_BYTES 16

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

/* Fills the table and loads it, for handlers in the code segment `selector`. */
void exceptions_init(uint16_t selector);
/* Loads it on another processor. */
void exceptions_load(void);

/* Whether the access works. A write writes back what is there; a call wants a RET instruction at the address. */
bool probe_read(uint64_t address);
bool probe_write(uint64_t address);
bool probe_call(uint64_t address);
#endif

#endif
