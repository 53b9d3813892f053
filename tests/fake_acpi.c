#include "fake_acpi.h"

#include <stdlib.h>
#include <string.h>

#include "panic.h"

static const void *reach(void *context, struct phys_range range)
{
    struct fake_acpi *fake = context;
    const uint64_t at = range.start.value - FAKE_ACPI_START;

    ASSERT(range.bytes > 0 && range.bytes <= UINT64_MAX - range.start.value);
    if (range.start.value < FAKE_ACPI_START || at > FAKE_ACPI_BYTES || range.bytes > FAKE_ACPI_BYTES - at)
        return NULL;
    fake->copies = realloc(fake->copies, (fake->n_copies + 1) * sizeof *fake->copies);
    fake->copies[fake->n_copies] = malloc(range.bytes);
    memcpy(fake->copies[fake->n_copies], fake->bytes + at, range.bytes);
    return fake->copies[fake->n_copies++];
}

void fake_acpi_open(struct fake_acpi *fake)
{
    *fake = (struct fake_acpi){ .memory = { fake, reach } };
}

void fake_acpi_close(struct fake_acpi *fake)
{
    while (fake->n_copies)
        free(fake->copies[--fake->n_copies]);
    free(fake->copies);
    fake->copies = NULL;
}

uint8_t *fake_acpi_at(struct fake_acpi *fake, uint64_t address) { return fake->bytes + (address - FAKE_ACPI_START); }

void fake_acpi_put(struct fake_acpi *fake, uint64_t address, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        fake_acpi_at(fake, address)[i] = (uint8_t)(value >> (8 * i));
}

void fake_acpi_sum(struct fake_acpi *fake, uint64_t start, size_t bytes, size_t at)
{
    uint8_t *table = fake_acpi_at(fake, start), sum = 0;

    table[at] = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + table[i]);
    table[at] = (uint8_t)-sum;
}

void fake_acpi_table(struct fake_acpi *fake, uint64_t address, const char *signature, uint32_t bytes)
{
    memcpy(fake_acpi_at(fake, address), signature, 4);
    fake_acpi_put(fake, address + 4, bytes, 4);
    fake_acpi_sum(fake, address, bytes, 9);
}
