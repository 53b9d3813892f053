/*
 * How a CPU is stopped: mm/pmm_stop.c, and cpu_enter(), cpu_leave() of mm/pmm_cpu.h.
 *
 * Every CPU either calls, and changes its state in between, or stops the others and changes theirs, in any order and
 * without end. `inside`, `working` and `latest` are the truth as it would be without store queues.
 *
 *   - Nobody is inside while somebody has stopped it, and who reads a CPU's state reads what was written last.
 *   - No deadlock.
 *   - With finitely many calls, all come to an end (TURNS; pan -l finds any cycle).
 *
 * WAIT_TURNS of waiting stand for "all that was stored when the wait began has reached memory", as documented there. A
 * barrier says the same, and is not shortened by `quiet`.
 *
 * Run barrier: -DBARRIER
 * Run wait:
 * Run three_barrier: -DBARRIER -DN_CPUS=3 -DCALLERS=1 -DSTOPPERS=6
 * Run three_wait: -DN_CPUS=3 -DCALLERS=1 -DSTOPPERS=6
 * Run ends: -DTURNS=2
 * Bug 1 (barrier): `busy` is looked at without a barrier
 * Bug 2 (wait): `busy` is looked at without a wait for stores
 * Bug 3 (barrier): `busy` is not looked at
 * Bug 4 (barrier): `revoked` is cleared without the lock
 * Bug 5 (barrier): enters although `revoked`
 * Bug 6 (wait): who enters again remains `quiet`
 * Bug 7 (wait): who stops others says that it is `quiet` itself
 * Bug 8 (wait): the lock is given up before the state is changed
 * Bug 9 (ends): `revoked` is not cleared
 * Bug 10 (barrier): the lock is not given up after entering again
 * Reach 1 (barrier): a CPU that was stopped, and stopped again while it was, enters
 * Reach 2 (wait): a stop ends early because all are quiet
 * Reach 3 (wait): a CPU that is stopped stops another
 */
#ifndef BUG
#define BUG 0
#endif
#ifndef REACH
#define REACH 0
#endif

#ifndef N_CPUS
#define N_CPUS 2
#endif
#ifndef CALLERS /* a bit each */
#define CALLERS 7
#endif
#ifndef STOPPERS
#define STOPPERS 7
#endif
#define BUSY(cpu) (cpu)
#define REVOKED(cpu) (N_CPUS + (cpu))
#define QUIET(cpu) (2 * N_CPUS + (cpu))
#define STATE(cpu) (3 * N_CPUS + (cpu))
#define LOCK (4 * N_CPUS)
#define N_PLACES (4 * N_CPUS + 1)
#ifndef DEPTH
#define DEPTH 3
#endif
#include "tso.h"

#define NOBODY N_CPUS

bit inside[N_CPUS];
byte working = NOBODY;
bit latest[N_CPUS];
#if REACH == 1
bit stopped_again[N_CPUS];
#endif

inline take_lock()
{
    atomic { ALL_STORED(me) && !memory[LOCK] -> memory[LOCK] = 1 }
}

inline change_state(cpu)
{
    d_step { get(STATE(cpu), seen); assert(seen == latest[cpu]) }
    d_step {
        waiting[me].n < DEPTH ->
        latest[cpu] = !seen;
        put(STATE(cpu), !seen)
    }
}

/* seen: it did not enter. */
inline cpu_enter()
{
    store(BUSY(me), 1);
    d_step {
        get(REVOKED(me), seen);
#if BUG == 5
        seen = 0;
#endif
        inside[me] = !seen;
        assert(!inside[me] || working == NOBODY || working == me)
    }
}

inline cpu_leave()
{
    d_step {
        waiting[me].n < DEPTH ->
        inside[me] = 0;
        put(BUSY(me), 0)
    }
}

inline pmm_enter()
{
    cpu_enter();
    do
    :: seen ->
        cpu_leave();
        store(QUIET(me), 1);
#if BUG != 4
        take_lock();
#endif
#if BUG != 6
        store(QUIET(me), 0);
#endif
#if BUG != 9
        store(REVOKED(me), 0);
#endif
#if BUG != 4 && BUG != 10
        store(LOCK, 0);
#endif
        cpu_enter()
    :: else -> break
    od
#if REACH == 1
    assert(!stopped_again[me])
#endif
}

#define IS_QUIET(cpu) ((cpu) == me || (cpu) >= N_CPUS || memory[QUIET(cpu)])

inline wait_for_stores()
{
    if
#if (BUG == 1 && defined(BARRIER)) || BUG == 2
    :: true
#endif
    :: d_step { ALL_STORED(0) -> skip };
       d_step { ALL_STORED(1) -> skip };
#if N_CPUS > 2
       d_step { ALL_STORED(2) -> skip }
#endif
#ifndef BARRIER
    :: IS_QUIET(0) && IS_QUIET(1) && IS_QUIET(2) -> /* `quiet` only grows while the lock is held */
#if REACH == 2
       assert(false)
#endif
#endif
    fi
}

inline pmm_stop()
{
    take_lock();
#if REACH == 3
    assert(!memory[REVOKED(me)]);
#endif
    any = 0;
    i = 0;
    do
    :: i == me -> i++
    :: i < N_CPUS && i != me ->
       d_step {
           ALL_STORED(me) ->
           any = any || !memory[REVOKED(i)];
#if REACH == 1
           stopped_again[i] = memory[REVOKED(i)];
#endif
           memory[REVOKED(i)] = 1
       }
       i++
    :: i == N_CPUS -> break
    od;
    if
    :: any ->
       any = 0;
       wait_for_stores();
       i = 0;
       do
       :: i < N_CPUS ->
#if BUG != 3
          !memory[BUSY(i)]; /* none of this is in its own queue: it took the lock */
#endif
          if
          :: i != me || BUG == 7 -> store(QUIET(i), 1)
          :: else
          fi;
          i++
       :: else -> break
       od
    :: else
    fi
}

inline work()
{
#if BUG == 8
    store(LOCK, 0);
#endif
    working = me;
    i = 0;
    do
    :: i == me -> i++
    :: i < N_CPUS && i != me ->
       assert(!inside[i]);
       change_state(i);
       i++
    :: i == N_CPUS -> break
    od;
    i = 0;
    working = NOBODY;
#if BUG != 8
    store(LOCK, 0)
#endif
}

proctype cpu(byte me)
{
    bit seen, any;
    byte i;
#ifdef TURNS
    byte turn;
#endif

end:
    do
#ifdef TURNS
    :: turn == TURNS -> break
    :: turn < TURNS -> turn++;
#else
    :: true;
#endif
       if
       :: CALLERS & 1 << me ->
          cpu_enter();
          if
          :: seen -> pmm_enter()
          :: !seen
          :: !seen -> pmm_enter() /* not as fast as it thought */
          fi;
          change_state(me);
          cpu_leave()
       :: STOPPERS & 1 << me ->
          pmm_stop();
          work()
       fi;
       seen = 0
    od
}

init {
    atomic {
        byte c;
        for (c : 0 .. N_CPUS - 1) {
            run cpu(c);
            run store_queue(c)
        }
    }
}
