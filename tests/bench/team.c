#include "team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEAM_MAX 256
#define SPINS_BEFORE_YIELD 10000

struct team {
    unsigned n;
    atomic_uint n_ready;
    void (*work)(unsigned thread, void *context);
    void *context;
};

struct member {
    struct team *team;
    unsigned thread;
    pthread_t handle;
    uint64_t start_ns, end_ns;
};

uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "bench: %s: error %d\n", what, error);
        exit(EXIT_FAILURE);
    }
}

/* The processors that the program was given, as they were before it pinned itself. */
static const cpu_set_t *allowed(void)
{
    static cpu_set_t set;

    if (!CPU_COUNT(&set))
        check(sched_getaffinity(0, sizeof(set), &set), "sched_getaffinity");
    return &set;
}

static void pin(unsigned thread)
{
    const cpu_set_t *all = allowed();
    unsigned left = thread % (unsigned)CPU_COUNT(all);
    cpu_set_t one;

    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, all) && !left--) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            check(pthread_setaffinity_np(pthread_self(), sizeof(one), &one), "pthread_setaffinity_np");
            return;
        }
}

void team_pin_caller(void)
{
    pin(0);
}

static void *run_member(void *argument)
{
    struct member *m = argument;
    struct team *team = m->team;

    pin(m->thread);
    atomic_fetch_add_explicit(&team->n_ready, 1, memory_order_acq_rel);
    for (unsigned spins = 0; atomic_load_explicit(&team->n_ready, memory_order_acquire) < team->n; spins++)
        if (spins % SPINS_BEFORE_YIELD == SPINS_BEFORE_YIELD - 1)
            sched_yield(); /* more threads than processors */
        else
            __builtin_ia32_pause();
    m->start_ns = now_ns();
    team->work(m->thread, team->context);
    m->end_ns = now_ns();
    return NULL;
}

uint64_t team_run(unsigned n, void (*work)(unsigned thread, void *context), void *context)
{
    struct team team = { .n = n, .work = work, .context = context };
    struct member members[TEAM_MAX];
    uint64_t start_ns = UINT64_MAX, end_ns = 0;

    check(n > TEAM_MAX, "too many threads");
    allowed();
    for (unsigned i = 0; i < n; i++) {
        members[i] = (struct member){ .team = &team, .thread = i };
        check(pthread_create(&members[i].handle, NULL, run_member, &members[i]), "pthread_create");
    }
    for (unsigned i = 0; i < n; i++) {
        check(pthread_join(members[i].handle, NULL), "pthread_join");
        start_ns = members[i].start_ns < start_ns ? members[i].start_ns : start_ns;
        end_ns = members[i].end_ns > end_ns ? members[i].end_ns : end_ns;
    }
    return end_ns - start_ns;
}
