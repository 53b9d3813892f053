/*
 * Several threads free one frame at the same moment, over and over: exactly one may be told that it succeeded. The
 * frame lies where that is hardest to tell: in a word that one of the threads holds privately and frees into privately,
 * too, in one that it is just taking or giving up, in an area that becomes wholly free. In the end all counts must be
 * exact.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "model_pmm_fixture.h"

#define THREADS 2
#define ROUNDS 20000
#define FRAMES (16 * FRAMES_2M)
#define LONG_EVERY 7
#define HELD 70 /* more than a word */

static struct pmm_fixture fixture;
static atomic_uint arrived[2 * ROUNDS]; /* threads at the beginning, and at the end of a round */
static atomic_uint accepted[ROUNDS];
static frame_t raced[ROUNDS];

static void fail(const char *what, unsigned round)
{
    fprintf(stderr, "tsan_pmm_races: %s in round %u\n", what, round);
    exit(EXIT_FAILURE);
}

static void meet(unsigned point)
{
    atomic_fetch_add(&arrived[point], 1);
    for (unsigned turns = 1; atomic_load(&arrived[point]) < THREADS; turns++)
        if (turns % 4096 == 0)
            sched_yield();
}

static frame_t get(struct pmm_cpu *cpu, unsigned round)
{
    frame_t f;

    if (pmm_alloc_frame(fixture.pmm, cpu, &f) != PMM_OK)
        fail("no frame", round);
    return f;
}

static void put(struct pmm_cpu *cpu, frame_t f, unsigned round)
{
    if (pmm_dealloc_frame(fixture.pmm, cpu, f) != PMM_OK)
        fail("a frame cannot be given back", round);
}

/* A thread's frames for a round: those that it holds when the race begins, and gives back after it. */
struct held {
    frame_t frames[HELD];
    unsigned n;
};

/* Makes a frame ready to be raced for, and leaves its word in one of many states. */
static frame_t prepare(struct pmm_cpu *cpu, struct held *held, unsigned round)
{
    const unsigned extra = round % HELD;
    const frame_t first = get(cpu, round);

    for (held->n = 0; held->n < extra; held->n++)
        held->frames[held->n] = get(cpu, round);
    if (round % 3 == 0)
        return first;
    for (unsigned i = 0; i < extra && i < 3; i++) /* twice into one word, and the CPU frees into it privately */
        put(cpu, held->frames[--held->n], round);
    return first;
}

/* What the holder does at that moment, too. */
static void disturb(struct pmm_cpu *cpu, struct held *held, unsigned round)
{
    if (round % 4 == 1 && held->n)
        put(cpu, held->frames[--held->n], round);
    if (round % 64 == 2)
        pmm_drain(fixture.pmm, cpu);
}

/* The holder gives back 2 MiB at once, others one frame of it. */
static void run_long_round(struct pmm_cpu *cpu, bool is_holder, unsigned round)
{
    const uint64_t offset = round % FRAMES_2M;
    enum pmm_status status;
    frame_t first;

    if (is_holder) {
        if (pmm_alloc_run(fixture.pmm, cpu, FRAMES_2M, FRAMES_2M, PMM_ANYWHERE, &first) != PMM_OK)
            fail("no 2 MiB", round);
        raced[round] = frame(first.value + offset);
    }
    meet(2 * round);
    status = is_holder ? pmm_dealloc_run(fixture.pmm, cpu, first, FRAMES_2M)
                       : pmm_dealloc_frame(fixture.pmm, cpu, raced[round]);
    if (status == PMM_OK)
        atomic_fetch_add(&accepted[round], 1);
    else if (status != (is_holder ? PMM_WRONG_LENGTH : PMM_DOUBLE_FREE))
        fail("a raced free of 2 MiB has the wrong status", round);
    meet(2 * round + 1);
    for (uint64_t i = 0; is_holder && status != PMM_OK && i < FRAMES_2M; i++)
        if (i != offset)
            put(cpu, frame(first.value + i), round);
}

static void run_round(struct pmm_cpu *cpu, unsigned index, unsigned round)
{
    const bool is_holder = round % THREADS == index;
    struct held held = { .n = 0 };

    if (is_holder)
        raced[round] = prepare(cpu, &held, round);
    meet(2 * round);
    if (is_holder)
        disturb(cpu, &held, round);
    const enum pmm_status status = pmm_dealloc_frame(fixture.pmm, cpu, raced[round]);

    if (status == PMM_OK)
        atomic_fetch_add(&accepted[round], 1);
    else if (status != PMM_DOUBLE_FREE)
        fail("a raced free has the wrong status", round);
    meet(2 * round + 1);
    while (held.n)
        put(cpu, held.frames[--held.n], round);
}

static void *work(void *argument)
{
    struct pmm_cpu *cpu = argument;

    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round % LONG_EVERY)
            run_round(cpu, (unsigned)(cpu - fixture.cpus), round);
        else
            run_long_round(cpu, round % THREADS == (unsigned)(cpu - fixture.cpus), round);
        if (pmm_free_frames(fixture.pmm, cpu) > FRAMES)
            fail("the count of free frames is impossible", round);
    }
    return NULL;
}

int main(void)
{
    const struct mem_region region = model_region(FRAMES_1G, FRAMES, REGION_USABLE);
    pthread_t threads[THREADS];

    pmm_fixture_init(&fixture, ELSEWHERE, &region, 1);
    pmm_fixture_use_cpus(&fixture, THREADS, (struct pmm_barrier){ 0 });
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, &fixture.cpus[i]) != 0)
            fail("no thread", 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned round = 0; round < ROUNDS; round++)
        if (atomic_load(&accepted[round]) != 1)
            fail("not exactly one free was accepted", round);
    if (pmm_free_frames(fixture.pmm, fixture.cpus) != FRAMES || fixture_stats(&fixture).largest_free_run != FRAMES)
        fail("frames are missing at the end", ROUNDS);
    pmm_check_invariants(fixture.pmm, fixture.cpus);
    pmm_fixture_free(&fixture);
    printf("tsan_pmm_races: %d threads, %d rounds: one free of each frame accepted, all counts exact\n", THREADS,
           ROUNDS);
    return EXIT_SUCCESS;
}
