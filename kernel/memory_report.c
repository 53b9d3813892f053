#include "memory_report.h"

static void print_region(const struct sink *sink, const struct mem_region *r)
{
    print_format(sink, "  %lx - %lx (%lS) %s", r->start.value, r->end.value, r->end.value - r->start.value,
                 region_type_name(r->type));
    if (r->type == REGION_UNKNOWN)
        print_format(sink, "(%u)", r->firmware_type);
    print_text(sink, "\n");
}

void memory_report_map(const struct sink *sink, const struct region_map *map)
{
    print_text(sink, "Memory map:\n");
    for (size_t i = 0; i < map->n_regions; i++)
        print_region(sink, &map->regions[i]);
    for (unsigned kind = 0; kind < ANOMALIES; kind++)
        if (map->anomalies[kind])
            print_format(sink, "  Anomaly: %lu descriptor%s %s\n", map->anomalies[kind],
                         map->anomalies[kind] == 1 ? "" : "s", region_anomaly_text(kind));
    print_format(sink, "\nTotal memory: %lS\nUsable memory: %lS\n", map->total_bytes, map->usable_bytes);
}

void memory_report_allocator(const struct sink *sink, const struct pmm_stats *stats, struct phys_range metadata)
{
    print_format(sink, "Physical allocator: %lu frames (%lS)\n", stats->usable_frames,
                 frames_to_bytes(stats->usable_frames));
    print_format(sink, "Bitmap location: %lx (%lS)\n", metadata.start.value, metadata.bytes);
    print_format(sink, "Free frames: %lu (%lS)\n", stats->free_frames, frames_to_bytes(stats->free_frames));
}
