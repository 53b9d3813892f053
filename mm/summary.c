#include "summary.h"

#include "atomics.h"

uint64_t summary_bytes(uint64_t n_bits)
{
    uint64_t words = 0;

    do {
        n_bits = bitmap_words(n_bits);
        words += n_bits;
    } while (n_bits > 1);
    return words * sizeof(uint64_t);
}

/* Where the levels lie, the lowest one at `offset` from the structure. */
static struct summary laid_out(uint64_t offset, uint64_t n_bits)
{
    struct summary summary = { .n_bits = n_bits };
    uint64_t n_words = n_bits;

    do {
        n_words = bitmap_words(n_words);
        summary.level_offset[summary.n_levels++] = offset;
        offset += n_words * sizeof(uint64_t);
    } while (n_words > 1);
    return summary;
}

void summary_init(struct summary *summary, void *levels, uint64_t n_bits)
{
    bitmap_fill(levels, summary_bytes(n_bits) / sizeof(uint64_t), 0);
    *summary = laid_out((uint64_t)((char *)levels - (char *)summary), n_bits);
}

bool summary_is_laid_out(const struct summary *summary, const void *levels, uint64_t n_bits)
{
    const struct summary expected = laid_out((uint64_t)((const char *)levels - (const char *)summary), n_bits);

    return !__builtin_memcmp(summary, &expected, sizeof(expected));
}

/* The first word of a level of n bits, or of the level above, that a search could go astray in. */
static const uint64_t *level_flaw(const uint64_t *words, uint64_t n_bits, const uint64_t *above)
{
    const uint64_t n_words = bitmap_words(n_bits);

    if (n_bits % WORD_BITS && words[n_words - 1] & word_from(n_bits))
        return &words[n_words - 1];
    for (uint64_t i = 0; above && i < n_words; i++)
        if (words[i] && !word_has(above[i >> WORD_SHIFT], i))
            return &above[i >> WORD_SHIFT];
    return NULL;
}

const uint64_t *summary_first_flaw(const struct summary *summary)
{
    const uint64_t *wrong = NULL;
    uint64_t n_bits = summary->n_bits;

    for (uint64_t level = 0; level < summary->n_levels && !wrong; level++) {
        const bool is_root = level + 1 == summary->n_levels;

        wrong = level_flaw(summary_level(summary, level), n_bits, is_root ? NULL : summary_level(summary, level + 1));
        n_bits = bitmap_words(n_bits);
    }
    return wrong;
}

void summary_set(struct summary *summary, uint64_t i)
{
    for (uint64_t level = 0; level < summary->n_levels; level++, i >>= WORD_SHIFT) {
        uint64_t *word = &summary_level(summary, level)[i >> WORD_SHIFT];
        const bool had_any = *word;

        *word |= word_bit(i);
        if (had_any)
            return;
    }
}

void summary_clear(struct summary *summary, uint64_t i)
{
    for (uint64_t level = 0; level < summary->n_levels; level++, i >>= WORD_SHIFT) {
        uint64_t *word = &summary_level(summary, level)[i >> WORD_SHIFT];

        *word &= ~word_bit(i);
        if (*word)
            return;
    }
}

void summary_set_range(struct summary *summary, uint64_t first, uint64_t n)
{
    uint64_t last = first + n - 1;

    for (uint64_t level = 0; level < summary->n_levels; level++) {
        bitmap_set(summary_level(summary, level), first, last - first + 1);
        first >>= WORD_SHIFT;
        last >>= WORD_SHIFT;
    }
}

void summary_clear_range(struct summary *summary, uint64_t first, uint64_t n)
{
    uint64_t end = first + n;

    for (uint64_t level = 0; level < summary->n_levels && first < end; level++) {
        uint64_t *words = summary_level(summary, level);
        const uint64_t last_word = (end - 1) >> WORD_SHIFT;

        bitmap_clear(words, first, end - first);
        /* The words inside the range are zero now; those at its ends may have bits outside of it. */
        first = (first >> WORD_SHIFT) + (words[first >> WORD_SHIFT] != 0);
        end = last_word + (words[last_word] == 0);
    }
}

uint64_t summary_first(const struct summary *summary) { return summary_find_shared(summary, 0); }
uint64_t summary_next(const struct summary *summary, uint64_t from) { return summary_find_shared(summary, from); }

uint64_t summary_next_clear(const struct summary *summary, uint64_t from, uint64_t end)
{
    return bitmap_next_clear(summary_level(summary, 0), from, end);
}

void summary_add_above(struct summary *summary, uint64_t level, uint64_t i)
{
    for (; level < summary->n_levels; level++, i >>= WORD_SHIFT)
        if (atomic_fetch_or(summary_shared_word(summary, level, i), word_bit(i)))
            return;
}

/*
 * Who empties a word clears its bit one level up, and then looks at the word again: somebody may have added to it after
 * it was empty, and set that bit before it was cleared. From the top down, so that each bit set again is seen above.
 */
void summary_clear_above(struct summary *summary, uint64_t member)
{
    uint64_t level = 0, i = member, before;

    do {
        i >>= WORD_SHIFT;
        if (++level == summary->n_levels)
            break;
        before = atomic_fetch_and(summary_shared_word(summary, level, i), ~word_bit(i));
    } while (before == word_bit(i));
    while (level-- > 0) {
        i = member >> (level * WORD_SHIFT);
        if (atomic_load(summary_shared_word(summary, level, i)))
            summary_add_above(summary, level + 1, i >> WORD_SHIFT);
    }
}

/*
 * Goes up where a word has nothing more, and down where a bit says so. That bit may turn out to be stale, also with
 * nobody else about: who adds to a word sets the bit above after the word's own, and somebody may have emptied it in
 * between.
 */
uint64_t summary_find_shared(const struct summary *summary, uint64_t from)
{
    uint64_t level = 0, i = from; /* numbers below i are not wanted at this level */

    while (i < summary->n_bits) {
        uint64_t word = i >> WORD_SHIFT;
        const uint64_t found = word_load(&summary_level(summary, level)[word]) & word_from(i);

        if (found) {
            i = (word << WORD_SHIFT) + word_lowest(found);
            if (level == 0)
                return i;
            level--;
            i <<= WORD_SHIFT;
            continue;
        }
        do {
            if (++level == summary->n_levels)
                return summary->n_bits;
            i = word + 1;
            word >>= WORD_SHIFT;
        } while (i % WORD_BITS == 0);
    }
    return summary->n_bits;
}
