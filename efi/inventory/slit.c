#include "little_endian.h"
#include "numa_report.h"

/* ACPI 6.5, 5.2.17 System Locality Information Table (SLIT). */
#define SLIT_LOCALITIES ACPI_HEADER_BYTES
#define SLIT_MATRIX (ACPI_HEADER_BYTES + 8)
#define DISTANCE_LOCAL 10 /* and smaller ones mean nothing */

#define LOCALITIES_MAX 64 /* of more, the others are not listed */

/* How many localities the table has a whole matrix for, and we look at. */
static uint64_t localities(struct acpi_table slit)
{
    const uint64_t n = slit.n_bytes < SLIT_MATRIX ? 0 : little_endian(slit.bytes + SLIT_LOCALITIES, 8);

    return n > ACPI_TABLE_BYTES_MAX || n * n > slit.n_bytes - SLIT_MATRIX ? 0 : n;
}

static uint8_t distance(struct acpi_table slit, uint64_t n, uint64_t from, uint64_t to)
{
    return slit.bytes[SLIT_MATRIX + from * n + to];
}

void slit_list(struct listing *l, struct acpi_table slit)
{
    const uint64_t n = localities(slit);

    for (uint64_t i = 0; i < n && i < LOCALITIES_MAX; i++)
        for (uint64_t k = 0; k < n && k < LOCALITIES_MAX; k++)
            listing_record(l, (const union cell[]){ { i }, { k }, { distance(slit, n, i, k) },
                                                    { .text = "distance" } });
}

void slit_find(struct listing *l, struct acpi_table slit)
{
    const uint64_t n = localities(slit);

    if (slit.n_bytes && !n)
        listing_finding(l, (struct phys_range){ 0 }, "the SLIT has no whole matrix");
    for (uint64_t i = 0; i < n && i < LOCALITIES_MAX; i++)
        for (uint64_t k = 0; k < n && k < LOCALITIES_MAX; k++)
            if (i == k ? distance(slit, n, i, k) != DISTANCE_LOCAL : distance(slit, n, i, k) <= DISTANCE_LOCAL)
                listing_finding(l, (struct phys_range){ 0 }, "the SLIT's distance from domain %lu to %lu is %u", i, k,
                                distance(slit, n, i, k));
}
