/*
 * A test-and-set lock. What was written under it is visible to the next holder: taking it is an acquire, giving it up
 * a release. Not recursive, not fair; the holder must not be interrupted by anyone who wants it.
 */
#ifndef SPINLOCK_H
#define SPINLOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct spinlock {
    _Atomic uint32_t held;
};

static inline void spinlock_take(struct spinlock *lock)
{
    while (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire))
        while (atomic_load_explicit(&lock->held, memory_order_relaxed))
            __builtin_ia32_pause(); /* waits on a shared copy of the line; only the exchange needs it exclusively */
}

static inline void spinlock_release(struct spinlock *lock)
{
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
