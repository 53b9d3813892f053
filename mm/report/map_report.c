#include "map_report.h"

#include "map_parts.h"
#include "panic.h"
#include "report_text.h"

/* What is allocated after the buffer's size was asked for may cut descriptors in two: room for so many more. */
#define DESCRIPTORS_SPARE 32

const char *report_status_text(enum report_status status)
{
    static const char texts[] = "no error\0the size of its descriptors cannot be\0the buffer is too small\0"
                                "no usable memory for an allocator\0what is in use contradicts the map";

    return nth_string(texts, status);
}
_Static_assert(REPORT_REFUSED == 4, "a text for each");

size_t map_report_buffer_bytes(const struct map_subject *subject)
{
    return region_buffer_bytes(firmware_map_count(&subject->map) + DESCRIPTORS_SPARE, subject->n_claims);
}

struct anomaly_counter {
    struct anomaly_visitor visitor;
    uint64_t *n;
};

static void count_anomaly(const struct anomaly_visitor *visitor, const struct anomaly *a)
{
    CONTAINER_OF(visitor, struct anomaly_counter, visitor)->n[a->is_remark]++;
}

void map_count_totals(const struct map_subject *subject, const struct region_map *regions, struct map_totals *ret)
{
    *ret = (struct map_totals){ 0 };
    for (uint64_t i = 0; i < regions->n_descriptors; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(&subject->map, i);
        struct map_total *total = &ret->types[d.type < FIRMWARE_TYPE_OTHER ? d.type : FIRMWARE_TYPE_OTHER];

        if (region_descriptor_anomalies(&d, subject->phys_bits) & ANOMALIES_THAT_DROP)
            continue;
        total->entries++;
        total->pages += d.pages;
    }
    for (size_t i = 0; i < regions->n_regions; i++) {
        struct map_total *total = &ret->regions[regions->regions[i].type];

        total->entries++;
        total->pages += region_range(&regions->regions[i]).bytes >> PAGE_SHIFT;
    }
}

static bool touches(const struct own_range *own, uint64_t start, uint64_t end)
{
    return own->bytes.start.value < end && phys_range_end(own->bytes) > start;
}

bool map_has_uses(const struct map_subject *subject, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < subject->n_own; i++)
        if (touches(&subject->own[i], start, end))
            return true;
    return false;
}

void map_print_uses(const struct sink *sink, const struct map_subject *subject, uint64_t start, uint64_t end)
{
    const char *separator = "";

    for (size_t i = 0; i < subject->n_own; i++)
        if (touches(&subject->own[i], start, end)) {
            print_format(sink, "%s%s", separator, subject->own[i].use);
            separator = ", ";
        }
}

void map_visit_anomalies(const struct map_view *view, const struct anomaly_visitor *visitor)
{
    const enum region_status status = anomalies_visit(&view->subject->map, view->subject->phys_bits, view->buffer,
                                                      view->buffer_bytes, visitor);

    ASSERT(status == REGION_OK); /* it needs less than the regions did */
}

static void print_whole(struct map_view *view)
{
    switch (view->style->format) {
    case REPORT_RAW:
        map_report_raw(view->style->sink, view->subject);
        break;
    case REPORT_SFO:
        map_print_sfo(view);
        break;
    case REPORT_CSV:
    case REPORT_JSON:
        map_count_totals(view->subject, &view->regions, &view->totals);
        map_print_records(view);
        break;
    default:
        map_count_totals(view->subject, &view->regions, &view->totals);
        map_print_text(view);
    }
}

enum report_status map_report(const struct report_style *style, const struct map_subject *subject, void *buffer,
                              size_t buffer_bytes, uint64_t *ret_anomalies)
{
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits,
                                                  REGION_VIEW_BOOT };
    struct line_sink line;
    struct report_style gathering = *style;
    struct map_view view = { .style = &gathering, .subject = subject, .buffer = buffer, .buffer_bytes = buffer_bytes };
    const struct anomaly_counter counter = { { count_anomaly }, view.n };
    enum region_status status =
        anomalies_visit(&subject->map, subject->phys_bits, buffer, buffer_bytes, &counter.visitor);

    if (status == REGION_OK)
        status = region_normalize(&subject->map, &parameters, buffer, buffer_bytes, &view.regions);
    if (status == REGION_BAD_STRIDE)
        return REPORT_BAD_MAP;
    if (status != REGION_OK)
        return REPORT_NO_SPACE;
    line_sink_start(&line, style->sink);
    gathering.sink = &line.sink;
    print_whole(&view);
    line_sink_flush(&line);
    *ret_anomalies = view.n[false];
    return REPORT_OK;
}
