#include "wake.h"

#include "panic.h"
#include "x86.h"

/* Intel SDM vol 3A, 8.4.4.1 Typical BSP Initialization Sequence. */
#define INIT_WAIT_US 10000
#define STARTUP_WAIT_US 200

/*
 * How long the first processor may take: a virtual one waits until its host lets it run. Each wait in vain halves the
 * next, down to what suffices any real one.
 */
#define PATIENCE_US 1000000
#define PATIENCE_MIN_US 10000

struct waker waker(const struct apic *apic, const struct clock *clock, frame_t page)
{
    return (struct waker){ apic, clock, page, PATIENCE_US };
}

bool wake_wait(const struct clock *clock, const _Atomic uint32_t *state, uint32_t wanted, uint64_t limit_us)
{
    const uint64_t limit = clock_ticks_of_us(clock, limit_us), start = rdtsc();

    while (atomic_load_explicit(state, memory_order_acquire) != wanted) {
        if (rdtsc() - start > limit)
            return false;
        panic_wait();
        pause();
    }
    return true;
}

/* INIT, and two start-up interrupts: the second is for a processor that missed the first, and else means nothing. */
static bool knock(struct waker *w, uint32_t apic_id, const _Atomic uint32_t *state, uint32_t online)
{
    if (!apic_send_init(w->apic, apic_id))
        return false;
    clock_wait_us(w->clock, INIT_WAIT_US);
    if (!apic_send_startup(w->apic, apic_id, w->page))
        return false;
    if (wake_wait(w->clock, state, online, STARTUP_WAIT_US))
        return true;
    if (!apic_send_startup(w->apic, apic_id, w->page))
        return false;
    if (wake_wait(w->clock, state, online, w->patience_us))
        return true;
    if (w->patience_us > PATIENCE_MIN_US)
        w->patience_us /= 2;
    return false;
}

bool wake_processor(struct waker *w, uint32_t apic_id, _Atomic uint32_t *state, struct wake_states states)
{
    uint32_t seen = states.starting;

    /* However the knocking ended: it may have come in the meantime, and then it is there to stay. */
    if (knock(w, apic_id, state, states.online) ||
        !atomic_compare_exchange_strong_explicit(state, &seen, states.abandoned, memory_order_acq_rel,
                                                 memory_order_acquire))
        return true;
    if (apic_send_init(w->apic, apic_id))
        clock_wait_us(w->clock, INIT_WAIT_US);
    return false;
}
