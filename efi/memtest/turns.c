/* The work, where the firmware lends processors only while the leader waits for them. */
#include "processors.h"
#include "x86.h"

#define TURNS_PER_S 2
#define TURN_LIMIT_S 10 /* then the firmware ends who is not back */

/* On one of the others, which finds out by the firmware's number who it is. */
static VOID EFIAPI take_turn(VOID *argument)
{
    const struct processors *p = argument;
    const uint64_t start = rdtsc();
    UINTN number;

    if (EFI_ERROR(p->mp->who_am_i(p->mp, &number)))
        return;
    for (unsigned i = 1; i < p->n; i++) {
        struct processor *processor = processor_at(p, i);

        if (processor->number != number || processor->state != PROCESSOR_HERE)
            continue;
        while (team_work(&processor->worker) && rdtsc() - start < p->ticks_per_s / TURNS_PER_S)
            ;
        return;
    }
}

/* Those that were ended are still at a block. */
static void notice_ended(const struct processors *p)
{
    for (unsigned i = 1; i < p->n; i++) {
        struct processor *processor = processor_at(p, i);

        if (processor->state == PROCESSOR_HERE &&
            atomic_load_explicit(&processor->worker.block_start, memory_order_acquire))
            processor->state = PROCESSOR_ENDED;
    }
}

/* From now on the leader does all. */
static void refuse_all(struct processors *p, EFI_STATUS status)
{
    p->takes_turns = false;
    p->refusal = status;
    for (unsigned i = 1; i < p->n; i++)
        if (processor_at(p, i)->state == PROCESSOR_HERE)
            processor_at(p, i)->state = PROCESSOR_REFUSED;
}

/* A turn in which nobody does anything is the last one. */
static bool run_turn(struct processors *p)
{
    const struct team *team = processor_at(p, 0)->worker.team;
    const uint64_t before = atomic_load_explicit(&team->next, memory_order_relaxed);
    EFI_STATUS status;

    if (before >= team->n_blocks)
        return false;
    status = p->mp->startup_all_aps(p->mp, take_turn, FALSE, NULL, TURN_LIMIT_S * 1000000, p, NULL);
    notice_ended(p);
    if (EFI_ERROR(status) && status != EFI_TIMEOUT)
        refuse_all(p, status);
    else if (atomic_load_explicit(&team->next, memory_order_relaxed) == before)
        refuse_all(p, EFI_DEVICE_ERROR);
    return true;
}

bool processors_work(struct processors *p)
{
    return p->takes_turns ? run_turn(p) : team_work(&processor_at(p, 0)->worker);
}
