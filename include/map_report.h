/*
 * The memory map as a report: descriptors as the firmware gave them, regions as region_normalize() makes them (sorted,
 * merged, disjoint), totals per type, and each anomaly with the descriptors that cause it. Pure.
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
};

const char *report_status_text(enum report_status status);

/* Scratch that map_report() needs for this subject; 0 only if that overflows. */
size_t map_report_buffer_bytes(const struct map_subject *subject);

/*
 * style->format: any. buffer: 8-aligned, apart from the map; its contents are arbitrary afterwards.
 * ret_anomalies  how many anomalies there are (0: the map is in order). Written on REPORT_OK.
 */
MUST_CHECK enum report_status map_report(const struct report_style *style, const struct map_subject *subject,
                                         void *buffer, size_t buffer_bytes, uint64_t *ret_anomalies);

#endif
