/* What the fuzzers of the inventory share: a machine whose tables are the fuzzer's, and its report in every format. */
#ifndef FUZZ_INVENTORY_H
#define FUZZ_INVENTORY_H

#include "inventory_fixture.h"

/* Counts what is printed, and that all of it is ASCII. */
struct counting_sink {
    struct sink sink;
    size_t *n;
};

static inline void count(const struct sink *sink, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ASSERT((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n' || text[i] == '\r');
    *CONTAINER_OF((void *)(uintptr_t)sink, struct counting_sink, sink)->n += bytes;
}

/* A report in each format, whose findings must be as many; once more with a buffer that is too small. */
static inline void fuzz_reports(const struct map_subject *subject, size_t buffer_bytes,
                                enum report_status (*report)(const struct report_style *style, const void *tables,
                                                             const struct map_subject *subject, void *buffer,
                                                             size_t bytes, uint64_t *ret_findings), const void *tables)
{
    size_t n = 0;
    const struct counting_sink sink = { { count }, &n };
    uint64_t findings[3] = { 0 };
    enum report_status status[3];
    void *buffer = malloc(buffer_bytes);

    for (unsigned format = REPORT_TEXT; format <= REPORT_JSON; format++) {
        const struct report_style style = { &sink.sink, (enum report_format)format, REPORT_UNIT_AUTO };

        n = 0;
        status[format] = report(&style, tables, subject, buffer, buffer_bytes, &findings[format]);
        ASSERT(status[format] == status[0] && findings[format] == findings[0]);
        ASSERT((status[format] == REPORT_OK) == (n > 0));
    }
    n = 0;
    ASSERT(report(&(struct report_style){ &sink.sink, REPORT_TEXT, REPORT_UNIT_AUTO }, tables, subject, buffer,
                  buffer_bytes - 1, &findings[0]) != REPORT_OK || status[0] != REPORT_OK);
    ASSERT(!n || status[0] == REPORT_OK);
    free(buffer);
}

#endif
