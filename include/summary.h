/*
 * A set of numbers 0..n-1 that finds its members in a few loads: a bit per number, above it a bit per word that has
 * any, and so on, 64-ary, up to a single root word. 2^36 numbers take six levels.
 *
 *   root                  [1 0 1 ...]
 *   level 1         [1 1 ...] [0 0 ...] [0 1 ...]        a word is zero exactly if its bit one level up is
 *   level 0   [bits][bits]...
 *
 * The levels lie behind the structure in the same block of memory and are found by offsets from it: the block can be
 * moved as a whole. Pure; not internally synchronised.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "bitmap.h"

#define SUMMARY_LEVELS_MAX 8 /* 64^8 = 2^48 numbers */

struct summary {
    uint64_t n_bits;
    uint64_t n_levels;                         /* >= 1 */
    uint64_t level_offset[SUMMARY_LEVELS_MAX]; /* bytes from this structure; the last used one is the root */
};

/* Bytes of all levels, a multiple of 8. 1 <= n_bits <= 2^48. */
uint64_t summary_bytes(uint64_t n_bits);

/* Makes the empty set in `levels`: 8-aligned, summary_bytes() long, at a higher address than the structure. */
void summary_init(struct summary *summary, void *levels, uint64_t n_bits);

static inline uint64_t *summary_level(const struct summary *summary, uint64_t level)
{
    return (uint64_t *)((char *)summary + summary->level_offset[level]);
}

static inline bool summary_has(const struct summary *summary, uint64_t i)
{
    return summary_level(summary, 0)[i >> WORD_SHIFT] & word_bit(i);
}

/* Adds or removes one number, or [first, first + n), n >= 1, whether or not they are members. */
void summary_set(struct summary *summary, uint64_t i);
void summary_clear(struct summary *summary, uint64_t i);
void summary_set_range(struct summary *summary, uint64_t first, uint64_t n);
void summary_clear_range(struct summary *summary, uint64_t first, uint64_t n);

/* The lowest member, or the lowest from `from` on; n_bits if there is none. `from` may be anything. */
uint64_t summary_first(const struct summary *summary);
uint64_t summary_next(const struct summary *summary, uint64_t from);

/*
 * The lowest number in [from, end) that is no member; end if there is none. from < end <= n_bits. Takes a step per 64
 * numbers.
 */
uint64_t summary_next_clear(const struct summary *summary, uint64_t from, uint64_t end);

#endif
