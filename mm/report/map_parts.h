/* The parts of map_report(), one a file: private to mm/report/. */
#ifndef MAP_PARTS_H
#define MAP_PARTS_H

#include "anomalies.h"
#include "map_report.h"

#define FIRMWARE_TYPES_NAMED (FIRMWARE_UNACCEPTED + 1)
#define FIRMWARE_TYPE_OTHER FIRMWARE_TYPES_NAMED /* all that UEFI 2.10 does not define */

struct map_total {
    uint64_t entries; /* descriptors, or regions */
    uint64_t pages;
};

/* Descriptors that region_normalize() drops are left out. */
struct map_totals {
    struct map_total types[FIRMWARE_TYPES_NAMED + 1];
    struct map_total regions[REGION_TYPES];
};

struct map_view {
    const struct report_style *style;
    const struct map_subject *subject;
    struct region_map regions; /* as long as boot services run; their array lies in the buffer */
    struct map_totals totals;
    uint64_t n[2]; /* anomalies, remarks */
    void *buffer;
    size_t buffer_bytes;
};

void map_count_totals(const struct map_subject *subject, const struct region_map *regions, struct map_totals *ret);

/* The uses of the own ranges that the bytes [start, end) touch: "this program, buffer for the map"; or nothing. */
void map_print_uses(const struct sink *sink, const struct map_subject *subject, uint64_t start, uint64_t end);
bool map_has_uses(const struct map_subject *subject, uint64_t start, uint64_t end);

/* Every anomaly, with its descriptors. Uses the buffer: the regions are gone afterwards. */
void map_visit_anomalies(const struct map_view *view, const struct anomaly_visitor *visitor);

/* Looks neither at regions nor at totals. */
void map_print_sfo(const struct map_view *view);

/* These end with the anomalies: the regions are gone afterwards. */
void map_print_text(const struct map_view *view);
void map_print_records(const struct map_view *view);

#endif
