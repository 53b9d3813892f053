/*
 * The proof that the allocator is right on this machine: takes the lowest 4 GiB of free frames (or what option test=
 * says), then 4,096 spread over the rest, writes each frame's own address into it, reads all of them back, and gives
 * them back in another order. Checks that each lies in usable memory, outside everything that is in use, and occurs
 * once; that every count is as before. Any deviation is a panic that names the frame.
 */
#ifndef FRAME_TEST_H
#define FRAME_TEST_H

#include "boot_info.h"
#include "memory.h"

struct frame_test_result {
    uint64_t lowest;     /* frames taken from the bottom */
    uint64_t spread;     /* and from the rest */
    uint64_t low_memory; /* free frames below 1 MiB: left out, firmware may still write there */
    uint64_t left_out;   /* free frames beyond that nobody looked at */
};

struct frame_test_result frame_test_run(struct memory *memory, const struct boot_info *info);

#endif
