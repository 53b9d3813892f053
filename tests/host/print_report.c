/*
 * print-report map|frames FORMAT UNIT <subject: a report of the subject on standard input, for test_reports.py. FORMAT
 * and UNIT are numbers of enum report_format and enum report_unit. Exit status: that of the report, + 10 if it is not
 * REPORT_OK. The number of anomalies goes to standard error. Lines of the subject, numbers as strtoull() takes them:
 *
 *     S stride phys_bits without_attributes     first
 *     D type start pages attributes
 *     C start bytes region_type
 *     O start bytes use
 *     M start bytes
 *     R first_frame frames
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames_report.h"

#define ENTRIES_MAX 4096
#define ERROR_STATUS 10

struct input {
    struct map_subject subject;
    char *descriptors;
    uint64_t capacity;
    struct region_claim claims[ENTRIES_MAX];
    struct own_range own[ENTRIES_MAX];
    struct frame_range reserved[ENTRIES_MAX];
};

static void write_out(const struct sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    fwrite(text, 1, bytes, stdout);
}

static void add_descriptor(struct input *in, const uint64_t *n)
{
    struct firmware_map *map = &in->subject.map;
    const struct firmware_descriptor d = { .type = (uint32_t)n[0], .start = n[1], .pages = n[2], .attributes = n[3] };

    if (map->bytes + map->stride > in->capacity) {
        in->capacity = 2 * (map->bytes + map->stride);
        in->descriptors = realloc(in->descriptors, in->capacity);
    }
    memset(in->descriptors + map->bytes, 0, map->stride);
    memcpy(in->descriptors + map->bytes, &d, sizeof d);
    map->bytes += map->stride;
    map->descriptors = in->descriptors;
}

static void read_line(struct input *in, char *line)
{
    struct map_subject *s = &in->subject;
    char *at = line + 1;
    uint64_t n[4] = { 0 };

    for (unsigned i = 0; i < (*line == 'O' ? 2 : 4); i++)
        n[i] = strtoull(at, &at, 0);
    const struct phys_range bytes = { { n[0] }, n[1] };

    switch (*line) {
    case 'S':
        s->map.stride = n[0];
        s->phys_bits = (unsigned)n[1];
        s->without_attributes = n[2];
        break;
    case 'D':
        add_descriptor(in, n);
        break;
    case 'C':
        in->claims[s->n_claims++] = (struct region_claim){ bytes, (enum region_type)n[2] };
        break;
    case 'O':
        in->own[s->n_own++] = (struct own_range){ bytes, strdup(strtok(at, "\n") + 1) };
        break;
    case 'M':
        s->metadata = bytes;
        break;
    case 'R':
        in->reserved[s->n_reserved++] = (struct frame_range){ { n[0] }, n[1] };
        break;
    default:
        abort();
    }
}

static int print(const char *report, const struct report_style *style, const struct map_subject *subject)
{
    const bool is_map = strcmp(report, "map") == 0;
    const size_t bytes = is_map ? map_report_buffer_bytes(subject) : frames_report_buffer_bytes(subject);
    void *buffer = NULL;
    uint64_t anomalies = 0;

    if (!bytes || posix_memalign(&buffer, 64, bytes))
        abort();
    memset(buffer, 0x5A, bytes < MIB(64) ? bytes : MIB(64));
    const enum report_status status = is_map ? map_report(style, subject, buffer, bytes, &anomalies)
                                             : frames_report(style, subject, buffer, bytes);

    free(buffer);
    fprintf(stderr, "%llu", (unsigned long long)anomalies);
    return status == REPORT_OK ? 0 : ERROR_STATUS + (int)status;
}

int main(int argc, char **argv)
{
    static struct input in;
    const struct sink sink = { write_out };
    char line[256];

    if (argc != 4)
        return 2;
    in.subject.claims = in.claims;
    in.subject.own = in.own;
    in.subject.reserved = in.reserved;
    while (fgets(line, sizeof line, stdin))
        read_line(&in, line);
    const struct report_style style = { &sink, (enum report_format)atoi(argv[2]), (enum report_unit)atoi(argv[3]) };

    return print(argv[1], &style, &in.subject);
}
