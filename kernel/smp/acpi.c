#include "acpi.h"

#include <stdbool.h>

#include "little_endian.h"

#define SIGNATURE_BYTES 4

/* ACPI 6.5, table 5.26 DESCRIPTION_HEADER Fields. */
#define HEADER_LENGTH 4

/* ACPI 6.5, 5.2.5.3 Root System Description Pointer (RSDP) Structure. */
#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_SIGNATURE_BYTES 8
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_BYTES_1 20 /* revision 0; from 2 on the structure goes on */
#define RSDP_LENGTH 20
#define RSDP_XSDT 24
#define RSDP_BYTES_2 36

/* ACPI 6.5, table 5.9 FADT Format. */
#define FADT_SIGNATURE "FACP"
#define FADT_FIRMWARE_CTRL 36
#define FADT_DSDT 40
#define FADT_X_FIRMWARE_CTRL 132
#define FADT_X_DSDT 140
#define FADT_BYTES_32 44
#define FADT_BYTES_64 148

#define RSDT_ENTRY_BYTES 4
#define XSDT_ENTRY_BYTES 8

static bool same(const uint8_t *at, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (at[i] != (uint8_t)text[i])
            return false;
    return true;
}

static bool sums_to_zero(const uint8_t *at, size_t bytes)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + at[i]);
    return !sum;
}

static const uint8_t *reach(const struct acpi_memory *memory, uint64_t start, uint64_t bytes)
{
    if (!start || bytes > UINT64_MAX - start)
        return NULL;
    return memory->reach(memory->context, (struct phys_range){ phys_addr(start), bytes });
}

static bool has_name(const struct acpi_memory *memory, uint64_t at, const char *signature)
{
    const uint8_t *name = reach(memory, at, SIGNATURE_BYTES);

    return name && same(name, signature, SIGNATURE_BYTES);
}

/* The header first, since only that says how much there is to look at. */
static bool read_table(const struct acpi_memory *memory, uint64_t at, const char *signature, struct acpi_table *ret)
{
    const uint8_t *bytes = reach(memory, at, ACPI_HEADER_BYTES);
    uint64_t length;

    if (!bytes || !same(bytes, signature, SIGNATURE_BYTES))
        return false;
    length = little_endian(bytes + HEADER_LENGTH, 4);
    if (length < ACPI_HEADER_BYTES || length > ACPI_TABLE_BYTES_MAX)
        return false;
    bytes = reach(memory, at, length);
    if (!bytes || !sums_to_zero(bytes, length))
        return false;
    *ret = (struct acpi_table){ bytes, length };
    return true;
}

/* What RSDP says, its own checks passed; a root of 0 is none. */
static bool read_rsdp(const struct acpi_memory *memory, uint64_t at, uint64_t *ret_xsdt, uint64_t *ret_rsdt)
{
    const uint8_t *rsdp = reach(memory, at, RSDP_BYTES_1);

    if (!rsdp || !same(rsdp, RSDP_SIGNATURE, RSDP_SIGNATURE_BYTES) || !sums_to_zero(rsdp, RSDP_BYTES_1))
        return false;
    *ret_rsdt = little_endian(rsdp + RSDP_RSDT, 4);
    *ret_xsdt = 0;
    if (rsdp[RSDP_REVISION] < 2)
        return true;
    rsdp = reach(memory, at, RSDP_BYTES_2);
    if (rsdp && little_endian(rsdp + RSDP_LENGTH, 4) == RSDP_BYTES_2 && sums_to_zero(rsdp, RSDP_BYTES_2))
        *ret_xsdt = little_endian(rsdp + RSDP_XSDT, 8);
    return true; /* an extension that is broken still leaves the RSDT */
}

static enum acpi_status search(const struct acpi_memory *memory, const struct acpi_table *root, size_t entry_bytes,
                               const char *signature, struct acpi_table *ret)
{
    enum acpi_status status = ACPI_NOT_FOUND;

    for (size_t at = ACPI_HEADER_BYTES; root->n_bytes - at >= entry_bytes; at += entry_bytes) {
        const uint64_t table = little_endian(root->bytes + at, entry_bytes);

        if (read_table(memory, table, signature, ret))
            return ACPI_OK;
        if (has_name(memory, table, signature))
            status = ACPI_BAD_TABLE;
    }
    return status;
}

enum acpi_status acpi_find_table(const struct acpi_memory *memory, phys_addr_t rsdp, const char signature[4],
                                 struct acpi_table *ret)
{
    struct acpi_table root;
    uint64_t xsdt, rsdt;

    if (!rsdp.value || !read_rsdp(memory, rsdp.value, &xsdt, &rsdt))
        return ACPI_NO_RSDP;
    if (read_table(memory, xsdt, "XSDT", &root))
        return search(memory, &root, XSDT_ENTRY_BYTES, signature, ret);
    if (read_table(memory, rsdt, "RSDT", &root))
        return search(memory, &root, RSDT_ENTRY_BYTES, signature, ret);
    return ACPI_NO_ROOT;
}

struct walk {
    const struct acpi_memory *memory;
    void (*found)(void *context, struct phys_range table);
    void *context;
};

/* Any table begins with a signature and its length, the FACS too, which has no more of the header. */
static uint64_t note(const struct walk *walk, uint64_t at)
{
    const uint8_t *head = reach(walk->memory, at, HEADER_LENGTH + 4);
    const uint64_t bytes = head ? little_endian(head + HEADER_LENGTH, 4) : 0;

    if (bytes < HEADER_LENGTH + 4 || bytes > ACPI_TABLE_BYTES_MAX || !reach(walk->memory, at, bytes))
        return 0;
    walk->found(walk->context, (struct phys_range){ phys_addr(at), bytes });
    return bytes;
}

static void note_fadt(const struct walk *walk, uint64_t at, uint64_t bytes)
{
    const uint8_t *fadt = bytes < FADT_BYTES_32 ? NULL : reach(walk->memory, at, bytes);

    if (!fadt || !same(fadt, FADT_SIGNATURE, SIGNATURE_BYTES))
        return;
    note(walk, little_endian(fadt + FADT_FIRMWARE_CTRL, 4));
    note(walk, little_endian(fadt + FADT_DSDT, 4));
    if (bytes < FADT_BYTES_64)
        return;
    note(walk, little_endian(fadt + FADT_X_FIRMWARE_CTRL, 8));
    note(walk, little_endian(fadt + FADT_X_DSDT, 8));
}

static void walk_root(const struct walk *walk, uint64_t at, size_t entry_bytes)
{
    const uint64_t bytes = note(walk, at);
    const uint8_t *root = bytes >= ACPI_HEADER_BYTES ? reach(walk->memory, at, bytes) : NULL;

    if (!root)
        return;
    for (uint64_t i = ACPI_HEADER_BYTES; bytes - i >= entry_bytes; i += entry_bytes) {
        const uint64_t table = little_endian(root + i, entry_bytes);

        note_fadt(walk, table, note(walk, table));
    }
}

void acpi_walk(const struct acpi_memory *memory, phys_addr_t rsdp,
               void (*found)(void *context, struct phys_range table), void *context)
{
    const struct walk walk = { memory, found, context };
    uint64_t xsdt, rsdt;

    if (!rsdp.value || !read_rsdp(memory, rsdp.value, &xsdt, &rsdt))
        return;
    found(context, (struct phys_range){ rsdp, xsdt ? RSDP_BYTES_2 : RSDP_BYTES_1 });
    walk_root(&walk, rsdt, RSDT_ENTRY_BYTES);
    walk_root(&walk, xsdt, XSDT_ENTRY_BYTES);
}
