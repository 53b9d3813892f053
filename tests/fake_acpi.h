/* ACPI tables in a made-up physical memory, for the tests of who reads them. */
#ifndef FAKE_ACPI_H
#define FAKE_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "acpi.h"

#define FAKE_ACPI_START 0x7FE000 /* physical address of the first byte */
#define FAKE_ACPI_BYTES 4096

/* Each access gets its own copy of just the bytes that were asked for: ASan sees every one beyond them. */
struct fake_acpi {
    uint8_t bytes[FAKE_ACPI_BYTES];
    struct acpi_memory memory;
    void **copies;
    size_t n_copies;
};

void fake_acpi_open(struct fake_acpi *fake);
void fake_acpi_close(struct fake_acpi *fake);

uint8_t *fake_acpi_at(struct fake_acpi *fake, uint64_t address);
void fake_acpi_put(struct fake_acpi *fake, uint64_t address, uint64_t value, size_t bytes);

/* Makes the byte at `at` what the others lack to a sum of 0. */
void fake_acpi_sum(struct fake_acpi *fake, uint64_t start, size_t bytes, size_t at);

/* A table with a right header; the body stays as it is. */
void fake_acpi_table(struct fake_acpi *fake, uint64_t address, const char *signature, uint32_t bytes);

#endif
