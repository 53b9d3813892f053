/* What one processor does in the allocator's test, and what they share. Private to hammer.c. */
#ifndef HAMMER_WORK_H
#define HAMMER_WORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../memory.h"

#define HAMMER_SLOTS 64

struct worker {
    /* What the neighbour on one side passes on: a frame, or 0 for none. Exchanged, acquire and release, by both. */
    _Alignas(128) _Atomic uint64_t box;
    /* This processor's alone. */
    _Alignas(128) struct frame_range held[HAMMER_SLOTS];
    uint64_t random;
    bool has_long_run;
    uint64_t operations; /* calls of the allocator */
    uint64_t ticks;      /* TSC, in these calls */
};

struct hammer {
    struct memory *memory;
    struct pmm_cpu *cpus;
    struct worker *workers;
    unsigned n;
    uint64_t seed;            /* makes stamps unlike those of an earlier boot */
    uint64_t patience;        /* TSC ticks that one may take to get ready */
    _Atomic unsigned arrived; /* incremented by each once it is ready: all start together */
};

/* On processor `index`, with pmm and cpus[index]: until all that it took is given back or in a neighbour's box. */
void hammer_work(void *context, unsigned index);

/* Gives back what is in a box. On processor 0, when nobody works any more. */
void hammer_empty_box(struct hammer *hammer, struct worker *worker);

#endif
