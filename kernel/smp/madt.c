#include "madt.h"

/* ACPI 6.5, table 5.19 Multiple APIC Description Table (MADT) Format: address and flags precede the entries. */
#define MADT_ENTRIES (ACPI_HEADER_BYTES + 8)

#define ENTRY_TYPE 0
#define ENTRY_LENGTH 1
#define ENTRY_HEADER_BYTES 2

/* ACPI 6.5, 5.2.12.2 Processor Local APIC Structure. */
#define TYPE_LOCAL_APIC 0
#define LOCAL_APIC_ID 3
#define LOCAL_APIC_FLAGS 4
#define LOCAL_APIC_BYTES 8
#define LOCAL_APIC_ID_ALL 0xFF

/* ACPI 6.5, 5.2.12.12 Processor Local x2APIC Structure. */
#define TYPE_LOCAL_X2APIC 9
#define LOCAL_X2APIC_ID 4
#define LOCAL_X2APIC_FLAGS 8
#define LOCAL_X2APIC_BYTES 16
#define LOCAL_X2APIC_ID_ALL 0xFFFFFFFF

/* ACPI 6.5, table 5.22 Local APIC Flags. "Online capable" promises a processor that is not there yet. */
#define FLAG_ENABLED (1u << 0)

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void add(struct madt_processors *processors, uint32_t id, uint32_t id_all, uint32_t flags)
{
    if (!(flags & FLAG_ENABLED) || id == id_all) {
        processors->n_disabled++;
        return;
    }
    for (size_t i = 0; i < processors->n; i++)
        if (processors->ids[i] == id)
            return;
    if (processors->n == processors->capacity)
        processors->n_left_out++;
    else
        processors->ids[processors->n++] = id;
}

struct madt_processors madt_read(struct acpi_table table, uint32_t *ids, size_t capacity)
{
    struct madt_processors processors = { .ids = ids, .capacity = capacity };
    size_t at = MADT_ENTRIES;

    if (table.n_bytes < MADT_ENTRIES)
        at = table.n_bytes; /* there are no entries */
    while (table.n_bytes - at >= ENTRY_HEADER_BYTES) {
        const uint8_t *entry = table.bytes + at;
        const size_t length = entry[ENTRY_LENGTH];

        if (length < ENTRY_HEADER_BYTES || length > table.n_bytes - at)
            break;
        if (entry[ENTRY_TYPE] == TYPE_LOCAL_APIC && length >= LOCAL_APIC_BYTES)
            add(&processors, entry[LOCAL_APIC_ID], LOCAL_APIC_ID_ALL, read_u32(entry + LOCAL_APIC_FLAGS));
        else if (entry[ENTRY_TYPE] == TYPE_LOCAL_X2APIC && length >= LOCAL_X2APIC_BYTES)
            add(&processors, read_u32(entry + LOCAL_X2APIC_ID), LOCAL_X2APIC_ID_ALL,
                read_u32(entry + LOCAL_X2APIC_FLAGS));
        at += length;
    }
    processors.is_cut = at != table.n_bytes;
    return processors;
}
