#include "stack_protector.h"

#include "addr.h"
#include "cpu.h"
#include "panic.h"
#include "x86.h"

#define RDRAND_ATTEMPTS 10 /* Intel SDM vol 1, 7.3.17.1 RDRAND: more failures in a row mean that it is broken */

/* Names and types are the compilers'. The lowest byte is zero, so that no string that runs on can restore the rest. */
#define CANARY_MASK (~(uintptr_t)0xFF)

uintptr_t __stack_chk_guard;
NORETURN void __stack_chk_fail(void);

static uint64_t entropy(void)
{
    uint64_t value = 0;

    if (cpu_features().rdrand)
        for (unsigned attempt = 0; attempt < RDRAND_ATTEMPTS; attempt++)
            if (rdrand(&value))
                break;
    return value ^ rdtsc() * 0x9E3779B97F4A7C15ull; /* 2^64 / golden ratio: spreads the counter's low bits upwards */
}

/* Without a canary of its own, which would be the old one on entry and the new one on return. */
__attribute__((no_stack_protector)) void stack_protector_init(void) { __stack_chk_guard = entropy() & CANARY_MASK; }

void __stack_chk_fail(void)
{
    panic("stack smashed: a function overwrote the canary above its arrays");
}
