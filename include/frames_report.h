/*
 * What the frame allocator makes of a memory map, by a dry run: the very same pmm_init() builds a real allocator in a
 * buffer, as if boot services had ended, and is asked what it has. Nothing is written to the memory that it is about. Pure.
 */
#ifndef FRAMES_REPORT_H
#define FRAMES_REPORT_H

#include "map_report.h"

/* Scratch that frames_report() needs: regions, and all of the allocator's metadata; 0 only if that overflows. */
size_t frames_report_buffer_bytes(const struct map_subject *subject);

/*
 * style->format: REPORT_TEXT, REPORT_CSV or REPORT_JSON. buffer: 64-aligned.
 * REPORT_NO_MEMORY: no usable memory, or none that the metadata would fit into; has been said in the report.
 */
MUST_CHECK enum report_status frames_report(const struct report_style *style, const struct map_subject *subject,
                                            void *buffer, size_t buffer_bytes);

#endif
