/*
 * memmap-report FILE: what the loader prints for the memory map in FILE (map_text.h; - is standard input): regions,
 * anomalies, totals, and the allocator that it would start with. The same code prints it here and there.
 *
 * Exit status: 0; 1 if the file is bad or the memory in it cannot hold an allocator; 2 if called wrongly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map_readers.h"
#include "memory_report.h"
#include "pmm.h"

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
    const bool parsed = map_read(MAP_FORMATS, text, bytes, ret, &error);
    free(text);
    if (!parsed && error.line)
        fprintf(stderr, "%s:%zu: %s\n", name, error.line, error.reason);
    else if (!parsed)
        fprintf(stderr, "%s: %s\n", name, error.reason);
    return parsed;
}

/* The lowest `bytes`, whole pages, of usable memory from `floor` up; bytes == 0 in the result: there are none. */
static struct phys_range find_usable(const struct region_map *map, uint64_t floor, uint64_t bytes)
{
    for (size_t i = 0; i < map->n_regions; i++) {
        const struct mem_region *r = &map->regions[i];
        const uint64_t start = r->start.value > floor ? r->start.value : floor;
        if (r->type == REGION_USABLE && start < r->end.value && r->end.value - start >= bytes)
            return (struct phys_range){ { start }, bytes };
    }
    return (struct phys_range){ 0 };
}

/* Where the file says; else low, but above what processors need to start, and never in frame 0. */
static struct phys_range place_metadata(const struct map_text *text, const struct region_map *map)
{
    const struct phys_range given = text->metadata;
    const uint64_t bytes = align_up(pmm_metadata_bytes(map->regions, map->n_regions), PAGE_SIZE);

    if (given.bytes) /* with room to spare it keeps only what is needed, as in the kernel */
        return (struct phys_range){ given.start, given.bytes < bytes ? given.bytes : bytes };
    const struct phys_range above = find_usable(map, MIB(1), bytes);
    return above.bytes ? above : find_usable(map, PAGE_SIZE, bytes);
}

static bool reserve_frames(const char *name, const struct map_text *text, struct pmm *pmm, struct pmm_cpu *cpu)
{
    for (size_t i = 0; i < text->n_reserved; i++) {
        const struct frame_range *range = &text->reserved[i];
        const enum pmm_status status = pmm_reserve_usable(pmm, cpu, *range);
        if (status != PMM_OK) {
            fprintf(stderr, "%s: reserved 0x%llx: %s\n", name, (unsigned long long)frame_start(range->first).value,
                    pmm_status_text(status));
            return false;
        }
    }
    return true;
}

static int report_allocator(const char *name, const struct map_text *text, const struct region_map *map)
{
    const struct phys_range place = place_metadata(text, map);
    struct pmm_cpu cpu;
    struct pmm *pmm;
    int result = EXIT_BAD_MAP;

    if (!place.bytes) {
        fprintf(stderr, "%s: no usable memory for the allocator\n", name);
        return result;
    }
    void *metadata = aligned_alloc(METADATA_ALIGNMENT, align_up(place.bytes, METADATA_ALIGNMENT));
    if (!metadata) {
        perror(name);
        return result;
    }
    const enum pmm_status status = pmm_init(metadata, place.bytes, place.start, map->regions, map->n_regions, &pmm);
    if (status != PMM_OK) {
        fprintf(stderr, "%s: metadata: %s\n", name, pmm_status_text(status));
    } else {
        pmm_cpus_init(pmm, &cpu, 1, (struct pmm_barrier){ 0 });
        if (reserve_frames(name, text, pmm, &cpu)) {
            const struct pmm_stats stats = pmm_stats(pmm, &cpu);
            memory_report_allocator(&output, &stats, place);
            result = EXIT_SUCCESS;
        }
    }
    free(metadata);
    return result;
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
