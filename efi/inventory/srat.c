#include "little_endian.h"
#include "numa.h"

/* ACPI 6.5, 5.2.16 System Resource Affinity Table (SRAT): reserved fields precede the entries. */
#define SRAT_REVISION 8
#define SRAT_ENTRIES (ACPI_HEADER_BYTES + 12)
#define SRAT_REVISION_WIDE 2 /* before, a domain is one byte, and what follows it is reserved */

#define ENTRY_TYPE 0
#define ENTRY_LENGTH 1
#define ENTRY_HEADER_BYTES 2

enum entry_type { LOCAL_APIC = 0, MEMORY = 1, LOCAL_X2APIC = 2, GENERIC_INITIATOR = 5, ENTRY_TYPES };

/* ACPI 6.5, 5.2.16.1 Processor Local APIC/SAPIC Affinity Structure. */
enum { APIC_DOMAIN_LOW = 2, APIC_ID = 3, APIC_DOMAIN_HIGH = 9 };
/* 5.2.16.2 Memory Affinity Structure. */
enum { MEMORY_START = 8, MEMORY_LENGTH = 16 };
/* 5.2.16.3 Processor Local x2APIC Affinity Structure. */
enum { X2APIC_ID = 8 };

#define FLAG_ENABLED (1u << 0)
#define FLAG_HOT_PLUGGABLE (1u << 1)
#define FLAG_NON_VOLATILE (1u << 2)

/* By ACPI's type: how long an entry is, and where its domain (of four bytes) and its flags are. */
static const struct layout { uint8_t bytes, domain, flags; } layouts[ENTRY_TYPES] = {
    [LOCAL_APIC] = { 16, APIC_DOMAIN_LOW, 4 },
    [MEMORY] = { 40, 2, 28 },
    [LOCAL_X2APIC] = { 24, 4, 12 },
    [GENERIC_INITIATOR] = { 32, 4, 24 }, /* 5.2.16.6 Generic Initiator Affinity Structure */
};

static struct srat_entry read_entry(const uint8_t *e, uint8_t type, bool is_wide)
{
    const uint32_t flags = (uint32_t)little_endian(e + layouts[type].flags, 4);
    struct srat_entry entry = { .type = SRAT_PROCESSOR };

    entry.domain = (uint32_t)little_endian(e + layouts[type].domain, is_wide && type != LOCAL_APIC ? 4 : 1);
    if (type == LOCAL_APIC) {
        entry.apic_id = e[APIC_ID];
        if (is_wide)
            entry.domain |= (uint32_t)little_endian(e + APIC_DOMAIN_HIGH, 3) << 8;
    } else if (type == LOCAL_X2APIC) {
        entry.apic_id = (uint32_t)little_endian(e + X2APIC_ID, 4);
        entry.domain = (uint32_t)little_endian(e + layouts[type].domain, 4);
    } else if (type == MEMORY) {
        entry.type = SRAT_MEMORY;
        entry.range = (struct phys_range){ phys_addr(little_endian(e + MEMORY_START, 8)),
                                           little_endian(e + MEMORY_LENGTH, 8) };
        entry.is_hot_pluggable = flags & FLAG_HOT_PLUGGABLE;
        entry.is_non_volatile = flags & FLAG_NON_VOLATILE;
    } else {
        entry.type = SRAT_GENERIC_INITIATOR;
    }
    return entry;
}

bool srat_next(struct acpi_table table, size_t *cursor, struct srat_entry *ret)
{
    size_t at = *cursor ? *cursor : SRAT_ENTRIES;

    while (table.n_bytes >= at && table.n_bytes - at >= ENTRY_HEADER_BYTES) {
        const uint8_t *e = table.bytes + at;
        const uint8_t type = e[ENTRY_TYPE], length = e[ENTRY_LENGTH];

        if (length < ENTRY_HEADER_BYTES || length > table.n_bytes - at)
            break;
        at += length;
        if (type < ENTRY_TYPES && layouts[type].bytes && length >= layouts[type].bytes &&
            e[layouts[type].flags] & FLAG_ENABLED) {
            *ret = read_entry(e, type, table.bytes[SRAT_REVISION] >= SRAT_REVISION_WIDE);
            *cursor = at;
            return true;
        }
    }
    *cursor = at;
    return false;
}

uint64_t srat_memory_bytes(struct acpi_table table)
{
    struct srat_entry e;
    uint64_t sum = 0;

    for (size_t cursor = 0; srat_next(table, &cursor, &e);)
        if (e.type == SRAT_MEMORY && !e.is_non_volatile) {
            if (e.is_hot_pluggable)
                return 0;
            sum = e.range.bytes > UINT64_MAX - sum ? UINT64_MAX : sum + e.range.bytes;
        }
    return sum;
}
