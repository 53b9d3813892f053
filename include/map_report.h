/*
 * The memory map as a report: descriptors as the firmware gave them, regions as region_normalize() makes them (sorted,
 * merged, disjoint), totals per type, and each anomaly with the descriptors that cause it. What UEFI allows, but few
 * would expect, is a remark and no anomaly: a map that is not sorted, free memory that is not general, types of OEMs and
 * of operating systems (UEFI 2.10, 7.2.1 AllocatePages()). Pure.
 *
 * Lines end with LF; who writes to a console or a file of the EFI shell makes CR LF of it. REPORT_SFO is then, but for
 * what has changed in the map meanwhile, byte for byte what `memmap -sfo` prints (edk2 2022.11).
 *
 * In CSV and JSON the records are (include/report_records.h has the form):
 *
 *   map                count descriptors, descriptor_bytes, phys_bits, total_bytes (as the shell's "Total Memory"),
 *                      usable_bytes (now, without what boot services and loaders hold)
 *   descriptor         index, type, name (none: a type that UEFI 2.10 does not define), start, end (excluded), pages,
 *                      bytes, attributes, attribute_names, text (what of it is the observer's own). Left out: end and
 *                      bytes if they do not fit into 64 bits, attributes if the source does not tell them
 *   region             name, type (UNKNOWN alone: the firmware's), start, end, pages, bytes
 *   descriptor_total   name, count, pages, bytes; dropped descriptors are not in it
 *   region_total       name, count, pages, bytes
 *   own                start, end, bytes, text
 *   claim              name of the region type, start, end, bytes
 *   metadata           start, end, bytes: where the allocator's lies, if that is known
 *   reserved           start, pages, bytes: taken from the allocator since
 *   remark, anomaly    index, name (include/anomalies.h), other (the other descriptor, if it takes two), text
 */
#ifndef MAP_REPORT_H
#define MAP_REPORT_H

#include "map_subject.h"
#include "report.h"

enum report_status {
    REPORT_OK,
    REPORT_BAD_MAP,   /* the descriptors' size cannot be */
    REPORT_NO_SPACE,  /* the buffer is too small */
    REPORT_NO_MEMORY, /* the map has no room for what the report is about: an allocator */
    REPORT_REFUSED,   /* metadata or reserved frames of the subject contradict its map */
};

const char *report_status_text(enum report_status status);

/* Scratch that map_report() needs for this subject; 0 only if that overflows. */
size_t map_report_buffer_bytes(const struct map_subject *subject);

/*
 * style->format: any. buffer: 8-aligned, apart from the map; its contents are arbitrary afterwards.
 * ret_anomalies  how many anomalies there are, without remarks (0: the map is in order). Written on REPORT_OK.
 */
MUST_CHECK enum report_status map_report(const struct report_style *style, const struct map_subject *subject,
                                         void *buffer, size_t buffer_bytes, uint64_t *ret_anomalies);

/* The report with REPORT_RAW, for who has no buffer. The descriptors' size must be good. */
void map_report_raw(const struct sink *sink, const struct map_subject *subject);

#endif
