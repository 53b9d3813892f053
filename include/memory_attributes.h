/*
 * The EFI memory attributes table: which runtime memory may be written, and which executed, so that an operating system
 * can protect it (UEFI 2.10, 4.6.4, the memory attributes table), against the memory map. Pure.
 */
#ifndef MEMORY_ATTRIBUTES_H
#define MEMORY_ATTRIBUTES_H

#include "map_report.h"

/* Version, number of entries, size of an entry, flags: four bytes each. Then the entries, memory descriptors. */
#define MEMORY_ATTRIBUTES_HEADER_BYTES 16

/* More than any firmware has: three for each driver that runs on. */
#define MEMORY_ATTRIBUTES_ENTRIES_MAX 4096

/* Bytes of the table that has this header; 0: its numbers cannot be. */
uint64_t memory_attributes_bytes(const uint8_t header[MEMORY_ATTRIBUTES_HEADER_BYTES]);

/* Scratch that memory_attributes_report() needs; 0 only if that overflows. */
size_t memory_attributes_buffer_bytes(const struct map_subject *subject);

/*
 * The entries, and as findings what the table should forbid and does not, what is wrong with it by the specification,
 * and where it and the map's runtime regions disagree.
 *
 * style->format  text, CSV or JSON.
 * table          n_bytes of it are there: fewer than memory_attributes_bytes() are a table that is cut, 0 that the
 *                machine has none, which is no finding.
 * buffer         8-aligned, apart from map and table; its contents are arbitrary afterwards.
 * ret_findings   how many. Written on REPORT_OK.
 *
 * REPORT_BAD_MAP, REPORT_NO_SPACE: nothing has been printed.
 */
MUST_CHECK enum report_status memory_attributes_report(const struct report_style *style, const uint8_t *table,
                                                       size_t n_bytes, const struct map_subject *subject, void *buffer,
                                                       size_t buffer_bytes, uint64_t *ret_findings);

#endif
