/*
 * The other processors, started for a kernel that asks for them: each waits, in the state that the protocol promises,
 * until the kernel says where to go.
 */
#ifndef LIMINE_PROCESSORS_H
#define LIMINE_PROCESSORS_H

#include "../smp/clock.h"
#include "apic.h"
#include "boot_info.h"
#include "enter.h"
#include "handover.h"
#include "limine_tables.h"

/* Everything about the processors that does not change from one to the next. */
struct limine_processors {
    const struct handover *handover; /* its pointers in the direct map */
    const struct limine_tables *tables;
    const struct clock *clock;
    struct apic apic;
    bool settles_apic; /* apic_settle() */
    struct limine_state state; /* of a processor in the kernel's tables, but for stack, entry, info */
    _Atomic uint64_t *n_settled; /* processors that need nothing of ours any more but the code that they wait in */
};

/* Switches the calling processor's local APIC to the mode that the kernel wants, if it wants processors. */
void limine_apic_choose_mode(const struct handover *handover);

/*
 * This processor's local APIC, as the kernel is to find it; its registers in the identity map. Mode APIC_NONE: there is
 * none.
 */
struct apic limine_apic_open(const struct handover *handover);

/* The page of its registers; count == 0: they are no memory. */
struct phys_range limine_apic_page(const struct apic *apic);

/* Brings the local APIC of the processor that calls into the state of base revision 5. */
void limine_apic_settle(const struct apic *apic, const struct handover *handover, uint32_t acpi_uid);

/* In the start root, and after anything else: starts them all, and fills the MP response. */
void limine_processors_start(struct limine_processors *processors);

#endif
