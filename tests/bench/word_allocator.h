/*
 * What good hobby kernels have, to measure ours against: a bitmap of 64-bit words (0 = free), searched from where the
 * last search ended ("next fit"), under one spinlock, with a check for double frees and a count of what is free.
 * 2 MiB are eight aligned words. Frames are numbered from 0. Any CPU, at any time.
 */
#ifndef WORD_ALLOCATOR_H
#define WORD_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"

struct word_allocator {
    uint64_t *words;
    uint64_t n_words;
    _Alignas(64) struct lock lock;
    uint64_t next; /* the word where the next search starts */
    uint64_t n_free;
};

/* words: n_frames / 64 of them, contents arbitrary. n_frames: a multiple of 512. */
void word_init(struct word_allocator *a, uint64_t *words, uint64_t n_frames);

/* False: no memory, or on a put: not allocated. */
bool word_get(struct word_allocator *a, uint64_t *ret_frame);
bool word_put(struct word_allocator *a, uint64_t frame);
bool word_get_2m(struct word_allocator *a, uint64_t *ret_first);
bool word_put_2m(struct word_allocator *a, uint64_t first);

#endif
