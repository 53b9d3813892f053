/*
 * Memory under test, a word at a time, past the caches: stores are non-temporal. Such a store writes to memory, and a
 * line of it that lies in some processor's cache is evicted (Intel SDM vol 1, 10.4.6.2 Caching of Temporal vs.
 * Non-Temporal Data). So what is read after it comes from memory, and there is nothing to flush; and no line is read
 * just to be overwritten. MOVNTI is part of every x86-64 processor, and needs no vector registers.
 */
#ifndef MEMTEST_ACCESS_H
#define MEMTEST_ACCESS_H

#include "addr.h"

static inline uint64_t memory_read(uint64_t address)
{
    return *(const volatile uint64_t *)identity_pointer(phys_addr(address));
}

/* offset: bytes, a constant, which the instruction itself can add. */
#define memory_write(address, offset, value) \
    __asm__ volatile("movnti %1, %c2(%0)" : : "r"((uint64_t)(address)), "r"((uint64_t)(value)), "i"(offset) : "memory")

/* Stores that do not pass through the caches are in no order: all of this processor's are done after this. */
static inline void memory_settle(void) { __asm__ volatile("sfence" : : : "memory"); }

#endif
