#include "firmware_tables.h"

#include "compiler.h"
#include "tables.h"

#define RSDP_BYTES_V1 20
#define HEADER_BYTES 36

/* ACPI 6.5, 5.2.5.3 Root System Description Pointer Structure. */
struct PACKED rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    uint32_t other;
};

/* ACPI 6.5, 5.2.9 Fixed ACPI Description Table: the tables that only it names. */
#define FADT_FACS 36
#define FADT_DSDT 40
#define FADT_X_FACS 132
#define FADT_X_DSDT 140

static void add(struct acpi_tables *t, uint64_t at, uint32_t bytes, const char *signature)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i] == at)
            return;
    if (!at || t->n == ACPI_TABLES_MAX)
        return;
    t->at[t->n] = at;
    t->bytes[t->n] = bytes;
    __builtin_memcpy(t->signature[t->n], signature, 4);
    t->signature[t->n++][4] = '\0';
}

static void add_with_header(struct acpi_tables *t, uint64_t at)
{
    uint32_t header[2];

    if (!at)
        return;
    window_read(at, header, sizeof(header));
    add(t, at, header[1], (const char *)header);
}

static void add_entries(struct acpi_tables *t, uint64_t root, uint32_t entry_bytes)
{
    uint32_t header[2];

    if (!root)
        return;
    add_with_header(t, root);
    window_read(root, header, sizeof(header));
    for (uint32_t at = HEADER_BYTES; at + entry_bytes <= header[1]; at += entry_bytes) {
        uint64_t entry = 0;

        window_read(root + at, &entry, entry_bytes);
        add_with_header(t, entry);
    }
}

static void add_of_fadt(struct acpi_tables *t)
{
    const size_t fadt = acpi_tables_find(t, "FACP");
    static const uint32_t fields[][2] = { { FADT_FACS, 4 }, { FADT_DSDT, 4 }, { FADT_X_FACS, 8 }, { FADT_X_DSDT, 8 } };

    if (fadt == t->n)
        return;
    const uint64_t at = t->at[fadt];
    const uint32_t bytes = t->bytes[fadt];

    for (unsigned i = 0; i < ARRAY_LENGTH(fields); i++) {
        uint64_t table = 0;

        if (fields[i][0] + fields[i][1] > bytes)
            continue;
        window_read(at + fields[i][0], &table, fields[i][1]);
        add_with_header(t, table);
    }
}

bool acpi_tables_read(uint64_t at, struct acpi_tables *ret)
{
    struct rsdp rsdp;

    ret->n = 0;
    window_read(at, &rsdp, sizeof(rsdp));
    if (__builtin_memcmp(rsdp.signature, "RSD PTR ", sizeof(rsdp.signature)))
        return false;
    const bool has_xsdt = rsdp.revision >= 2;

    add(ret, at, has_xsdt ? rsdp.length : RSDP_BYTES_V1, "RSDP");
    add_entries(ret, rsdp.rsdt, 4);
    if (has_xsdt)
        add_entries(ret, rsdp.xsdt, 8);
    add_of_fadt(ret);
    return true;
}

size_t acpi_tables_find(const struct acpi_tables *t, const char signature[4])
{
    for (size_t i = 0; i < t->n; i++)
        if (!__builtin_memcmp(t->signature[i], signature, 4))
            return i;
    return t->n;
}
