/*
 * Finding a table in the firmware's ACPI tables, any of which may be garbage (ACPI 6.5, 5.2 ACPI System Description
 * Tables):
 *
 *   RSDP --> XSDT (64-bit addresses) --> table, table, ...
 *       \--> RSDT (32-bit addresses) --> table, table, ...     if there is no XSDT, or none that is sound
 *
 * Every table counts only if its signature, its length and its checksum are right. Pure: bytes are reached through the
 * caller.
 */
#ifndef ACPI_H
#define ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"

/* ACPI 6.5, 5.2.6 System Description Table Header: signature, length, revision, checksum, who made it. */
#define ACPI_HEADER_BYTES 36

/* Longer tables exist (bytecode), but none that is looked for here: a bound on what a broken length can cost. */
#define ACPI_TABLE_BYTES_MAX MIB(1)

struct acpi_memory {
    void *context;
    /* All these bytes, readable as long as tables are read; NULL: they are no memory. Never called with 0 bytes. */
    const void *(*reach)(void *context, struct phys_range bytes);
};

enum acpi_status {
    ACPI_OK,
    ACPI_NO_RSDP,   /* its address is 0, or what lies there is none */
    ACPI_NO_ROOT,   /* neither XSDT nor RSDT is sound */
    ACPI_NOT_FOUND, /* no table of this name */
    ACPI_BAD_TABLE, /* one or more of this name, none of them sound */
};

/* A sound table, header included. */
struct acpi_table {
    const uint8_t *bytes; /* unaligned */
    size_t n_bytes;       /* >= ACPI_HEADER_BYTES */
};

/*
 * The first sound table of that name.
 * rsdp       0: the firmware named none.
 * signature  four characters.
 * ret        untouched unless ACPI_OK.
 */
MUST_CHECK enum acpi_status acpi_find_table(const struct acpi_memory *memory, phys_addr_t rsdp,
                                            const char signature[4], struct acpi_table *ret);

/*
 * Every table that there is, by where it lies: the RSDP, RSDT and XSDT, what these list, and what the FADT names (FACS and
 * DSDT, by their 32- and 64-bit addresses). Checksums do not count here; lengths that cannot be do, and what sticks out
 * of memory is none. One table may be found several times.
 */
void acpi_walk(const struct acpi_memory *memory, phys_addr_t rsdp,
               void (*found)(void *context, struct phys_range table), void *context);

#endif
