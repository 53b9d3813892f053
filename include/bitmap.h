/*
 * Runs of bits in arrays of 64-bit words: bit i is bit i % 64 of word i / 64. Ranges are half-open. Pure; the caller
 * sees to it that the words exist and that nobody else writes them.
 */
#ifndef BITMAP_H
#define BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#define WORD_BITS 64
#define WORD_SHIFT 6
#define WORD_FULL UINT64_MAX

/* Words that hold n bits. */
static inline uint64_t bitmap_words(uint64_t n_bits) { return n_bits / WORD_BITS + (n_bits % WORD_BITS != 0); }

/* Bit i alone, in the word that holds it; and it with all bits above it there. */
static inline uint64_t word_bit(uint64_t i) { return (uint64_t)1 << (i % WORD_BITS); }
static inline uint64_t word_from(uint64_t i) { return WORD_FULL << (i % WORD_BITS); }

/* Whether bit i is set, in the word that holds it. */
static inline bool word_has(uint64_t word, uint64_t i) { return word >> (i % WORD_BITS) & 1; }

/* Number of the lowest bit that is set. word != 0. */
static inline unsigned word_lowest(uint64_t word) { return (unsigned)__builtin_ctzll(word); }

/* How many bits of the word are set. */
static inline uint64_t word_count(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return word * 0x0101010101010101 >> 56;
}

/* words[0..n_words) = value, at about one instruction a word. */
void bitmap_fill(uint64_t *words, uint64_t n_words, uint64_t value);

/* Sets or clears bits [first, first + n). */
void bitmap_set(uint64_t *words, uint64_t first, uint64_t n);
void bitmap_clear(uint64_t *words, uint64_t first, uint64_t n);

/* The lowest bit in [from, end) that is set, or clear; `end` if there is none. Words from `end` on are not read. */
uint64_t bitmap_next_set(const uint64_t *words, uint64_t from, uint64_t end);
uint64_t bitmap_next_clear(const uint64_t *words, uint64_t from, uint64_t end);

/* How many of the bits [first, first + n) are set. */
uint64_t bitmap_count_set(const uint64_t *words, uint64_t first, uint64_t n);

#endif
