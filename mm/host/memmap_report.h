/* The reports of memmap-report that are its own. Private to it. */
#ifndef MEMMAP_REPORT_H
#define MEMMAP_REPORT_H

#include "arguments.h"
#include "format.h"
#include "map_subject.h"

/* Exit statuses, beside 0. */
enum { EXIT_BAD_MAP = 1, EXIT_USAGE = 2, EXIT_ANOMALIES = 3 };

/* What the loader prints of the map when it boots. Both return an exit status; failures have been printed. */
int boot_report(const struct sink *sink, const char *name, const struct map_subject *subject);

/* Draws the map, and the allocator in it if there can be one, and writes a PNG. */
int picture_file(const struct report_arguments *arguments, const struct map_subject *subject);

#endif
