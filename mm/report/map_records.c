/* The map as CSV and JSON. */
#include "map_parts.h"
#include "report_records.h"
#include "report_text.h"

/* See include/map_report.h. */
enum column {
    INDEX,
    TYPE,
    NAME,
    START,
    END,
    PAGES,
    BYTES,
    ATTRIBUTES,
    ATTRIBUTE_NAMES,
    COUNT,
    OTHER,
    TEXT,
    DESCRIPTOR_BYTES,
    PHYS_BITS,
    TOTAL_BYTES,
    USABLE_BYTES,
};

static const char columns[] = "index,type,name,start,end,pages,bytes,attributes,attribute_names,count,other,text,"
                              "descriptor_bytes,phys_bits,total_bytes,usable_bytes";

static void put_end(struct records *r, uint64_t start, uint64_t bytes)
{
    uint64_t end;

    if (!__builtin_add_overflow(start, bytes, &end))
        records_hex(r, END, end);
}

static void put_pages(struct records *r, uint64_t pages)
{
    records_number(r, PAGES, pages);
    if (pages <= UINT64_MAX >> PAGE_SHIFT)
        records_number(r, BYTES, frames_to_bytes(pages));
}

static void add_range(struct records *r, const char *name, struct phys_range range, const char *text)
{
    records_add(r);
    records_text(r, NAME, name);
    records_hex(r, START, range.start.value);
    put_end(r, range.start.value, range.bytes);
    records_number(r, BYTES, range.bytes);
    records_text(r, TEXT, text);
}

static void add_map(struct records *r, const struct map_view *view)
{
    records_add_single(r, "map");
    records_number(r, COUNT, view->regions.n_descriptors);
    records_number(r, DESCRIPTOR_BYTES, view->subject->map.stride);
    records_number(r, PHYS_BITS, view->subject->phys_bits);
    records_number(r, TOTAL_BYTES, view->regions.total_bytes);
    records_number(r, USABLE_BYTES, view->regions.usable_bytes);
}

static void add_descriptor(struct records *r, const struct map_subject *subject, uint64_t index)
{
    const struct firmware_descriptor d = firmware_map_descriptor(&subject->map, index);
    uint64_t end;
    const bool has_end = firmware_descriptor_end(&d, &end);

    records_add(r);
    records_number(r, INDEX, index);
    records_number(r, TYPE, d.type);
    records_text(r, NAME, firmware_type_name(d.type));
    records_hex(r, START, d.start);
    if (has_end)
        records_hex(r, END, end);
    put_pages(r, d.pages);
    if (!subject->without_attributes) {
        records_hex(r, ATTRIBUTES, d.attributes);
        print_attribute_names(records_open_text(r, ATTRIBUTE_NAMES), d.attributes);
        records_close_text(r);
    }
    if (has_end && map_has_uses(subject, d.start, end)) {
        map_print_uses(records_open_text(r, TEXT), subject, d.start, end);
        records_close_text(r);
    }
}

static void add_regions(struct records *r, const struct region_map *map)
{
    records_group(r, "regions", "region");
    for (size_t i = 0; i < map->n_regions; i++) {
        const struct mem_region *region = &map->regions[i];

        records_add(r);
        if (region->type == REGION_UNKNOWN)
            records_number(r, TYPE, region->firmware_type);
        records_text(r, NAME, region_type_name(region->type));
        records_hex(r, START, region->start.value);
        records_hex(r, END, region->end.value);
        put_pages(r, region_range(region).bytes >> PAGE_SHIFT);
    }
}

static void add_total(struct records *r, const char *name, const struct map_total *total)
{
    if (!total->entries)
        return;
    records_add(r);
    records_text(r, NAME, name);
    put_pages(r, total->pages);
    records_number(r, COUNT, total->entries);
}

static void add_totals(struct records *r, const struct map_totals *totals)
{
    records_group(r, "descriptor_totals", "descriptor_total");
    for (uint32_t type = 0; type < FIRMWARE_TYPES_NAMED; type++)
        add_total(r, firmware_type_name(type), &totals->types[type]);
    add_total(r, "other types", &totals->types[FIRMWARE_TYPE_OTHER]);
    records_group(r, "region_totals", "region_total");
    for (unsigned type = 0; type < REGION_TYPES; type++)
        add_total(r, region_type_name((enum region_type)type), &totals->regions[type]);
}

/* What was known about the memory beside its map. */
static void add_knowledge(struct records *r, const struct map_subject *subject)
{
    records_group(r, "own", "own");
    for (size_t i = 0; i < subject->n_own; i++)
        add_range(r, NULL, subject->own[i].bytes, subject->own[i].use);
    records_group(r, "claims", "claim");
    for (size_t i = 0; i < subject->n_claims; i++)
        add_range(r, region_type_name(subject->claims[i].type), subject->claims[i].bytes, NULL);
    records_group(r, "metadata", "metadata");
    if (subject->metadata.bytes)
        add_range(r, NULL, subject->metadata, NULL);
    records_group(r, "reserved", "reserved");
    for (size_t i = 0; i < subject->n_reserved; i++) {
        records_add(r);
        records_hex(r, START, frame_start(subject->reserved[i].first).value);
        put_pages(r, subject->reserved[i].count);
    }
}

struct anomaly_recorder {
    struct anomaly_visitor visitor;
    struct records *records;
    bool remarks; /* these, or the others */
};

static void add_anomaly(const struct anomaly_visitor *visitor, const struct anomaly *a)
{
    const struct anomaly_recorder *recorder = CONTAINER_OF(visitor, struct anomaly_recorder, visitor);
    struct records *r = recorder->records;

    if (a->is_remark != recorder->remarks)
        return;
    records_add(r);
    records_number(r, INDEX, a->descriptor);
    records_text(r, NAME, anomaly_name(a->kind));
    if (a->other != ANOMALY_ALONE)
        records_number(r, OTHER, a->other);
    records_text(r, TEXT, region_anomaly_text(a->kind));
}

void map_print_records(const struct map_view *view)
{
    struct records r;
    struct anomaly_recorder recorder = { { add_anomaly }, &r, true };

    records_begin(&r, view->style, "map", columns);
    add_map(&r, view);
    records_group(&r, "descriptors", "descriptor");
    for (uint64_t i = 0; i < view->regions.n_descriptors; i++)
        add_descriptor(&r, view->subject, i);
    add_regions(&r, &view->regions);
    add_totals(&r, &view->totals);
    add_knowledge(&r, view->subject);
    records_group(&r, "remarks", "remark");
    map_visit_anomalies(view, &recorder.visitor); /* last, these two: they take the regions' buffer */
    recorder.remarks = false;
    records_group(&r, "anomalies", "anomaly");
    map_visit_anomalies(view, &recorder.visitor);
    records_end(&r);
}
