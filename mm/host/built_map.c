#include "built_map.h"

#include <stdio.h>
#include <stdlib.h>

#define METADATA_ALIGNMENT 64

bool built_map_regions(struct built_map *built, const char *name, const struct map_subject *subject)
{
    const struct region_parameters parameters = {
        .claims = subject->claims,
        .n_claims = subject->n_claims,
        .phys_bits = subject->phys_bits,
        .view = REGION_VIEW_OWNED,
    };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&subject->map), subject->n_claims);

    *built = (struct built_map){ .name = name, .subject = *subject, .buffer = malloc(bytes) };
    if (!built->buffer) {
        perror(name);
        return false;
    }
    if (region_normalize(&subject->map, &parameters, built->buffer, bytes, &built->map) == REGION_OK)
        return true;
    fprintf(stderr, "%s: not a memory map\n", name);
    return false;
}

static void complain_of_refusal(const char *name, const struct dry_run *run)
{
    if (run->bad)
        fprintf(stderr, "%s: reserved 0x%llx: %s\n", name, (unsigned long long)frame_start(run->bad->first).value,
                pmm_status_text(run->refusal));
    else
        fprintf(stderr, "%s: metadata: %s\n", name, pmm_status_text(run->refusal));
}

bool built_map_allocator(struct built_map *built)
{
    const struct phys_range place = dry_run_place(&built->subject, &built->map);

    if (!place.bytes) {
        fprintf(stderr, "%s: no usable memory for the allocator\n", built->name);
        return false;
    }
    built->metadata = aligned_alloc(METADATA_ALIGNMENT, align_up(place.bytes, METADATA_ALIGNMENT));
    if (!built->metadata) {
        perror(built->name);
        return false;
    }
    built->has_allocator =
        dry_run_start(&built->subject, &built->map, place, built->metadata, &built->run) == REPORT_OK;
    if (!built->has_allocator)
        complain_of_refusal(built->name, &built->run);
    return built->has_allocator;
}

void built_map_free(struct built_map *built)
{
    free(built->metadata);
    free(built->buffer);
}
