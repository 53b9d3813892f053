#include "hammer.h"

#include "hammer_work.h"
#include "panic.h"
#include "x86.h"

#define READY_US 1000000
#define LIMIT_US 30000000 /* ten times what eight processors take that a host emulates on two */

static void *allocate(struct memory *memory, uint64_t bytes)
{
    void *start = memory_allocate(memory, bytes);

    if (!start)
        panic("allocator test: no memory for %lu bytes", bytes);
    return start;
}

/* Who calls the allocator from now on; nobody does meanwhile. */
static void name_cpus(struct memory *memory, struct pmm_cpu *cpus, unsigned n)
{
    pmm_drain(memory->pmm, memory->cpu);
    pmm_cpus_init(memory->pmm, cpus, n, (struct pmm_barrier){ 0 });
    memory->cpu = &cpus[0];
}

static void check_count(const char *what, uint64_t before, uint64_t after)
{
    if (before != after)
        panic("allocator test: %s were %lu before and are %lu after", what, before, after);
}

static struct hammer_result add_up(const struct hammer *hammer)
{
    struct hammer_result result = { .operations_min = UINT64_MAX };

    for (unsigned i = 0; i < hammer->n; i++) {
        const struct worker *worker = &hammer->workers[i];

        if (worker->operations < result.operations_min)
            result.operations_min = worker->operations;
        result.operations += worker->operations;
        result.ticks += worker->ticks;
    }
    return result;
}

struct hammer_result hammer_run(struct processors *processors)
{
    struct memory *memory = processors->memory;
    struct hammer hammer = { .memory = memory, .n = processors->n_online };
    struct hammer_result result;
    struct pmm_stats before, after;

    hammer.patience = clock_ticks_of_us(&processors->clock, READY_US);
    hammer.seed = rdtsc() * 0x9E3779B97F4A7C15ull; /* 2^64 / golden ratio */
    hammer.cpus = allocate(memory, hammer.n * sizeof(*hammer.cpus));
    hammer.workers = allocate(memory, hammer.n * sizeof(*hammer.workers));
    before = pmm_stats(memory->pmm, memory->cpu);

    name_cpus(memory, hammer.cpus, hammer.n);
    processors_run(processors, hammer_work, &hammer, LIMIT_US);
    for (unsigned i = 0; i < hammer.n; i++)
        hammer_empty_box(&hammer, &hammer.workers[i]);
    name_cpus(memory, &memory->boot_cpu, 1);

    after = pmm_stats(memory->pmm, memory->cpu);
    check_count("usable frames", before.usable_frames, after.usable_frames);
    check_count("free frames", before.free_frames, after.free_frames);
    check_count("allocated frames", before.allocated_frames, after.allocated_frames);
    check_count("frames of the largest free run", before.largest_free_run, after.largest_free_run);
    result = add_up(&hammer);
    memory_free(memory, hammer.workers, hammer.n * sizeof(*hammer.workers));
    memory_free(memory, hammer.cpus, hammer.n * sizeof(*hammer.cpus));
    return result;
}
