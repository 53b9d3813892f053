/*
 * map_report() and frames_report() of arbitrary bytes as a map, in every format: each ends, anomalies are as many as
 * region_normalize() counts but for remarks, and in JSON every bracket is closed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frames_report.h"
#include "panic.h"

#define HEADER_BYTES 4
#define FRAMES_BUFFER_MAX MIB(64) /* what a map of some petabytes would need is not the point */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Counts what is written, and brackets outside of quotes. */
struct counting_sink {
    struct sink sink;
    size_t *bytes;
    long *depth;
    bool *is_quoted, *is_escaped;
};

static void count(const struct sink *sink, const char *text, size_t bytes)
{
    const struct counting_sink *c = CONTAINER_OF(sink, struct counting_sink, sink);

    *c->bytes += bytes;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '"' && !*c->is_escaped)
            *c->is_quoted = !*c->is_quoted;
        *c->is_escaped = text[i] == '\\' && !*c->is_escaped;
        if (!*c->is_quoted)
            *c->depth += (text[i] == '{' || text[i] == '[') - (text[i] == '}' || text[i] == ']');
    }
}

static uint64_t counted_anomalies(const struct map_subject *s)
{
    const struct region_parameters parameters = { s->claims, s->n_claims, s->phys_bits, REGION_VIEW_BOOT };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&s->map), s->n_claims);
    void *buffer = malloc(bytes);
    struct region_map map;
    uint64_t n = 0;

    ASSERT(region_normalize(&s->map, &parameters, buffer, bytes, &map) == REGION_OK);
    for (unsigned kind = 0; kind < ANOMALIES; kind++)
        n += ANOMALIES_ALLOWED & ANOMALY_BIT(kind) ? 0 : map.anomalies[kind];
    for (uint64_t i = 0; i < map.n_descriptors; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(&s->map, i);

        n -= d.type >= FIRMWARE_OEM_FIRST && !(region_descriptor_anomalies(&d, s->phys_bits) & ANOMALIES_THAT_DROP);
    }
    free(buffer);
    return n;
}

static void report(const struct map_subject *subject, enum report_format format, enum report_unit unit)
{
    size_t written = 0;
    long depth = 0;
    bool is_quoted = false, is_escaped = false;
    const struct counting_sink sink = { { count }, &written, &depth, &is_quoted, &is_escaped };
    const struct report_style style = { &sink.sink, format, unit };
    const size_t map_bytes = map_report_buffer_bytes(subject);
    const size_t frames_bytes = frames_report_buffer_bytes(subject);
    void *buffer = malloc(map_bytes);
    uint64_t anomalies = UINT64_MAX;

    const enum report_status status = map_report(&style, subject, buffer, map_bytes, &anomalies);
    free(buffer);
    if (subject->map.bytes && subject->map.stride < FIRMWARE_STRIDE_MIN) {
        ASSERT(status == REPORT_BAD_MAP && written == 0);
        return;
    }
    ASSERT(status == REPORT_OK && written > 0 && anomalies == counted_anomalies(subject));
    if (format <= REPORT_JSON && frames_bytes && frames_bytes <= FRAMES_BUFFER_MAX) {
        ASSERT(!posix_memalign(&buffer, 64, frames_bytes));
        const enum report_status frames = frames_report(&style, subject, buffer, frames_bytes);

        free(buffer);
        ASSERT(frames == REPORT_OK || frames == REPORT_NO_MEMORY || frames == REPORT_REFUSED);
    }
    ASSERT(format != REPORT_JSON || (depth == 0 && !is_quoted));
}

/* Input: stride, phys_bits, flags (what there is, and the format), unit; the claim, the other range; the map. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t first[2], second[2];
    struct region_claim claim;

    if (size < HEADER_BYTES + 2 * sizeof first + 1)
        return 0;
    memcpy(first, data + HEADER_BYTES, sizeof first);
    memcpy(second, data + HEADER_BYTES + sizeof first, sizeof second);
    claim = (struct region_claim){ { { first[0] }, first[1] },
                                   data[HEADER_BYTES + 2 * sizeof first] % 2 ? REGION_FRAMEBUFFER
                                                                             : REGION_EXECUTABLE_AND_MODULES };
    const uint64_t own_bytes = second[1] < UINT64_MAX - second[0] ? second[1] : UINT64_MAX - second[0];
    const struct own_range own = { { { second[0] }, own_bytes }, "\"own\\" };
    const struct frame_range reserved = { { second[0] >> PAGE_SHIFT }, second[1] };
    const size_t used = HEADER_BYTES + 2 * sizeof first + 1;
    const struct map_subject subject = {
        .map = { data + used, size - used, data[0] },
        .claims = &claim,
        .n_claims = data[2] >> 1 & 1,
        .phys_bits = data[1],
        .without_attributes = data[2] & 1,
        .own = &own,
        .n_own = data[2] >> 2 & 1,
        .reserved = &reserved,
        .n_reserved = data[2] >> 3 & 1,
    };

    report(&subject, data[2] / 16 % (REPORT_RAW + 1), data[3] % (REPORT_UNIT_PAGES + 1));
    return 0;
}
