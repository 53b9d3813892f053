#include "pmm_hold.h"
#include "pmm_cpu.h"
#include "pmm_layout.h"

/*
 * Without a barrier from the caller: how long a store may wait in a CPU's store buffer has no bound in writing, but it
 * is emptied in program order, by itself, and at the latest by an interrupt or any serializing event (Intel SDM vol 3A,
 * 12.10 Store Buffer). A CPU that is executing gets there in less than a microsecond; one that is not, because its
 * hypervisor or system management mode has it, went through such an event. Each turn takes 10 ns or more.
 */
#define WAIT_TURNS 2000

static bool all_quiet(const struct cpu *cpu)
{
    for (uint64_t i = 0; i < cpu->n_cpus; i++)
        if (&cpu->cpus[i] != cpu && !atomic_load_explicit(&cpu->cpus[i].quiet, memory_order_acquire))
            return false;
    return true;
}

static void wait_for_stores(const struct cpu *cpu)
{
    _Atomic uint64_t turns = 0;

    while (atomic_fetch_add(&turns, 1) < WAIT_TURNS && !all_quiet(cpu))
        __builtin_ia32_pause();
}

/* False: all of them were stopped earlier and did not call since. */
static bool revoke_others(struct cpu *cpu)
{
    bool any = false;

    for (uint64_t i = 0; i < cpu->n_cpus; i++)
        if (&cpu->cpus[i] != cpu && !atomic_exchange(&cpu->cpus[i].revoked, 1))
            any = true;
    return any;
}

static void wait_until_stopped(struct cpu *cpu)
{
    const struct pmm_barrier *barrier = &cpu->cpus[0].barrier;

    if (barrier->run)
        barrier->run(barrier->context);
    else
        wait_for_stores(cpu);
    for (uint64_t i = 0; i < cpu->n_cpus; i++) {
        if (&cpu->cpus[i] == cpu)
            continue; /* it goes on, and is not quiet then */
        while (atomic_load_explicit(&cpu->cpus[i].busy, memory_order_acquire))
            __builtin_ia32_pause();
        own_store(&cpu->cpus[i].quiet, 1);
    }
}

void pmm_stop(struct pmm *pmm, struct cpu *cpu)
{
    spinlock_take(&pmm->lock);
    if (revoke_others(cpu))
        wait_until_stopped(cpu);
    for (uint64_t i = 0; i < cpu->n_cpus; i++)
        if (UNLIKELY(own_load(&cpu->cpus[i].asked)))
            pmm_answer(pmm, &cpu->cpus[i]);
}

void pmm_resume(struct pmm *pmm, struct cpu *cpu)
{
    (void)cpu;
    spinlock_release(&pmm->lock);
}

void pmm_enter(struct pmm *pmm, struct cpu *cpu)
{
    while (!cpu_enter(cpu)) {
        cpu_leave(cpu);
        atomic_store_explicit(&cpu->quiet, 1, memory_order_release);
        spinlock_take(&pmm->lock);
        own_store(&cpu->quiet, 0);
        own_store(&cpu->revoked, 0);
        spinlock_release(&pmm->lock);
    }
}

static void drain(struct pmm *pmm, struct cpu *cpu)
{
    pmm_give_back_get_word(pmm, cpu);
    pmm_give_back_put_word(pmm, cpu);
    pmm_disown(pmm, cpu, &cpu->get_area);
    pmm_disown(pmm, cpu, &cpu->put_area);
    pmm_count_free(pmm, own_load(&cpu->moved));
    own_store(&cpu->moved, 0);
}

void pmm_stop_and_drain(struct pmm *pmm, struct cpu *cpu)
{
    pmm_stop(pmm, cpu);
    for (uint64_t i = 0; i < cpu->n_cpus; i++)
        drain(pmm, &cpu->cpus[i]);
}

void pmm_drain(struct pmm *pmm, struct pmm_cpu *cpu)
{
    pmm_stop_and_drain(pmm, pmm_cpu(cpu));
    pmm_resume(pmm, pmm_cpu(cpu));
}

void pmm_cpus_init(struct pmm *pmm, struct pmm_cpu *cpus, uint64_t n, struct pmm_barrier barrier)
{
    struct cpu *first = pmm_cpu(cpus);

    for (uint64_t i = 0; i < n; i++) {
        first[i] = (struct cpu){
            .last_freed = NO_FRAME,
            .get_word = NO_WORD,
            .get_word_exclusive = NO_WORD,
            .put_word = NO_WORD,
            .last_put_word = NO_WORD,
            .get_area = NO_AREA,
            .put_area = NO_AREA,
            .shared_area = NO_AREA,
            .words = pmm_words(pmm),
            .owners = pmm_owners(pmm),
            .cpus = first,
            .n_cpus = n,
            .solo = n == 1,
            .owner = (uint8_t)(OWNER_FIRST + i % OWNERS),
            .barrier = barrier,
        };
    }
}
