/*
 * A set of numbers 0..n-1 that finds its members in a few loads: a bit per number, above it a bit per word that has
 * any, and so on, 64-ary, up to a single root word. 2^36 numbers take six levels.
 *
 *   root                  [1 0 1 ...]
 *   level 1         [1 1 ...] [0 0 ...] [0 1 ...]        a word that is not zero has its bit one level up
 *   level 0   [bits][bits]...
 *
 * The levels lie behind the structure in the same block of memory and are found by offsets from it: the block can be
 * moved as a whole. Pure. One CPU at a time, but for the three functions at the end, which any number may call at once.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
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

/*
 * Whether the structure, wherever it came from, is as summary_init() would have left it. Then the first word, if any,
 * that a search could go astray in: a member that is not announced above it, or a bit beyond the last number.
 */
bool summary_is_laid_out(const struct summary *summary, const void *levels, uint64_t n_bits);
const uint64_t *summary_first_flaw(const struct summary *summary);

static inline uint64_t *summary_level(const struct summary *summary, uint64_t level)
{
    return (uint64_t *)((char *)summary + summary->level_offset[level]);
}

static inline bool summary_has(const struct summary *summary, uint64_t i)
{
    return summary_level(summary, 0)[i >> WORD_SHIFT] & word_bit(i);
}

static inline bool summary_is_empty(const struct summary *summary)
{
    return !atomic_load_explicit((_Atomic uint64_t *)summary_level(summary, summary->n_levels - 1),
                                 memory_order_relaxed);
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

/*
 * The same while other CPUs do so, too. A search may pass over a member that is being added, or that stands beside one
 * being removed, and find one that is being removed. Once no call is in flight, all members are found; some bits may be
 * left above words that are zero, and cost a search a step each.
 * summary_remove_shared() returns whether the number was a member: of several CPUs that remove it, one is told so.
 */
static inline void summary_add_shared(struct summary *summary, uint64_t i);
static inline bool summary_remove_shared(struct summary *summary, uint64_t i);
uint64_t summary_find_shared(const struct summary *summary, uint64_t from);

static inline _Atomic uint64_t *summary_shared_word(const struct summary *summary, uint64_t level, uint64_t i)
{
    return (_Atomic uint64_t *)&summary_level(summary, level)[i >> WORD_SHIFT];
}

/* The rare parts of the two: bit i of a level and, if its word was 0, above; bits above a word that has become 0. */
void summary_add_above(struct summary *summary, uint64_t level, uint64_t i);
void summary_clear_above(struct summary *summary, uint64_t member);

static inline void summary_add_shared(struct summary *summary, uint64_t i)
{
    if (!atomic_fetch_or(summary_shared_word(summary, 0, i), word_bit(i)))
        summary_add_above(summary, 1, i >> WORD_SHIFT);
}

static inline bool summary_remove_shared(struct summary *summary, uint64_t i)
{
    _Atomic uint64_t *word = summary_shared_word(summary, 0, i);
    const uint64_t bit = word_bit(i);

    if (!(atomic_fetch_and(word, ~bit) & bit))
        return false;
    if (!atomic_load_explicit(word, memory_order_relaxed))
        summary_clear_above(summary, i);
    return true;
}

#endif
