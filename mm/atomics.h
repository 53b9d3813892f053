/*
 * Words that several CPUs change at once, inside arrays of plain ones: what is exclusive to one CPU at the time (while
 * the allocator is built, or all others are stopped) uses them as such, everything else through here.
 */
#ifndef ATOMICS_H
#define ATOMICS_H

#include <stdatomic.h>
#include <stdint.h>

static inline _Atomic uint64_t *shared_word(uint64_t *word) { return (_Atomic uint64_t *)word; }
static inline _Atomic uint8_t *shared_byte(uint8_t *byte) { return (_Atomic uint8_t *)byte; }

static inline uint64_t word_load(const uint64_t *word)
{
    return atomic_load_explicit((const _Atomic uint64_t *)word, memory_order_relaxed);
}

#endif
