/*
 * SMBIOS structures (DMTF DSP0134 3.6): walking a table that may hold anything. Pure.
 */
#ifndef SMBIOS_H
#define SMBIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define SMBIOS_TYPE_OEM_STRINGS 11 /* DSP0134, 7.12 OEM Strings (Type 11) */
#define SMBIOS_TYPE_END 127        /* DSP0134, 7.45 End-of-Table (Type 127) */

/* Structures one after the other, as the firmware has them; n_bytes == 0: there are none. */
struct smbios_bytes {
    const void *structures;
    size_t n_bytes;
};

/* Where the structures are, out of an entry point. */
struct smbios_table {
    struct phys_range structures;
};

/*
 * Reads a 32-bit (`_SM_`, DSP0134 5.2.1) or 64-bit (`_SM3_`, 5.2.2) entry point. `readable` bytes of it are there.
 * Checks anchor, length and checksums; false if any is wrong.
 */
bool smbios_entry_point(const void *entry, size_t readable, struct smbios_table *ret);

struct smbios_structure {
    uint8_t type;
    const uint8_t *formatted; /* header included */
    uint8_t formatted_bytes;  /* >= 4 */
    const char *strings;      /* the string-set, unterminated strings impossible */
    size_t next;              /* offset of the next structure */
};

/* The structure at `offset`; false at the end, at type 127, and where the table is broken. */
bool smbios_structure_at(const void *table, size_t bytes, size_t offset, struct smbios_structure *ret);

/* String `number` (1-based) of a structure, or NULL. */
const char *smbios_string(const struct smbios_structure *structure, unsigned number);

#endif
