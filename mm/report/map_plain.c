/* The map as text for people. */
#include "map_parts.h"
#include "report_text.h"

/*
 *    # Type                   Start        End    Pages     Size Attributes
 *    0 BootServiceCode          0x0     0x1000        1     4 KB UC WC WT WB
 *
 * A region's type takes the place of the first two columns.
 */
#define NAME_COLUMNS "%-22s"
#define ADDRESS_WIDTH_MIN 10

struct plain {
    const struct map_view *view;
    const struct sink *sink;
    unsigned address_width;
};

/* Of the highest address in a sound map, "0x" included. */
static unsigned address_width_of(const struct region_map *map)
{
    const uint64_t end = map->n_regions ? map->regions[map->n_regions - 1].end.value : 0;
    unsigned width = ADDRESS_WIDTH_MIN;

    while (end >> 4 * (width - 2))
        width++;
    return width;
}

/* A line about bytes that end within 64 bits. */
static void print_row(const struct plain *p, const char *name, struct phys_range range)
{
    print_format(p->sink, NAME_COLUMNS " %*lx %*lx", name, p->address_width, range.start.value, p->address_width,
                 phys_range_end(range));
    report_amount(p->view->style, range.bytes >> PAGE_SHIFT);
    print_text(p->sink, "\n");
}

static void print_heading(const struct plain *p, const char *first, const char *last)
{
    print_format(p->sink, NAME_COLUMNS " %*s %*s" REPORT_AMOUNT_HEADING "%s\n", first, p->address_width, "Start",
                 p->address_width, "End", last);
}

static void print_type(const struct sink *sink, uint32_t type)
{
    const char *name = firmware_type_name(type);

    if (name)
        print_format(sink, "%-17s", name);
    else
        print_format(sink, "type %-12x", type);
}

static void print_descriptor(const struct plain *p, uint64_t index)
{
    const struct map_subject *subject = p->view->subject;
    const struct firmware_descriptor d = firmware_map_descriptor(&subject->map, index);
    uint64_t end;
    const bool has_end = firmware_descriptor_end(&d, &end);

    print_format(p->sink, "%4lu ", index);
    print_type(p->sink, d.type);
    print_format(p->sink, " %*lx", p->address_width, d.start);
    if (has_end)
        print_format(p->sink, " %*lx", p->address_width, end);
    else
        print_format(p->sink, " %*s", p->address_width, "wraps");
    report_amount(p->view->style, d.pages);
    if (!subject->without_attributes) {
        print_text(p->sink, " ");
        print_attribute_names(p->sink, d.attributes);
    }
    if (has_end && map_has_uses(subject, d.start, end)) {
        print_text(p->sink, "  <- ");
        map_print_uses(p->sink, subject, d.start, end);
    }
    print_text(p->sink, "\n");
}

static void print_descriptors(const struct plain *p)
{
    const struct map_subject *subject = p->view->subject;
    const uint64_t n = p->view->regions.n_descriptors;

    print_format(p->sink, "Memory map: %lu descriptors of %lu bytes, %u address bits; ends excluded\n", n,
                 subject->map.stride, subject->phys_bits);
    print_heading(p, "   # Type", subject->without_attributes ? "" : " Attributes");
    for (uint64_t i = 0; i < n; i++)
        print_descriptor(p, i);
}

static void print_regions(const struct plain *p)
{
    const struct region_map *map = &p->view->regions;

    print_format(p->sink, "\nSorted, merged and disjoint: %lu regions\n", (uint64_t)map->n_regions);
    print_heading(p, "Type", "");
    for (size_t i = 0; i < map->n_regions; i++) {
        const struct mem_region *r = &map->regions[i];
        char name[24];
        size_t length;
        const struct buffer_sink buffer = buffer_sink(name, sizeof name, &length);

        print_text(&buffer.sink, region_type_name(r->type));
        if (r->type == REGION_UNKNOWN)
            print_format(&buffer.sink, " %x", r->firmware_type);
        print_row(p, name, region_range(r));
    }
}

static void print_total(const struct plain *p, const char *name, const struct map_total *total)
{
    if (!total->entries)
        return;
    print_format(p->sink, NAME_COLUMNS " %11lu", name, total->entries);
    report_amount(p->view->style, total->pages);
    print_text(p->sink, "\n");
}

static void print_sum(const struct plain *p, const char *label, uint64_t bytes)
{
    print_format(p->sink, "%-34s", label);
    report_amount(p->view->style, bytes >> PAGE_SHIFT);
    print_text(p->sink, "\n");
}

static void print_totals(const struct plain *p)
{
    const struct map_totals *totals = &p->view->totals;
    const struct region_map *map = &p->view->regions;
    const uint64_t later = frames_to_bytes(totals->regions[REGION_BOOTLOADER_RECLAIMABLE].pages);

    print_format(p->sink, "\nTotals %27s" REPORT_AMOUNT_HEADING "\n", "Descriptors");
    for (uint32_t type = 0; type < FIRMWARE_TYPES_NAMED; type++)
        print_total(p, firmware_type_name(type), &totals->types[type]);
    print_total(p, "other types", &totals->types[FIRMWARE_TYPE_OTHER]);
    print_format(p->sink, "\nTotals %27s" REPORT_AMOUNT_HEADING "\n", "Regions");
    for (unsigned type = 0; type < REGION_TYPES; type++)
        print_total(p, region_type_name((enum region_type)type), &totals->regions[type]);
    print_text(p->sink, "\n");
    print_sum(p, "Total memory, as `memmap` has it", map->total_bytes);
    print_sum(p, "Usable now", map->usable_bytes);
    print_sum(p, "Usable after boot services", map->usable_bytes + later);
}

static void print_own(const struct plain *p)
{
    const struct map_subject *subject = p->view->subject;

    if (subject->n_own)
        print_text(p->sink, "\nThere only because somebody looks:\n");
    for (size_t i = 0; i < subject->n_own; i++)
        print_row(p, subject->own[i].use, subject->own[i].bytes);
}

struct anomaly_printer {
    struct anomaly_visitor visitor;
    const struct sink *sink;
    bool remarks; /* these, or the others */
};

static void print_anomaly(const struct anomaly_visitor *visitor, const struct anomaly *a)
{
    const struct anomaly_printer *printer = CONTAINER_OF(visitor, struct anomaly_printer, visitor);

    if (a->is_remark != printer->remarks)
        return;
    print_format(printer->sink, "  #%lu %s", a->descriptor, region_anomaly_text(a->kind));
    if (a->other != ANOMALY_ALONE)
        print_format(printer->sink, ": %s #%lu", a->kind == ANOMALY_UNSORTED ? "below" : "with", a->other);
    print_text(printer->sink, "\n");
}

static void print_anomalies(const struct plain *p, bool remarks, const char *heading)
{
    const struct anomaly_printer printer = { { print_anomaly }, p->sink, remarks };

    print_format(p->sink, "\n%s%s\n", heading, p->view->n[remarks] ? ", by descriptor:" : ": none");
    map_visit_anomalies(p->view, &printer.visitor);
}

void map_print_text(const struct map_view *view)
{
    const struct plain p = { view, view->style->sink, address_width_of(&view->regions) };

    print_descriptors(&p);
    print_regions(&p);
    print_totals(&p);
    print_own(&p);
    /* Last: they take the regions' buffer. */
    if (view->n[true])
        print_anomalies(&p, true, "Unusual, but allowed");
    print_anomalies(&p, false, "Anomalies");
}
