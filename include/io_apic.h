/*
 * I/O APICs (Intel 82093AA data sheet, 3.0 Register Description; ICH and later keep its interface): masked for a
 * kernel. Pure.
 */
#ifndef IO_APIC_H
#define IO_APIC_H

#include <stdbool.h>

#include "mmio.h"

#define IO_APIC_REGISTER_BYTES 0x20

/*
 * Masks the entries that deliver Fixed or Lowest Priority interrupts, and with `nmi_too` NMI and ExtINT ones. Nothing
 * else in an entry changes. Writes nothing where no device answers.
 */
void io_apic_mask(const struct mmio *registers, bool nmi_too);

#endif
