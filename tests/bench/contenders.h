/* The allocators that can be compared; contenders.c says which of them are. */
#ifndef BENCH_CONTENDERS_H
#define BENCH_CONTENDERS_H

#include "pmm_bench.h"

extern const struct contender contender_boot, contender_shared; /* ours, with one CPU and with more */
extern const struct contender contender_word;
extern const struct contender contender_first_fit;

/* A NULL ends them. */
extern const struct contender *const contenders[];

#endif
