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

static void walk(struct listing *l, struct acpi_table slit,
                 void (*visit)(struct listing *l, uint64_t from, uint64_t to, uint8_t distance))
{
    const uint64_t n = localities(slit);

    for (uint64_t i = 0; i < n && i < LOCALITIES_MAX; i++)
        for (uint64_t k = 0; k < n && k < LOCALITIES_MAX; k++)
            visit(l, i, k, slit.bytes[SLIT_MATRIX + i * n + k]);
}

static void list(struct listing *l, uint64_t from, uint64_t to, uint8_t distance)
{
    listing_record(l, (const union cell[]){ { from }, { to }, { distance }, { .text = "distance" } });
}

static void find(struct listing *l, uint64_t from, uint64_t to, uint8_t distance)
{
    if (from == to ? distance != DISTANCE_LOCAL : distance <= DISTANCE_LOCAL)
        listing_finding(l, (struct phys_range){ 0 }, "the SLIT's distance from domain %lu to %lu is %u", from, to,
                        distance);
}

void slit_list(struct listing *l, struct acpi_table slit)
{
    walk(l, slit, list);
    if (localities(slit) > LOCALITIES_MAX)
        listing_note(l, LISTING_IS_CUT);
}

void slit_find(struct listing *l, struct acpi_table slit)
{
    if (slit.n_bytes && !localities(slit))
        listing_finding(l, (struct phys_range){ 0 }, "the SLIT has no whole matrix");
    walk(l, slit, find);
}
