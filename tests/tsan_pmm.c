/*
 * Four threads hammer one allocator. Each marks the frames it is given as its own and unmarks them before giving them
 * back: a frame that two own at once, a wrong status, or a count that is off at the end, is an error; a data race is
 * ThreadSanitizer's to find. Of several threads that free, or add, one frame at the same time, exactly one may succeed.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "model_pmm_fixture.h"

#define THREADS 4
#define ROUNDS 40000
#define HELD_MAX 64
#define FRAMES 4096 /* in all; the last of them are reclaimable at first */
#define ADDED_FRAMES 1000
#define RACED_FRAMES 2000
#define BATCH_MAX 8
#define RUN_STEP 20
#define RUN_MAX (BATCH_MAX * RUN_STEP)

static struct pmm_fixture fixture;
static atomic_uchar owned[LOW + FRAMES];
static pthread_barrier_t barrier;
static atomic_uint raced_frees_accepted, raced_additions_accepted;

static void fail(const char *what)
{
    fprintf(stderr, "tsan_pmm: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Runs that a thread holds. */
struct worker {
    unsigned seed;
    struct pmm_cpu *cpu;
    struct frame_range held[HELD_MAX];
    unsigned n_held;
};

static void take(struct worker *w, frame_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (atomic_exchange_explicit(&owned[first.value + i], 1, memory_order_relaxed))
            fail("a frame was handed out twice");
    w->held[w->n_held++] = (struct frame_range){ first, n };
}

static struct frame_range give(struct worker *w)
{
    const unsigned i = (unsigned)rand_r(&w->seed) % w->n_held;
    const struct frame_range run = w->held[i];

    w->held[i] = w->held[--w->n_held];
    for (uint64_t j = 0; j < run.count; j++)
        atomic_store_explicit(&owned[run.first.value + j], 0, memory_order_relaxed);
    return run;
}

static void allocate(struct worker *w)
{
    frame_t got[BATCH_MAX];
    const uint64_t n = (uint64_t)rand_r(&w->seed) % BATCH_MAX + 1;
    const struct frame_range wanted = { { LOW + (uint64_t)rand_r(&w->seed) % (FRAMES - BATCH_MAX) }, n };
    enum pmm_status status = PMM_OK;

    switch (rand_r(&w->seed) % 4) {
    case 0:
        if ((status = pmm_alloc_frame(fixture.pmm, w->cpu, got)) == PMM_OK)
            take(w, got[0], 1);
        break;
    case 1:
        if ((status = pmm_alloc_run(fixture.pmm, w->cpu, n * RUN_STEP, 8, PMM_ANYWHERE, got)) == PMM_OK)
            take(w, got[0], n * RUN_STEP);
        break;
    case 2:
        if ((status = pmm_reserve(fixture.pmm, w->cpu, wanted)) == PMM_OK)
            take(w, wanted.first, n);
        else if (status == PMM_NOT_FREE)
            status = PMM_NO_MEMORY;
        break;
    default:
        for (uint64_t i = pmm_alloc_frames(fixture.pmm, w->cpu, got, n); i > 0; i--)
            take(w, got[i - 1], 1);
    }
    if (status != PMM_OK && status != PMM_NO_MEMORY)
        fail("an allocation failed for no reason");
}

/* Gives back a run in one of the two ways that there are. */
static void release(struct worker *w)
{
    const struct frame_range run = give(w);
    frame_t frames[RUN_MAX];
    enum pmm_status status;
    uint64_t done = run.count;

    for (uint64_t i = 0; i < run.count; i++)
        frames[i] = frame(run.first.value + i);
    if (rand_r(&w->seed) % 2)
        status = pmm_dealloc_run(fixture.pmm, w->cpu, run.first, run.count);
    else
        status = pmm_dealloc_frames(fixture.pmm, w->cpu, frames, run.count, &done);
    if (status != PMM_OK || done != run.count)
        fail("a frame cannot be given back");
}

static void look_around(struct worker *w)
{
    const frame_t from = frame(LOW + (uint64_t)rand_r(&w->seed) % FRAMES);
    const struct frame_range run = pmm_next_free_run(fixture.pmm, w->cpu, from);
    const struct pmm_stats stats = pmm_stats(fixture.pmm, w->cpu);

    if (run.count && (run.first.value < from.value || run.first.value + run.count > LOW + FRAMES))
        fail("a free run lies outside of memory");
    if (stats.free_frames > FRAMES || stats.largest_free_run > stats.free_frames ||
        !pmm_is_usable(fixture.pmm, w->cpu, from))
        fail("statistics are impossible");
    if (pmm_free_frames(fixture.pmm, fixture.cpus) > FRAMES)
        fail("the count of free frames is impossible");
}

/* Every thread frees the same frames, which are allocated, and adds the same ones, which are reclaimable. */
static void race(struct worker *w)
{
    for (uint64_t i = 0; i < ADDED_FRAMES; i++) {
        const struct frame_range one = { { LOW + FRAMES - ADDED_FRAMES + i }, 1 };
        const enum pmm_status status = pmm_add(fixture.pmm, w->cpu, one);

        if (status == PMM_OK)
            atomic_fetch_add(&raced_additions_accepted, 1);
        else if (status != PMM_NOT_FREE)
            fail("a raced addition has the wrong status");
        if (!pmm_is_usable(fixture.pmm, w->cpu, one.first))
            fail("a frame that was added is not usable");
        sched_yield(); /* let somebody else add the next one */
    }
    for (uint64_t i = 0; i < RACED_FRAMES; i++) {
        const enum pmm_status status = pmm_dealloc_frame(fixture.pmm, w->cpu, frame(LOW + i));

        if (status == PMM_OK)
            atomic_fetch_add(&raced_frees_accepted, 1);
        else if (status != PMM_DOUBLE_FREE)
            fail("a raced free has the wrong status");
    }
}

static void *work(void *argument)
{
    struct worker *w = argument;

    pthread_barrier_wait(&barrier);
    race(w);
    pthread_barrier_wait(&barrier);
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (w->n_held < HELD_MAX - 8 && rand_r(&w->seed) % 5 < 3)
            allocate(w);
        else if (w->n_held)
            release(w);
        if (round % 64 == 0)
            look_around(w);
    }
    while (w->n_held)
        release(w);
    return NULL;
}

int main(void)
{
    const struct mem_region regions[] = {
        model_region(LOW, FRAMES - ADDED_FRAMES, REGION_USABLE),
        model_region(LOW + FRAMES - ADDED_FRAMES, ADDED_FRAMES, REGION_BOOTLOADER_RECLAIMABLE),
    };
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];

    pmm_fixture_init(&fixture, phys_addr(GIB(1)), regions, ARRAY_LENGTH(regions));
    if (pmm_reserve(fixture.pmm, fixture.cpus, (struct frame_range){ { LOW }, RACED_FRAMES }) != PMM_OK)
        fail("frames cannot be reserved");
    pmm_fixture_use_cpus(&fixture, THREADS, (struct pmm_barrier){ 0 });
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].seed = i + 1;
        workers[i].cpu = &fixture.cpus[i];
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            fail("no thread");
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (atomic_load(&raced_frees_accepted) != RACED_FRAMES)
        fail("a raced free was accepted twice or never");
    if (atomic_load(&raced_additions_accepted) != ADDED_FRAMES)
        fail("a raced addition was accepted twice or never");
    if (pmm_free_frames(fixture.pmm, fixture.cpus) != FRAMES)
        fail("frames are missing at the end");
    if (pmm_stats(fixture.pmm, fixture.cpus).largest_free_run != FRAMES)
        fail("the free memory is not in one piece at the end");
    pmm_check_invariants(fixture.pmm, fixture.cpus);
    pmm_fixture_free(&fixture);
    printf("tsan_pmm: %d threads, %d rounds each: every frame owned once, all counts exact\n", THREADS, ROUNDS);
    return EXIT_SUCCESS;
}
