/* Waking a processor: INIT, and start-up interrupts until it says that it is there. */
#ifndef WAKE_H
#define WAKE_H

#include <stdatomic.h>
#include <stdint.h>

#include "apic.h"
#include "clock.h"
#include "compiler.h"

/* Who wakes processors, one after the other. */
struct waker {
    const struct apic *apic;
    const struct clock *clock;
    frame_t page;         /* the start page */
    uint64_t patience_us; /* halves with each wait in vain */
};

struct waker waker(const struct apic *apic, const struct clock *clock, frame_t page);

/*
 * Waits until *state is `wanted`; false: it took too long. Halts if another processor has panicked.
 */
MUST_CHECK bool wake_wait(const struct clock *clock, const _Atomic uint32_t *state, uint32_t wanted, uint64_t limit_us);

/*
 * Starts the processor, which goes from `starting` to `online` by itself, by a compare and exchange; a processor that
 * is too late finds `abandoned` and must not touch anything. False: it does not come, *state is `abandoned`, and the
 * processor waits for a start-up interrupt again.
 */
struct wake_states {
    uint32_t starting, online, abandoned;
};
MUST_CHECK bool wake_processor(struct waker *waker, uint32_t apic_id, _Atomic uint32_t *state,
                               struct wake_states states);

#endif
