/*
 * Processors that share a step of a memory test: each takes the next block until there is none. One of them, the
 * leader, sets the steps one after the other; the others serve until they are told to come back, and need nothing but
 * memory: no boot services, no stack but the firmware's. Pure, but for the memory under test.
 */
#ifndef MEMTEST_TEAM_H
#define MEMTEST_TEAM_H

#include <stdatomic.h>
#include <stddef.h>

#include "errors.h"

#define TEST_BLOCK_BYTES MIB(1)

struct team {
    /* The leader's, who writes them while no step is on; read by all after `round`. */
    const struct phys_range *ranges; /* whole pages, disjoint */
    size_t n_ranges;
    uint64_t n_blocks; /* in all of them */
    struct step step;
    uint32_t pattern;  /* enum test_pattern, for errors */
    /* Number of the step that is on; 0: none yet. The leader stores it (release) once the step may begin. */
    _Atomic uint32_t round;
    /* The next block that nobody has taken. Relaxed: a number and no more. */
    _Alignas(64) _Atomic uint64_t next;
};

/* One processor. Its own alone, but for the atomic words: it stores them (release), the leader loads (acquire). */
struct worker {
    _Alignas(64) struct team *team;
    uint32_t number;
    _Atomic uint32_t round_done;   /* the latest step that it has nothing more to do for */
    _Atomic bool is_back;          /* it has left team_serve(), and touches nothing any more */
    _Atomic uint64_t block_start;  /* of the block that it is at; 0: of none */
    _Alignas(64) _Atomic bool come_back; /* stored by the leader: return after the block it is at */
    struct error_log errors;       /* the leader's while the worker is back, or round_done is the step that is on */
};

/* Blocks in the ranges: each range begins a new one. */
uint64_t team_count_blocks(const struct phys_range *ranges, size_t n_ranges);

/* The leader begins a step. No worker is at an earlier one. */
void team_start_step(struct team *team, const struct step *step, uint32_t pattern);

/* Takes a block and does it. False: there is none left. Any worker, the leader among them. */
MUST_CHECK bool team_work(struct worker *worker);

/* Serves on another processor until `come_back`. */
void team_serve(struct worker *worker);

#endif
