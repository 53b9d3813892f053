#include "bitmap.h"

/* Stores per round of bitmap_fill(): the loop's own three instructions then cost little beside them. */
#define FILL_ROUND 16

void bitmap_fill(uint64_t *words, uint64_t n_words, uint64_t value)
{
    for (; n_words >= FILL_ROUND; words += FILL_ROUND, n_words -= FILL_ROUND) {
#pragma GCC unroll 16
        for (unsigned i = 0; i < FILL_ROUND; i++)
            words[i] = value;
    }
    while (n_words--)
        *words++ = value;
}

/* Bits [0, i) of a word, 1 <= i <= 64: what a range that ends before bit i leaves in its last word. */
static uint64_t word_up_to(uint64_t i)
{
    return WORD_FULL >> (WORD_BITS - i);
}

/* The masks of a range's first and last word, which may be the same. */
struct edges {
    uint64_t first_word, last_word; /* both inclusive */
    uint64_t first_mask, last_mask; /* if they are one word: both the same */
};

static struct edges edges_of(uint64_t first, uint64_t n)
{
    const uint64_t last = first + n - 1;
    struct edges e = { first >> WORD_SHIFT, last >> WORD_SHIFT, word_from(first), word_up_to(last % WORD_BITS + 1) };

    if (e.first_word == e.last_word)
        e.first_mask = e.last_mask = e.first_mask & e.last_mask;
    return e;
}

void bitmap_set(uint64_t *words, uint64_t first, uint64_t n)
{
    if (!n)
        return;
    const struct edges e = edges_of(first, n);

    words[e.first_word] |= e.first_mask;
    words[e.last_word] |= e.last_mask;
    if (e.last_word > e.first_word)
        bitmap_fill(words + e.first_word + 1, e.last_word - e.first_word - 1, WORD_FULL);
}

void bitmap_clear(uint64_t *words, uint64_t first, uint64_t n)
{
    if (!n)
        return;
    const struct edges e = edges_of(first, n);

    words[e.first_word] &= ~e.first_mask;
    words[e.last_word] &= ~e.last_mask;
    if (e.last_word > e.first_word)
        bitmap_fill(words + e.first_word + 1, e.last_word - e.first_word - 1, 0);
}

/* The lowest bit in [from, end) that differs from those of `plain`, which is 0 or WORD_FULL. */
static inline uint64_t next_unlike(const uint64_t *words, uint64_t from, uint64_t end, uint64_t plain)
{
    if (from >= end)
        return end;
    uint64_t word = from >> WORD_SHIFT;
    uint64_t found = (words[word] ^ plain) & word_from(from);

    while (!found) {
        word++;
        if (word << WORD_SHIFT >= end)
            return end;
        found = words[word] ^ plain;
    }
    const uint64_t bit = (word << WORD_SHIFT) + word_lowest(found);
    return bit < end ? bit : end;
}

uint64_t bitmap_next_set(const uint64_t *words, uint64_t from, uint64_t end)
{
    return next_unlike(words, from, end, 0);
}

uint64_t bitmap_next_clear(const uint64_t *words, uint64_t from, uint64_t end)
{
    return next_unlike(words, from, end, WORD_FULL);
}

uint64_t bitmap_count_set(const uint64_t *words, uint64_t first, uint64_t n)
{
    if (!n)
        return 0;
    const struct edges e = edges_of(first, n);
    uint64_t count = word_count(words[e.first_word] & e.first_mask);

    if (e.last_word > e.first_word)
        count += word_count(words[e.last_word] & e.last_mask);
    for (uint64_t word = e.first_word + 1; word < e.last_word; word++)
        count += word_count(words[word]);
    return count;
}
