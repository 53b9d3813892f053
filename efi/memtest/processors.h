/* The processors that test memory: the one that boot services run on leads, the others come from the firmware. */
#ifndef MEMTEST_PROCESSORS_H
#define MEMTEST_PROCESSORS_H

#include "../firmware.h"
#include "mp_services.h"
#include "team.h"

enum processor_state {
    PROCESSOR_HERE,    /* not ours at the moment */
    PROCESSOR_AWAY,    /* serves, until it has been told to come back and the firmware says that it has */
    PROCESSOR_ENDED,   /* did not come back in time, and was ended by the firmware */
    PROCESSOR_MISSING, /* nobody knows what it does */
    PROCESSOR_REFUSED, /* the firmware would not start it */
};

struct processor {
    struct worker worker;
    EFI_EVENT event;
    UINTN number; /* the firmware's */
    uint64_t away_since; /* TSC */
    enum processor_state state;
    bool is_printed; /* that it is lost */
    BOOLEAN finished;
};

/* Whole pages each. */
#define PROCESSOR_BYTES ((sizeof(struct processor) + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE)

struct processors {
    const struct firmware *fw;
    struct mp_services *mp; /* NULL: the firmware knows of no others */
    struct phys_range pages;
    unsigned n; /* in `pages`; number 0 leads */
    /*
     * This firmware starts processors only while the leader waits for them, as it may after ReadyToBoot (PI 1.7 vol 2,
     * 13.4.4 StartupAllAPs()): all are called for a turn, again and again, and the leader does no blocks.
     */
    bool takes_turns;
    EFI_STATUS refusal;   /* of the latest that was refused */
    uint64_t ticks_per_s; /* TSC */
};

/*
 * As many as there are and may be used, `most` at most, of which each will serve the team. One, if the firmware has no
 * more to offer. A failure has been printed.
 */
MUST_CHECK EFI_STATUS processors_open(const struct firmware *fw, struct team *team, unsigned most,
                                      struct processors *ret);

struct processor *processor_at(const struct processors *p, unsigned i);

/*
 * To be called a few times per second: sends those that are here, recalls those that have been away for long, and
 * notices those that do not come back. True: there is one more of these to be printed.
 */
bool processors_tend(struct processors *p);

/* A line for each that is lost and has not been printed. */
void processors_print_lost(struct processors *p);

/* Does a part of the step that is on: as much as a fraction of a second allows. False: nothing is left of it. */
MUST_CHECK bool processors_work(struct processors *p);

/* Whether all that still serve are through with the step that is on. */
bool processors_are_done(const struct processors *p);

/* Waits until nobody is away but who will not come back. */
void processors_recall(struct processors *p);

/* How many serve: at most p->n. */
unsigned processors_serving(const struct processors *p);

/* How many began and did not come back. */
unsigned processors_lost(const struct processors *p);

/* How many of those were lost in the middle of a block, which then holds anything. */
unsigned processors_lost_at_work(const struct processors *p);

/* Whether a missing processor may still write to the range. */
bool processors_may_write(const struct processors *p, struct phys_range range);

/* After processors_recall(). What a missing one may still read and write is not freed. */
void processors_close(struct processors *p);

#endif
