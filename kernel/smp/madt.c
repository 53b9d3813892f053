#include "madt.h"

/* ACPI 6.5, table 5.19 Multiple APIC Description Table (MADT) Format: address and flags precede the entries. */
#define MADT_ENTRIES (ACPI_HEADER_BYTES + 8)

#define ENTRY_TYPE 0
#define ENTRY_LENGTH 1
#define ENTRY_HEADER_BYTES 2

/* ACPI 6.5, 5.2.12.2 Processor Local APIC Structure. */
#define LOCAL_APIC_UID 2
#define LOCAL_APIC_ID 3
#define LOCAL_APIC_FLAGS 4
#define LOCAL_APIC_BYTES 8
#define LOCAL_APIC_ID_ALL 0xFF

/* ACPI 6.5, 5.2.12.12 Processor Local x2APIC Structure. */
#define LOCAL_X2APIC_ID 4
#define LOCAL_X2APIC_FLAGS 8
#define LOCAL_X2APIC_UID 12
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

bool madt_next(struct acpi_table table, size_t *cursor, struct madt_entry *ret)
{
    const size_t at = *cursor ? *cursor : MADT_ENTRIES;

    if (table.n_bytes < at || table.n_bytes - at < ENTRY_HEADER_BYTES)
        return false;
    *ret = (struct madt_entry){ table.bytes + at, table.bytes[at + ENTRY_LENGTH] };
    if (ret->n_bytes < ENTRY_HEADER_BYTES || ret->n_bytes > table.n_bytes - at)
        return false;
    *cursor = at + ret->n_bytes;
    return true;
}

static bool is_local_apic(struct madt_entry e)
{
    return e.bytes[ENTRY_TYPE] == MADT_LOCAL_APIC && e.n_bytes >= LOCAL_APIC_BYTES;
}

static bool is_local_x2apic(struct madt_entry e)
{
    return e.bytes[ENTRY_TYPE] == MADT_LOCAL_X2APIC && e.n_bytes >= LOCAL_X2APIC_BYTES;
}

/* Firmware fills tables up with entries of no processor: disabled ones, which have any id. */
static bool is_enabled(const uint8_t *flags) { return read_u32(flags) & FLAG_ENABLED; }

bool madt_uid_of(struct acpi_table table, uint32_t apic_id, uint32_t *ret_uid)
{
    struct madt_entry e;

    for (size_t cursor = 0; madt_next(table, &cursor, &e);) {
        if (is_local_apic(e) && is_enabled(e.bytes + LOCAL_APIC_FLAGS) && e.bytes[LOCAL_APIC_ID] == apic_id &&
            apic_id != LOCAL_APIC_ID_ALL) {
            *ret_uid = e.bytes[LOCAL_APIC_UID];
            return true;
        }
        if (is_local_x2apic(e) && is_enabled(e.bytes + LOCAL_X2APIC_FLAGS) &&
            read_u32(e.bytes + LOCAL_X2APIC_ID) == apic_id && apic_id != LOCAL_X2APIC_ID_ALL) {
            *ret_uid = read_u32(e.bytes + LOCAL_X2APIC_UID);
            return true;
        }
    }
    return false;
}

struct madt_processors madt_read(struct acpi_table table, uint32_t *ids, size_t capacity)
{
    struct madt_processors processors = { .ids = ids, .capacity = capacity };
    struct madt_entry e;
    size_t cursor = 0;

    while (madt_next(table, &cursor, &e)) {
        if (is_local_apic(e))
            add(&processors, e.bytes[LOCAL_APIC_ID], LOCAL_APIC_ID_ALL, read_u32(e.bytes + LOCAL_APIC_FLAGS));
        else if (is_local_x2apic(e))
            add(&processors, read_u32(e.bytes + LOCAL_X2APIC_ID), LOCAL_X2APIC_ID_ALL,
                read_u32(e.bytes + LOCAL_X2APIC_FLAGS));
    }
    processors.is_cut = (cursor ? cursor : MADT_ENTRIES) < table.n_bytes;
    return processors;
}
