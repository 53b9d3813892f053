/*
 * The firmware's ACPI tables, read through the window, whatever the direct map holds (ACPI 6.5, 5.2 ACPI System
 * Description Tables). The tests' machines have sound ones.
 */
#ifndef TEST_KERNEL_FIRMWARE_TABLES_H
#define TEST_KERNEL_FIRMWARE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_TABLES_MAX 64

struct acpi_tables {
    uint64_t at[ACPI_TABLES_MAX]; /* physical, each table's header; RSDP, root tables and what only others name too */
    uint32_t bytes[ACPI_TABLES_MAX];
    char signature[ACPI_TABLES_MAX][5];
    size_t n;
};

/* Walks RSDP, RSDT, XSDT and FADT. False: there is no RSDP at that physical address. */
bool acpi_tables_read(uint64_t rsdp, struct acpi_tables *ret);
/* Index of the first table of that name; n if there is none. */
size_t acpi_tables_find(const struct acpi_tables *tables, const char signature[4]);

#endif
