/*
 * Time without the firmware: the TSC, measured against a counter whose frequency is known. Waits are bounded by it, and
 * durations printed. The TSC of each processor is only compared with itself.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    uint64_t hz;      /* TSC ticks in a second; an upper bound if it was not measured */
    bool is_measured; /* false: there is neither CPUID leaf 15H nor a working 8254, or what they say is absurd */
};

/* Takes 10 ms, or a few ms where there is no counter. Uses channel 2 of the 8254, and leaves the speaker silent. */
struct clock clock_measure(void);

uint64_t clock_ticks_of_us(const struct clock *clock, uint64_t us);

/* At least that long; longer if the frequency is not known. */
void clock_wait_us(const struct clock *clock, uint64_t us);

#endif
