/*
 * numa_report() on arbitrary bytes as SRAT, SLIT and HMAT: every format, as many findings in each, ASCII alone; and a
 * walk through the SRAT comes to its end. The first two bytes say where SLIT and HMAT begin, in 1/256ths.
 */
#include "fuzz_inventory.h"
#include "numa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum report_status report(const struct report_style *style, const void *tables,
                                 const struct map_subject *subject, void *buffer, size_t bytes, uint64_t *ret_findings)
{
    return numa_report(style, tables, subject, buffer, bytes, ret_findings);
}

/* A block of its own; what is too short for a header is no table, as acpi_find_table() sees to. */
static struct acpi_table table_of(const uint8_t *data, size_t bytes)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);

    memcpy(copy, data, bytes);
    return (struct acpi_table){ copy, bytes < ACPI_HEADER_BYTES ? 0 : bytes };
}

static void walk(struct acpi_table srat)
{
    struct srat_entry e;
    size_t before = 0;

    for (size_t cursor = 0; srat_next(srat, &cursor, &e); before = cursor)
        ASSERT(cursor > before && cursor <= srat.n_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fixture_map map = fixture_pc();
    const struct map_subject subject = fixture_subject(&map);
    struct numa_tables tables;
    size_t slit, hmat;

    if (size < 2)
        return 0;
    slit = (size - 2) * data[0] / 256;
    hmat = slit + (size - 2 - slit) * data[1] / 256;
    tables = (struct numa_tables){ table_of(data + 2, slit), table_of(data + 2 + slit, hmat - slit),
                                   table_of(data + 2 + hmat, size - 2 - hmat) };
    walk(tables.srat);
    fuzz_reports(&subject, numa_buffer_bytes(&subject), report, &tables);
    free((void *)(uintptr_t)tables.srat.bytes);
    free((void *)(uintptr_t)tables.slit.bytes);
    free((void *)(uintptr_t)tables.hmat.bytes);
    return 0;
}
