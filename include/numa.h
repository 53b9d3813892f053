/*
 * Which memory is near to which processors: SRAT, SLIT and HMAT (ACPI 6.5, 5.2.16 System Resource Affinity Table,
 * 5.2.17 System Locality Information Table, 5.2.27 Heterogeneous Memory Attribute Table), against the memory map. Pure.
 */
#ifndef NUMA_H
#define NUMA_H

#include "acpi.h"
#include "map_report.h"

#define SRAT_SIGNATURE "SRAT"
#define SLIT_SIGNATURE "SLIT"
#define HMAT_SIGNATURE "HMAT"

/*
 * Sound by acpi_find_table(), their contents may be anything. bytes == NULL: the machine has none; n_bytes == 0: it has
 * one that is not sound, which is a finding.
 */
struct numa_tables {
    struct acpi_table srat, slit, hmat;
};

enum srat_type { SRAT_PROCESSOR, SRAT_MEMORY, SRAT_GENERIC_INITIATOR };

/* An enabled entry. */
struct srat_entry {
    enum srat_type type;
    uint32_t domain;
    uint32_t apic_id;       /* SRAT_PROCESSOR, by its local APIC or x2APIC */
    struct phys_range range; /* SRAT_MEMORY: may wrap, or hold no bytes */
    bool is_hot_pluggable; /* may go or come: it says nothing about what is there now (ACPI 6.5, 5.2.16.2) */
    bool is_non_volatile;
};

/*
 * The next enabled entry of these types from *cursor on, 0 at first; moves the cursor on. False: there are no more, and
 * the cursor is the table's size; or the table is cut, or an entry's length impossible.
 */
bool srat_next(struct acpi_table table, size_t *cursor, struct srat_entry *ret);

/* Bytes in the volatile ranges; 0 if any is hot-pluggable: then nobody knows what is there. Saturates. */
uint64_t srat_memory_bytes(struct acpi_table table);

/* Scratch that numa_report() needs; 0 only if that overflows. */
size_t numa_buffer_bytes(const struct map_subject *subject);

/*
 * Domains with their processors, their memory and what of it is usable, ranges, distances, latencies and bandwidths. As
 * findings: ranges that overlap, memory that no domain has, domains' ranges that are no memory, what the tables say
 * that cannot be. Without an SRAT there are no domains, and that is no finding.
 *
 * style->format  text, CSV or JSON.
 * buffer         8-aligned, apart from map and tables; its contents are arbitrary afterwards.
 * ret_findings   how many. Written on REPORT_OK.
 *
 * REPORT_BAD_MAP, REPORT_NO_SPACE: nothing has been printed.
 */
MUST_CHECK enum report_status numa_report(const struct report_style *style, const struct numa_tables *tables,
                                          const struct map_subject *subject, void *buffer, size_t buffer_bytes,
                                          uint64_t *ret_findings);

#endif
