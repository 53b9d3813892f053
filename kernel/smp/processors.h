/*
 * The other processors: found in the MADT, started, given work, and stopped again. Each has a GDT, a TSS, an IDT and
 * two stacks with guard pages of its own. Once stopped they wait for a start-up interrupt, as the firmware had left
 * them, and nothing of theirs is left in memory.
 *
 *             INIT, start-up           processors_run()          processors_stop()       INIT
 *   STARTING ----------------> ONLINE ------------------> WORKING      ONLINE --> PARKING --> PARKED
 *       \--> ABANDONED            ^--------------------------/
 *
 * All functions: on the processor that we boot on, interrupts off.
 */
#ifndef PROCESSORS_H
#define PROCESSORS_H

#include <stdatomic.h>
#include <stdint.h>

#include "../gdt.h"
#include "../idt.h"
#include "../memory.h"
#include "apic.h"
#include "boot_info.h"
#include "clock.h"
#include "compiler.h"

#define PROCESSORS_MAX 512

enum processor_state {
    PROCESSOR_STARTING,
    PROCESSOR_ABANDONED, /* too late: must not touch anything */
    PROCESSOR_ONLINE,    /* waits */
    PROCESSOR_WORKING,
    PROCESSOR_PARKING,
    PROCESSOR_PARKED, /* uses neither its stack nor any other memory */
};

struct processor {
    struct cpu_tables tables;
    struct idt idt;
    void *stacks; /* NULL: the one we boot on, which uses nothing of this but its index */
    uint32_t apic_id;
    unsigned index; /* in struct processors; 0: the one we boot on */

    /*
     * STARTING to ONLINE, WORKING to ONLINE, PARKING to PARKED: by the processor itself; the others by the one we boot
     * on. Each a release, and each look an acquire: what was written before a change is visible after it.
     */
    _Atomic uint32_t state;
    void (*work)(void *context, unsigned index); /* written before WORKING */
    void *context;
};

struct processors {
    struct memory *memory;
    struct clock clock;
    struct apic apic;
    const char *alone;            /* why no other processor can be started; NULL: they can, if there are any */
    uint32_t ids[PROCESSORS_MAX]; /* of the others, by the MADT */
    unsigned n_ids;
    struct processor *all; /* room for 1 + n_ids */
    unsigned n_online;
    unsigned n_silent; /* that did not start */
};

/*
 * Measures the TSC, finds the local APIC and the other processors. Touches none of them.
 * processors   stays where it is from now on.
 */
void processors_find(struct processors *processors, struct memory *memory, const struct boot_info *info);

/* Starts all that can be. Prints a warning for what cannot. */
void processors_start(struct processors *processors);

/*
 * Calls work(context, index) on every online processor at the same time, this one included.
 * limit_us   after which those that still work are given up: then a panic that names the first.
 */
void processors_run(struct processors *processors, void (*work)(void *context, unsigned index), void *context,
                    uint64_t limit_us);

/* Stops all but this one and gives back all their memory; page tables stay. */
void processors_stop(struct processors *processors);

/* Where a started processor, a struct processor, goes on: on its own stack, in the kernel's tables. Never returns. */
void processor_main(void *processor);

/* Takes, guards, and gives back both stacks. False: no memory. */
MUST_CHECK bool processor_take_stacks(struct processor *processor, struct memory *memory);
void processor_drop_stacks(struct processor *processor, struct memory *memory);
virt_addr_t processor_stack_top(const struct processor *processor);

#endif
