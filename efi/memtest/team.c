#include "team.h"

#include "x86.h"

uint64_t team_count_blocks(const struct phys_range *ranges, size_t n_ranges)
{
    uint64_t n = 0;

    for (size_t i = 0; i < n_ranges; i++)
        n += (ranges[i].bytes + TEST_BLOCK_BYTES - 1) / TEST_BLOCK_BYTES;
    return n;
}

/* number: below n_blocks. Ranges are few: blocks are what there are many of. */
static struct phys_range block_of(const struct team *team, uint64_t number)
{
    const struct phys_range *range = team->ranges;
    uint64_t start, rest;

    for (uint64_t n; number >= (n = team_count_blocks(range, 1)); range++)
        number -= n;
    start = range->start.value + number * TEST_BLOCK_BYTES;
    rest = phys_range_end(*range) - start;
    return (struct phys_range){ phys_addr(start), rest < TEST_BLOCK_BYTES ? rest : TEST_BLOCK_BYTES };
}

void team_start_step(struct team *team, const struct step *step, uint32_t pattern)
{
    team->step = *step;
    team->pattern = pattern;
    atomic_store_explicit(&team->next, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&team->round, 1, memory_order_release);
}

struct worker_errors {
    struct error_sink sink;
    struct worker *worker;
};

static void found(const struct error_sink *sink, uint64_t address, uint64_t expected, uint64_t read)
{
    struct worker *worker = ((const struct worker_errors *)(const void *)sink)->worker;
    const struct memory_error error = { address, expected, read, worker->number, worker->team->pattern };

    error_log_add(&worker->errors, &error);
}

bool team_work(struct worker *worker)
{
    struct team *team = worker->team;
    const uint64_t number = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
    const struct worker_errors errors = { { found }, worker };
    struct phys_range block;

    if (number >= team->n_blocks)
        return false;
    block = block_of(team, team->step.down ? team->n_blocks - 1 - number : number);
    atomic_store_explicit(&worker->block_start, block.start.value, memory_order_release);
    step_run(&team->step, block, &errors.sink);
    atomic_store_explicit(&worker->block_start, 0, memory_order_release);
    return true;
}

void team_serve(struct worker *worker)
{
    struct team *team = worker->team;

    while (!atomic_load_explicit(&worker->come_back, memory_order_acquire)) {
        const uint32_t round = atomic_load_explicit(&team->round, memory_order_acquire);

        if (round == atomic_load_explicit(&worker->round_done, memory_order_relaxed))
            pause();
        else if (!team_work(worker))
            atomic_store_explicit(&worker->round_done, round, memory_order_release);
    }
    atomic_store_explicit(&worker->is_back, true, memory_order_release);
}
