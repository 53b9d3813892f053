/*
 * The processors of a machine, out of its MADT, the "APIC" table (ACPI 6.5, 5.2.12 Multiple APIC Description Table).
 * Where the local APIC's registers lie is not read from here: IA32_APIC_BASE says what is true of this processor.
 * Pure.
 */
#ifndef MADT_H
#define MADT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"

#define MADT_SIGNATURE "APIC"

/* ACPI 6.5, table 5.21 Interrupt Controller Structure Types. */
enum madt_type {
    MADT_LOCAL_APIC = 0,
    MADT_IO_APIC = 1,
    MADT_LOCAL_APIC_NMI = 4,
    MADT_LOCAL_X2APIC = 9,
    MADT_LOCAL_X2APIC_NMI = 10,
};

struct madt_entry {
    const uint8_t *bytes; /* unaligned, type and length included */
    size_t n_bytes;       /* >= 2 */
};

/*
 * The entry at *cursor, 0 at first, and moves the cursor on. False: there are no more, or the table ends inside the
 * entry, or it has an impossible length.
 */
bool madt_next(struct acpi_table table, size_t *cursor, struct madt_entry *ret);

/* The ACPI processor UID of the enabled local APIC with this id; false: no entry has it. */
bool madt_uid_of(struct acpi_table table, uint32_t apic_id, uint32_t *ret_uid);

/* Who the processors are, by their local APICs' ids. */
struct madt_processors {
    uint32_t *ids;     /* each once, in the table's order */
    size_t capacity;   /* of ids */
    size_t n;
    size_t n_disabled; /* entries of processors that are not there, or not usable */
    size_t n_left_out; /* enabled ones, perhaps the same several times, that `ids` had no room for */
    bool is_cut;       /* the table ends inside an entry, or one has an impossible length: what follows is not read */
};

/*
 * Reads local APIC and local x2APIC entries. A processor may be described by both, or twice; ids that mean "all of
 * them" are no processors.
 * table      sound (acpi_find_table()); its entries may still be anything.
 * ids        room for `capacity` of them.
 */
struct madt_processors madt_read(struct acpi_table table, uint32_t *ids, size_t capacity);

#endif
