/*
 * memmap-report FILE: what the loader prints for the memory map in FILE (map_text.h; - is standard input): regions,
 * anomalies, totals, and the allocator that it would start with. The same code prints it here and there.
 *
 * Exit status: 0; 1 if the file is bad or the memory in it cannot hold an allocator; 2 if called wrongly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dry_run.h"
#include "map_text.h"
#include "memory_report.h"

#define READ_CHUNK KIB(64)
#define METADATA_ALIGNMENT 64

enum { EXIT_BAD_MAP = 1, EXIT_USAGE = 2 };

static void write_to_stdout(const struct sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    fwrite(text, 1, bytes, stdout);
}

static const struct sink output = { write_to_stdout };

/* The whole stream, malloc'ed; NULL if it cannot be read or held. */
static char *read_stream(FILE *stream, size_t *ret_bytes)
{
    char *text = NULL;
    size_t bytes = 0;
    size_t got;

    do {
        char *longer = realloc(text, bytes + READ_CHUNK);
        if (!longer) {
            free(text);
            return NULL;
        }
        text = longer;
        got = fread(text + bytes, 1, READ_CHUNK, stream);
        bytes += got;
    } while (got);
    if (ferror(stream)) {
        free(text);
        return NULL;
    }
    *ret_bytes = bytes;
    return text;
}

static bool read_map(const char *name, struct map_text *ret)
{
    FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    size_t bytes = 0;
    char *text = stream ? read_stream(stream, &bytes) : NULL;
    struct map_text_error error;

    if (!text)
        perror(name);
    if (stream && stream != stdin)
        fclose(stream);
    if (!text)
        return false;
    const bool parsed = map_text_parse(text, bytes, ret, &error);
    free(text);
    if (!parsed && error.line)
        fprintf(stderr, "%s:%zu: %s\n", name, error.line, error.reason);
    else if (!parsed)
        fprintf(stderr, "%s: %s\n", name, error.reason);
    return parsed;
}

static struct map_subject subject_of(const struct map_text *text)
{
    return (struct map_subject){
        .map = text->map,
        .claims = text->claims,
        .n_claims = text->n_claims,
        .phys_bits = text->phys_bits,
        .metadata = text->metadata,
        .reserved = text->reserved,
        .n_reserved = text->n_reserved,
    };
}

static void complain_of_refusal(const char *name, const struct dry_run *run)
{
    if (run->bad)
        fprintf(stderr, "%s: reserved 0x%llx: %s\n", name, (unsigned long long)frame_start(run->bad->first).value,
                pmm_status_text(run->refusal));
    else
        fprintf(stderr, "%s: metadata: %s\n", name, pmm_status_text(run->refusal));
}

static int report_allocator(const char *name, const struct map_text *text, const struct region_map *map)
{
    const struct map_subject subject = subject_of(text);
    const struct phys_range place = dry_run_place(&subject, map);
    struct dry_run run;

    if (!place.bytes) {
        fprintf(stderr, "%s: no usable memory for the allocator\n", name);
        return EXIT_BAD_MAP;
    }
    void *metadata = aligned_alloc(METADATA_ALIGNMENT, align_up(place.bytes, METADATA_ALIGNMENT));
    if (!metadata) {
        perror(name);
        return EXIT_BAD_MAP;
    }
    const bool started = dry_run_start(&subject, map, place, metadata, &run) == REPORT_OK;
    if (started) {
        const struct pmm_stats stats = pmm_stats(run.pmm, &run.cpu);
        memory_report_allocator(&output, &stats, place);
    } else {
        complain_of_refusal(name, &run);
    }
    free(metadata);
    return started ? EXIT_SUCCESS : EXIT_BAD_MAP;
}

static int report(const char *name, const struct map_text *text)
{
    const struct region_parameters parameters = {
        .claims = text->claims,
        .n_claims = text->n_claims,
        .phys_bits = text->phys_bits,
        .view = REGION_VIEW_OWNED,
    };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&text->map), text->n_claims);
    void *buffer = malloc(bytes);
    struct region_map map;
    int result = EXIT_BAD_MAP;

    if (!buffer) {
        perror(name);
    } else if (region_normalize(&text->map, &parameters, buffer, bytes, &map) != REGION_OK) {
        fprintf(stderr, "%s: not a memory map\n", name);
    } else {
        memory_report_map(&output, &map);
        print_text(&output, "\n");
        fflush(stdout);
        result = report_allocator(name, text, &map);
    }
    free(buffer);
    return result;
}

int main(int argc, char **argv)
{
    struct map_text text;

    if (argc != 2 || (argv[1][0] == '-' && argv[1][1])) {
        fprintf(stderr, "usage: memmap-report FILE    (- reads standard input)\n");
        return EXIT_USAGE;
    }
    if (!read_map(argv[1], &text))
        return EXIT_BAD_MAP;
    const int result = report(argv[1], &text);
    map_text_free(&text);
    return result;
}
