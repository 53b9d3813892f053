#include "summary.h"

uint64_t summary_bytes(uint64_t n_bits)
{
    uint64_t words = 0;

    do {
        n_bits = bitmap_words(n_bits);
        words += n_bits;
    } while (n_bits > 1);
    return words * sizeof(uint64_t);
}

void summary_init(struct summary *summary, void *levels, uint64_t n_bits)
{
    uint64_t offset = (uint64_t)((char *)levels - (char *)summary);
    uint64_t n_words = n_bits;

    bitmap_fill(levels, summary_bytes(n_bits) / sizeof(uint64_t), 0);
    summary->n_bits = n_bits;
    summary->n_levels = 0;
    do {
        n_words = bitmap_words(n_words);
        summary->level_offset[summary->n_levels++] = offset;
        offset += n_words * sizeof(uint64_t);
    } while (n_words > 1);
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

/* The lowest member below bit i of this level, which is set. */
static uint64_t descend(const struct summary *summary, uint64_t level, uint64_t i)
{
    while (level--)
        i = (i << WORD_SHIFT) + word_lowest(summary_level(summary, level)[i]);
    return i;
}

uint64_t summary_first(const struct summary *summary)
{
    const uint64_t root = *summary_level(summary, summary->n_levels - 1);

    return root ? descend(summary, summary->n_levels - 1, word_lowest(root)) : summary->n_bits;
}

uint64_t summary_next(const struct summary *summary, uint64_t from)
{
    uint64_t level_bits = summary->n_bits;

    for (uint64_t level = 0; level < summary->n_levels && from < level_bits; level++) {
        const uint64_t word = from >> WORD_SHIFT;
        const uint64_t found = summary_level(summary, level)[word] & word_from(from);

        if (found)
            return descend(summary, level, (word << WORD_SHIFT) + word_lowest(found));
        from = word + 1;
        level_bits = bitmap_words(level_bits);
    }
    return summary->n_bits;
}

uint64_t summary_next_clear(const struct summary *summary, uint64_t from, uint64_t end)
{
    return bitmap_next_clear(summary_level(summary, 0), from, end);
}
