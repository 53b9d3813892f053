/*
 * What the frame allocator makes of a memory map, by a dry run: the very same pmm_init() builds a real allocator in a
 * buffer, as if boot services had ended, and is asked what it has. Nothing is written to the memory that it is about.
 * Pure.
 *
 * Fragmentation is external fragmentation: 1 - largest free run / free memory. Beside it stands, for 2 MiB and for
 * 1 GiB, what of the free memory cannot be had in such pages (Linux calls that the unusable free space index).
 *
 * In CSV and JSON the records are (include/report_records.h has the form):
 *
 *   amount           name, start (of metadata and largest_run), pages, bytes. names: usable_now (boot services run),
 *                    reclaimable (usable once they have ended), usable (then), metadata (the allocator's), allocated
 *                    (metadata, frame 0 and what the subject reserves), free, largest_run. Without an allocator, the
 *                    first two alone
 *   free_runs        at_least and at_most (pages of a run), count (of such runs), pages, bytes (of all of them)
 *   whole            bytes (of the aligned block), below_4gib, above_4gib: how many are free as a whole
 *   fragmentation    name (external, unusable_2mib, unusable_1gib), thousandths, text (the definition)
 */
#ifndef FRAMES_REPORT_H
#define FRAMES_REPORT_H

#include "map_report.h"

/* Scratch that frames_report() needs: regions, and all of the allocator's metadata; 0 only if that overflows. */
size_t frames_report_buffer_bytes(const struct map_subject *subject);

/*
 * What the allocator's metadata would take, in the same buffer, whose contents are arbitrary afterwards: for who knows
 * better where it goes, and says so in subject->metadata. 0: frames_report() will say why.
 */
size_t frames_metadata_bytes(const struct map_subject *subject, void *buffer, size_t buffer_bytes);

/*
 * style->format: REPORT_TEXT, REPORT_CSV or REPORT_JSON. buffer: 64-aligned.
 * REPORT_NO_MEMORY: no usable memory, or none that the metadata would fit into; has been said in the report.
 */
MUST_CHECK enum report_status frames_report(const struct report_style *style, const struct map_subject *subject,
                                            void *buffer, size_t buffer_bytes);

#endif
