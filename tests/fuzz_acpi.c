/*
 * acpi_find_table(), acpi_walk() and the readers of MADT, DMAR and IVRS on arbitrary bytes as the machine's memory:
 * whatever is found is a sound table, inside the memory, and its processors occur once. The fuzzer would not guess
 * checksums: where the first byte is odd they are made right for the structures at fixed places.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake_acpi.h"
#include "iommu.h"
#include "madt.h"
#include "panic.h"

#define IDS_MAX 16

#define RSDP FAKE_ACPI_START
#define ROOT (FAKE_ACPI_START + 0x40)
#define TABLE (FAKE_ACPI_START + 0x100)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t length_at(struct fake_acpi *fake, uint64_t address)
{
    uint32_t length;

    memcpy(&length, fake_acpi_at(fake, address) + 4, sizeof length);
    return length > FAKE_ACPI_BYTES - (address - FAKE_ACPI_START) ? 0 : length;
}

static void repair(struct fake_acpi *fake)
{
    memcpy(fake_acpi_at(fake, RSDP), "RSD PTR ", 8);
    fake_acpi_put(fake, RSDP + 16, ROOT, 4);
    fake_acpi_put(fake, RSDP + 24, ROOT, 8);
    fake_acpi_sum(fake, RSDP, 20, 8);
    fake_acpi_sum(fake, RSDP, 36, 32);
    memcpy(fake_acpi_at(fake, ROOT), *fake_acpi_at(fake, RSDP + 15) < 2 ? "RSDT" : "XSDT", 4);
    memcpy(fake_acpi_at(fake, TABLE), MADT_SIGNATURE, 4);
    if (length_at(fake, ROOT) > 9)
        fake_acpi_sum(fake, ROOT, length_at(fake, ROOT), 9);
    if (length_at(fake, TABLE) > 9)
        fake_acpi_sum(fake, TABLE, length_at(fake, TABLE), 9);
}

static void check(struct acpi_table table)
{
    uint32_t ids[IDS_MAX];
    struct madt_processors p;
    uint8_t sum = 0;

    ASSERT(table.n_bytes >= ACPI_HEADER_BYTES && table.n_bytes <= FAKE_ACPI_BYTES);
    ASSERT(!memcmp(table.bytes, MADT_SIGNATURE, 4));
    for (size_t i = 0; i < table.n_bytes; i++)
        sum = (uint8_t)(sum + table.bytes[i]);
    ASSERT(!sum);
    p = madt_read(table, ids, IDS_MAX);
    ASSERT(p.n <= IDS_MAX);
    ASSERT(!p.n_left_out || p.n == IDS_MAX);
    for (size_t i = 0; i < p.n; i++)
        for (size_t k = 0; k < i; k++)
            ASSERT(ids[i] != ids[k]);
}

static void check_entries(struct acpi_table table)
{
    struct madt_entry entry;
    phys_addr_t unit;
    size_t reached = 0;
    uint32_t uid;

    for (size_t cursor = 0; madt_next(table, &cursor, &entry); reached = cursor) {
        ASSERT(cursor > reached && cursor <= table.n_bytes && entry.bytes + entry.n_bytes == table.bytes + cursor);
        if (madt_uid_of(table, entry.bytes[entry.n_bytes - 1], &uid))
            ASSERT(entry.n_bytes < table.n_bytes);
    }
    reached = 0;
    for (size_t cursor = 0; iommu_next_intel(table, &cursor, &unit); reached = cursor)
        ASSERT(cursor > reached && cursor <= table.n_bytes && unit.value && !(unit.value & PAGE_MASK));
    reached = 0;
    for (size_t cursor = 0; iommu_next_amd(table, &cursor, &unit); reached = cursor)
        ASSERT(cursor > reached && cursor <= table.n_bytes && unit.value && !(unit.value & PAGE_MASK));
}

static void check_found(void *context, struct phys_range table)
{
    const uint64_t at = table.start.value - FAKE_ACPI_START;

    (void)context;
    ASSERT(table.bytes >= 8 && table.bytes <= FAKE_ACPI_BYTES);
    ASSERT(table.start.value >= FAKE_ACPI_START && at <= FAKE_ACPI_BYTES - table.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_acpi fake;
    struct acpi_table table;

    fake_acpi_open(&fake);
    memcpy(fake.bytes, data, size < FAKE_ACPI_BYTES ? size : FAKE_ACPI_BYTES);
    if (fake.bytes[0] & 1)
        repair(&fake);
    if (acpi_find_table(&fake.memory, phys_addr(RSDP), MADT_SIGNATURE, &table) == ACPI_OK)
        check(table);
    acpi_walk(&fake.memory, phys_addr(RSDP), check_found, NULL);
    check_entries((struct acpi_table){ data, size });
    fake_acpi_close(&fake);
    return 0;
}
