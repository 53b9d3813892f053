/*
 * Stores as x86 does them ("total store order"): each CPU's stores wait in a queue, of its own, and reach memory in
 * order, some time later. Its own loads see them at once. An atomic read-modify-write waits until the queue is empty.
 *
 * Who includes this defines N_CPUS, N_PLACES (of memory) and DEPTH (stores that can wait), and has `me`, its number.
 */
typedef queue {
    byte n;
    byte place[DEPTH];
    byte value[DEPTH]
};
queue waiting[N_CPUS];
byte memory[N_PLACES];
byte k; /* 0, between steps */

inline store(at, what)
{
    d_step {
        waiting[me].n < DEPTH ->
        put(at, what)
    }
}

/* Inside of d_step { waiting[me].n < DEPTH -> ... }, together with what else happens at that moment. */
inline put(at, what)
{
    waiting[me].place[waiting[me].n] = at;
    waiting[me].value[waiting[me].n] = what;
    waiting[me].n++
}

inline load(at, into)
{
    d_step {
        get(at, into)
    }
}

/* Inside of d_step. */
inline get(at, into)
{
    into = memory[at];
    for (k : 0 .. DEPTH - 1) {
        if
        :: k < waiting[me].n && waiting[me].place[k] == (at) -> into = waiting[me].value[k]
        :: else
        fi
    }
    k = 0
}

#define ALL_STORED(cpu) (waiting[cpu].n == 0)

/* Inside of d_step, with waiting[cpu].n > 0. Unused entries stay 0, so that equal states look equal. */
inline drain_one(cpu)
{
    memory[waiting[cpu].place[0]] = waiting[cpu].value[0];
    for (k : 1 .. DEPTH - 1) {
        waiting[cpu].place[k - 1] = waiting[cpu].place[k];
        waiting[cpu].value[k - 1] = waiting[cpu].value[k]
    }
    waiting[cpu].place[DEPTH - 1] = 0;
    waiting[cpu].value[DEPTH - 1] = 0;
    waiting[cpu].n--;
    k = 0
}

/* One per CPU. */
proctype store_queue(byte cpu)
{
end:
    do
    :: d_step { waiting[cpu].n > 0 -> drain_one(cpu) }
    od
}
