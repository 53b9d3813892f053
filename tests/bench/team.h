/* Threads that start together, each pinned to a processor of its own (as long as there are enough of them). */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include <stdint.h>

uint64_t now_ns(void);

/* Pins the calling thread to the processor that thread 0 of a team gets. Ends the program on failure. */
void team_pin_caller(void);

/* Runs work(0, context) ... work(n - 1, context), and returns the time from the first start to the last end, in ns. */
uint64_t team_run(unsigned n, void (*work)(unsigned thread, void *context), void *context);

#endif
