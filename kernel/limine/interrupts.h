/* No interrupt reaches a kernel before it asks for it, and no device sees other memory than it does. */
#ifndef LIMINE_INTERRUPTS_H
#define LIMINE_INTERRUPTS_H

#include "apic.h"
#include "handover.h"

/*
 * Masks the legacy controllers and the I/O APICs; from base revision 5 on also what is stricter there: NMIs, this
 * processor's local APIC, and DMA remapping, which is switched off unless the kernel keeps it. Registers are reached
 * through the tables that are active, one to one; a unit whose registers those do not map is left alone.
 */
void interrupts_mask(const struct handover *handover, const struct apic *apic);

#endif
