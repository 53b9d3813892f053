/* The registers of the real local APIC, for include/apic.h. */
#ifndef APIC_ACCESS_H
#define APIC_ACCESS_H

#include "apic.h"

/* base   where the xAPIC's registers are mapped, uncached; of no meaning in x2APIC mode. */
struct apic_registers apic_registers_at(void *base);

#endif
