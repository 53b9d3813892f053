/*
 * The proof that the allocator is right on all processors at once: each of them takes and gives back single frames and
 * runs, at random, passes frames on to its neighbour, who gives them back, and asks for what must be refused. Every
 * frame carries a stamp of who holds it, checked before it is passed on or given back: a frame that two were given, or
 * that anybody else wrote to, shows. In the end everything is given back and every count must be what it was. Any
 * deviation is a panic that names the frame or the count.
 */
#ifndef HAMMER_H
#define HAMMER_H

#include "processors.h"

struct hammer_result {
    uint64_t operations;     /* calls of the allocator, on all processors together */
    uint64_t operations_min; /* on the one with the fewest */
    uint64_t ticks;          /* TSC, in all of these calls */
};

/* On all that are online. */
struct hammer_result hammer_run(struct processors *processors);

#endif
