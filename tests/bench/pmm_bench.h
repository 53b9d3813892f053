/*
 * Measures frame allocators: what the cases (pmm_cases.h, compiled once per allocator) have in common.
 *
 * Each measurement is a line on stdout: case, allocator, unit, value, separated by tabs; allocators.py makes the table.
 * Under valgrind --tool=callgrind and with --count, each measured phase becomes a dump named by its case instead.
 */
#ifndef PMM_BENCH_H
#define PMM_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

#define AREA_FRAMES ((uint64_t)512) /* 2 MiB */
#define PREFETCH_AHEAD 16

struct bench {
    uint64_t frames;       /* of the memory in most cases: 8 GiB */
    uint64_t big_frames;   /* of the memory in the cases of initialisation and the tail: 1 TiB */
    uint64_t pairs, thread_pairs, churn_pairs;
    uint64_t tail_ns;      /* how long a case of the tail is repeated */
    unsigned seeds;        /* of the fragmentation case */
    unsigned threads;
    bool counting;         /* instructions, not time */

    const char *allocator; /* whose turn it is */
    uint64_t *held;        /* `frames` of them */
    uint32_t *order;       /* `churn_pairs` + PREFETCH_AHEAD of them */
    uint64_t phase_start_ns;
};

/* An allocator, in one of its modes. */
struct contender {
    const char *name;
    bool one_cpu; /* only ever called by one thread */
    /* Makes room for the metadata of the largest memory, and touches it; called once, before any case. */
    void (*prepare)(const struct bench *b);
    void (*run_case)(struct bench *b, unsigned number, unsigned n_cpus);
    void (*run_fragmentation)(struct bench *b, unsigned n_cpus);
};

/* Number of the cases that run_case() knows; the first of them are those that count instructions. */
#define N_COUNTED_CASES 5
#define N_CASES 10

/* A phase: what is between these two is measured. unit: what one of the n things is. */
void bench_begin(struct bench *b);
void bench_end(struct bench *b, const char *name, const char *unit, uint64_t n);

void bench_report(const struct bench *b, const char *name, const char *unit, double value);
NORETURN void bench_fail(const struct bench *b, const char *what);

/* Memory that is touched already. Stays for the life of the program. */
void *bench_memory(uint64_t bytes);

/* A generator (splitmix64) whose whole state is *state, and a number below n < 2^32 from it. */
uint64_t bench_random(uint64_t *state);
uint64_t bench_random_below(uint64_t *state, uint64_t n);

/* Fisher-Yates. */
void bench_shuffle(uint64_t *items, uint64_t n, uint64_t seed);

/* Of the areas of 2 MiB in [first, first + n_frames), those in which nothing is held. */
uint64_t bench_free_areas(const uint64_t *held, uint64_t n_held, uint64_t first, uint64_t n_frames);

#endif
