/* The lock of the allocators that ours is measured against: test, then test and set. */
#ifndef BENCH_LOCK_H
#define BENCH_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

struct lock {
    atomic_bool held;
};

static inline void lock_take(struct lock *lock)
{
    while (atomic_exchange_explicit(&lock->held, true, memory_order_acquire))
        while (atomic_load_explicit(&lock->held, memory_order_relaxed))
            __builtin_ia32_pause();
}

static inline void lock_release(struct lock *lock)
{
    atomic_store_explicit(&lock->held, false, memory_order_release);
}

#endif
