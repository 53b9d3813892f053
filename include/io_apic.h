/*
 * I/O APICs (Intel 82093AA data sheet, 3.0 Register Description; ICH and later keep its interface): masked for a kernel.
 * Pure: registers are reached through a pointer.
 */
#ifndef IO_APIC_H
#define IO_APIC_H

#include <stdbool.h>
#include <stdint.h>

#define IO_APIC_REGISTER_BYTES 0x20

/*
 * Masks the entries that deliver Fixed or Lowest Priority interrupts, and with `nmi_too` NMI and ExtINT ones. Nothing
 * else in an entry changes.
 * registers   IO_APIC_REGISTER_BYTES, uncached.
 */
void io_apic_mask(volatile uint32_t *registers, bool nmi_too);

#endif
