#include "word_allocator.h"

#include <string.h>

#define WORD_BITS 64
#define FULL UINT64_MAX
#define AREA_WORDS 8 /* 2 MiB */
#define AREA_FRAMES (AREA_WORDS * WORD_BITS)

void word_init(struct word_allocator *a, uint64_t *words, uint64_t n_frames)
{
    *a = (struct word_allocator){ .words = words, .n_words = n_frames / WORD_BITS, .n_free = n_frames };
    memset(words, 0, n_frames / 8);
}

static bool get_locked(struct word_allocator *a, uint64_t *ret_frame)
{
    uint64_t i = a->next;

    if (!a->n_free)
        return false;
    while (a->words[i] == FULL)
        if (++i == a->n_words)
            i = 0;
    const unsigned bit = (unsigned)__builtin_ctzll(~a->words[i]);

    a->words[i] |= (uint64_t)1 << bit;
    a->next = i;
    a->n_free--;
    *ret_frame = i * WORD_BITS + bit;
    return true;
}

bool word_get(struct word_allocator *a, uint64_t *ret_frame)
{
    lock_take(&a->lock);
    const bool found = get_locked(a, ret_frame);
    lock_release(&a->lock);
    return found;
}

bool word_put(struct word_allocator *a, uint64_t frame)
{
    const uint64_t i = frame / WORD_BITS, mask = (uint64_t)1 << (frame % WORD_BITS);

    if (i >= a->n_words)
        return false;
    lock_take(&a->lock);
    const bool allocated = a->words[i] & mask;

    if (allocated) {
        a->words[i] &= ~mask;
        a->n_free++;
    }
    lock_release(&a->lock);
    return allocated;
}

static bool area_is(const uint64_t *area, uint64_t value)
{
    for (unsigned i = 0; i < AREA_WORDS; i++)
        if (area[i] != value)
            return false;
    return true;
}

static void area_set(uint64_t *area, uint64_t value)
{
    for (unsigned i = 0; i < AREA_WORDS; i++)
        area[i] = value;
}

static bool get_2m_locked(struct word_allocator *a, uint64_t *ret_first)
{
    uint64_t i = a->next / AREA_WORDS * AREA_WORDS;

    if (a->n_free < AREA_FRAMES)
        return false;
    for (uint64_t seen = 0; seen < a->n_words; seen += AREA_WORDS) {
        if (area_is(a->words + i, 0)) {
            area_set(a->words + i, FULL);
            a->next = i;
            a->n_free -= AREA_FRAMES;
            *ret_first = i * WORD_BITS;
            return true;
        }
        i += AREA_WORDS;
        if (i == a->n_words)
            i = 0;
    }
    return false;
}

bool word_get_2m(struct word_allocator *a, uint64_t *ret_first)
{
    lock_take(&a->lock);
    const bool found = get_2m_locked(a, ret_first);
    lock_release(&a->lock);
    return found;
}

bool word_put_2m(struct word_allocator *a, uint64_t first)
{
    const uint64_t i = first / WORD_BITS;

    if (first % AREA_FRAMES || i >= a->n_words)
        return false;
    lock_take(&a->lock);
    const bool allocated = area_is(a->words + i, FULL);

    if (allocated) {
        area_set(a->words + i, 0);
        a->n_free += AREA_FRAMES;
    }
    lock_release(&a->lock);
    return allocated;
}
