/*
 * Compares frame allocators: every case for every allocator, then the next round. allocators.py makes the table.
 *
 *   bench_pmm [--quick] [--rounds N] [--threads N] [--only ALLOCATOR] [--count]
 *
 * --quick: small memory, few calls: to see that all works. --count: see pmm_bench.h.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <valgrind/callgrind.h>

#include "contenders.h"
#include "team.h"

#define FRAMES_1G ((uint64_t)1 << 18)
#define GARBAGE 0xA5

static const struct bench full = {
    .frames = 8 * FRAMES_1G, .big_frames = 1024 * FRAMES_1G, .pairs = 10000000, .thread_pairs = 2000000,
    .churn_pairs = 2000000, .tail_ns = 10000000, .seeds = 5, .threads = 2,
};
static const struct bench quick = {
    .frames = FRAMES_1G / 4, .big_frames = 16 * FRAMES_1G, .pairs = 20000, .thread_pairs = 20000,
    .churn_pairs = 20000, .tail_ns = 100000, .seeds = 5, .threads = 2,
};
/* Counting is slow and exact: fewer calls will do. */
#define COUNTED_PAIRS 100000
#define COUNTED_CHURN_PAIRS 500000

struct settings {
    struct bench bench;
    unsigned rounds;
    const char *only;
};

void bench_begin(struct bench *b)
{
    if (b->counting)
        CALLGRIND_ZERO_STATS;
    b->phase_start_ns = now_ns();
}

void bench_end(struct bench *b, const char *name, const char *unit, uint64_t n)
{
    const uint64_t elapsed_ns = now_ns() - b->phase_start_ns;

    if (b->counting)
        CALLGRIND_DUMP_STATS_AT(name);
    else
        bench_report(b, name, unit, (double)elapsed_ns / (double)n);
}

void bench_report(const struct bench *b, const char *name, const char *unit, double value)
{
    printf("%s\t%s\t%s\t%.3f\n", name, b->allocator, unit, value);
}

void bench_fail(const struct bench *b, const char *what)
{
    fprintf(stderr, "bench: %s, %s: failed\n", b->allocator, what);
    exit(EXIT_FAILURE);
}

void *bench_memory(uint64_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        fprintf(stderr, "bench: no %lu bytes\n", (unsigned long)bytes);
        exit(EXIT_FAILURE);
    }
    return memset(memory, GARBAGE, bytes);
}

uint64_t bench_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

uint64_t bench_random_below(uint64_t *state, uint64_t n)
{
    return (bench_random(state) >> 32) * n >> 32;
}

void bench_shuffle(uint64_t *items, uint64_t n, uint64_t seed)
{
    uint64_t state = seed;

    for (uint64_t i = n; i > 1; i--) {
        const uint64_t other = bench_random_below(&state, i), item = items[i - 1];

        items[i - 1] = items[other];
        items[other] = item;
    }
}

uint64_t bench_free_areas(const uint64_t *held, uint64_t n_held, uint64_t first, uint64_t n_frames)
{
    const uint64_t n_areas = n_frames / AREA_FRAMES;
    bool *is_held = calloc(n_areas, sizeof(*is_held));
    uint64_t n_free = 0;

    if (!is_held)
        exit(EXIT_FAILURE);
    for (uint64_t i = 0; i < n_held; i++)
        is_held[(held[i] - first) / AREA_FRAMES] = true;
    for (uint64_t i = 0; i < n_areas; i++)
        n_free += !is_held[i];
    free(is_held);
    return n_free;
}

static unsigned n_cpus(const struct contender *c, const struct bench *b)
{
    return c->one_cpu ? 1 : b->threads > 2 ? b->threads : 2;
}

static void run(struct settings *settings)
{
    struct bench *b = &settings->bench;

    for (unsigned round = 0; round < settings->rounds; round++)
        for (unsigned number = 0; number < (b->counting ? N_COUNTED_CASES : N_CASES); number++)
            for (const struct contender *const *c = contenders; *c; c++) {
                if (settings->only && strcmp(settings->only, (*c)->name))
                    continue;
                if (!round && !number)
                    (*c)->prepare(b);
                b->allocator = (*c)->name;
                (*c)->run_case(b, number, n_cpus(*c, b));
                fflush(stdout);
            }
    for (const struct contender *const *c = contenders; *c && !b->counting; c++) {
        if (settings->only && strcmp(settings->only, (*c)->name))
            continue;
        b->allocator = (*c)->name;
        (*c)->run_fragmentation(b, n_cpus(*c, b));
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct settings parse(int argc, char **argv)
{
    static const struct option options[] = {
        { "quick", no_argument, NULL, 'q' },    { "rounds", required_argument, NULL, 'r' },
        { "threads", required_argument, NULL, 't' }, { "only", required_argument, NULL, 'o' },
        { "count", no_argument, NULL, 'c' },    { 0 },
    };
    struct settings settings = { .bench = full, .rounds = 7 };
    unsigned threads = 0;
    bool counting = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (option == 'q')
            settings.bench = quick;
        else if (option == 'r')
            settings.rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 't')
            threads = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'o')
            settings.only = optarg;
        else if (option == 'c')
            counting = true;
        else
            exit(EXIT_FAILURE);
    if (threads)
        settings.bench.threads = threads;
    if (counting) {
        settings.rounds = 1;
        settings.bench.counting = true;
        settings.bench.pairs = least(settings.bench.pairs, COUNTED_PAIRS);
        settings.bench.churn_pairs = least(settings.bench.churn_pairs, COUNTED_CHURN_PAIRS);
    }
    return settings;
}

int main(int argc, char **argv)
{
    struct settings settings = parse(argc, argv);
    struct bench *b = &settings.bench;

    team_pin_caller();
    b->held = bench_memory(b->frames * sizeof(b->held[0]));
    b->order = bench_memory((b->churn_pairs + PREFETCH_AHEAD) * sizeof(b->order[0]));
    run(&settings);
    return 0;
}
