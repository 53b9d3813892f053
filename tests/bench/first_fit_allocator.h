/*
 * The textbook bitmap, to measure ours against: 64-bit words (0 = free), always the lowest free frame, under one
 * spinlock, with a check for double frees and a count of what is free. It remembers a word below which nothing is free
 * (without that, taking half of 8 GiB would read 8.6 billion words), and knows no more about where something is. 2 MiB
 * are the lowest eight aligned words that are free. Frames are numbered from 0. Any CPU, at any time.
 */
#ifndef FIRST_FIT_ALLOCATOR_H
#define FIRST_FIT_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"

struct first_fit_allocator {
    uint64_t *words;
    uint64_t n_words;
    _Alignas(64) struct lock lock;
    uint64_t lowest; /* no word below it has a free frame */
    uint64_t n_free;
};

/* words: n_frames / 64 of them, contents arbitrary. n_frames: a multiple of 512. */
void first_fit_init(struct first_fit_allocator *a, uint64_t *words, uint64_t n_frames);

/* False: no memory, or on a put: not allocated. */
bool first_fit_get(struct first_fit_allocator *a, uint64_t *ret_frame);
bool first_fit_put(struct first_fit_allocator *a, uint64_t frame);
bool first_fit_get_2m(struct first_fit_allocator *a, uint64_t *ret_first);
bool first_fit_put_2m(struct first_fit_allocator *a, uint64_t first);

#endif
