/* The memory that a test gets from the firmware, and an account of the rest. */
#ifndef MEMTEST_TAKE_H
#define MEMTEST_TAKE_H

#include "../commands/command.h"
#include "processors.h"

/* Why memory is not tested. */
enum held_back {
    HELD_LEFT,    /* free, left for the firmware to work with */
    HELD_LOW,     /* free, below 1 MiB */
    HELD_REFUSED, /* free, but the firmware would not give it */
    HELD_UNFIT,   /* free by one descriptor, but claimed by another, not cached, or of a special kind */
    HELD_OWN,     /* this program and its buffers */
    HELD_TYPES,   /* + what else there is, by the firmware's type; none of FIRMWARE_CONVENTIONAL */
    HELD_KINDS = HELD_TYPES + FIRMWARE_UNACCEPTED + 2 /* the last: types that UEFI 2.10 does not have */
};

/* Bytes of the map within `limits`: tested + the sum of held == total. */
struct memory_account {
    uint64_t tested;
    uint64_t held[HELD_KINDS];
    uint64_t total; /* without what is no memory: reserved, unusable, MMIO */
};

struct taken_memory {
    struct phys_range limits;  /* what was asked for */
    struct phys_range *ranges; /* whole pages, ascending, in the map's scratch */
    size_t n, capacity;
    struct memory_account account;
};

/* For command_map_read(): the scratch that memory_take() needs. */
size_t memory_take_scratch(const struct map_subject *subject);

/*
 * Takes the free memory within limits, as LoaderData. What the firmware refuses, and what it needs to live, stays free.
 * Memory below 1 MiB is tested only if nothing else is asked for: firmware writes there whatever its map says.
 * map        with that scratch, which is in use until memory_give_back()
 * workspace  pages of the test's own, for the account
 * A failure has been printed; then nothing is taken.
 */
MUST_CHECK EFI_STATUS memory_take(const struct command *command, const struct command_map *map,
                                  struct phys_range limits, struct phys_range workspace, struct taken_memory *ret);

/* Gives back all but what a missing processor may write to. */
void memory_give_back(const struct firmware *fw, struct taken_memory *memory, const struct processors *processors);

#endif
