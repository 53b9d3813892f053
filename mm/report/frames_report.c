#include "frames_report.h"

#include "frames_survey.h"

/* What is allocated after the buffer's size was asked for may cut descriptors in two: room for so many more. */
#define DESCRIPTORS_SPARE 32

/* What pmm_metadata_bytes() promises not to exceed, if no run were free of charge. */
#define METADATA_BYTES_PER_GIB 34000
#define METADATA_BYTES_ALWAYS (KIB(64) + PAGE_SIZE)
#define METADATA_BYTES_PER_RUN 40
#define BLOCK_ALIGNMENT 64

static bool is_free_type(uint32_t type)
{
    return type == FIRMWARE_CONVENTIONAL || (type >= FIRMWARE_LOADER_CODE && type <= FIRMWARE_BOOT_SERVICES_DATA);
}

/* At least as many as the allocator would track. */
static uint64_t free_frames_at_most(const struct map_subject *subject)
{
    uint64_t low = UINT64_MAX, high = 0, sum = 0;

    for (uint64_t i = 0; i < firmware_map_count(&subject->map); i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(&subject->map, i);

        if (!is_free_type(d.type) || region_descriptor_anomalies(&d, subject->phys_bits) & ANOMALIES_THAT_DROP)
            continue;
        low = d.start < low ? d.start : low;
        high = d.start + frames_to_bytes(d.pages) > high ? d.start + frames_to_bytes(d.pages) : high;
        sum = sum < UINT64_MAX - d.pages ? sum + d.pages : UINT64_MAX;
    }
    const uint64_t span = high ? (high - low) >> PAGE_SHIFT : 0;

    return sum < span ? sum : span;
}

size_t frames_report_buffer_bytes(const struct map_subject *subject)
{
    const uint64_t n = firmware_map_count(&subject->map) + DESCRIPTORS_SPARE;
    const size_t regions = region_buffer_bytes(n, subject->n_claims);
    const uint64_t frames = free_frames_at_most(subject);
    const uint64_t metadata = frames * METADATA_BYTES_PER_GIB / (GIB(1) >> PAGE_SHIFT) + METADATA_BYTES_ALWAYS +
                              BLOCK_ALIGNMENT + (n + subject->n_claims) * METADATA_BYTES_PER_RUN;

    return regions && metadata <= SIZE_MAX - regions ? regions + metadata : 0;
}

/* How many frames of the type there are under REGION_VIEW_BOOT. */
static uint64_t frames_of_type(const struct region_map *map, enum region_type type)
{
    uint64_t frames = 0;

    for (size_t i = 0; i < map->n_regions; i++)
        if (map->regions[i].type == type)
            frames += region_range(&map->regions[i]).bytes >> PAGE_SHIFT;
    return frames;
}

static enum region_status normalize(const struct map_subject *subject, enum region_view view, void *buffer,
                                    size_t buffer_bytes, struct region_map *ret)
{
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits, view };

    return region_normalize(&subject->map, &parameters, buffer, buffer_bytes, ret);
}

size_t frames_metadata_bytes(const struct map_subject *subject, void *buffer, size_t buffer_bytes)
{
    struct region_map map;

    return normalize(subject, REGION_VIEW_OWNED, buffer, buffer_bytes, &map) == REGION_OK && map.usable_bytes
               ? pmm_metadata_bytes(map.regions, map.n_regions)
               : 0;
}

/* The allocator's block follows the regions in the buffer. */
static enum report_status survey(const struct map_subject *subject, const struct region_map *map, void *buffer,
                                 size_t buffer_bytes, struct frames_survey *ret)
{
    const size_t used = align_up(map->n_regions * sizeof(*map->regions), BLOCK_ALIGNMENT);
    const struct phys_range place = dry_run_place(subject, map);
    struct dry_run run;

    if (!place.bytes)
        return REPORT_NO_MEMORY;
    if (used > buffer_bytes || place.bytes > buffer_bytes - used)
        return REPORT_NO_SPACE;
    const enum report_status status = dry_run_start(subject, map, place, (char *)buffer + used, &run);

    if (status == REPORT_OK)
        frames_survey(&run, ret);
    return status;
}

enum report_status frames_report(const struct report_style *style, const struct map_subject *subject, void *buffer,
                                 size_t buffer_bytes)
{
    struct frames_survey found = { 0 };
    struct region_map map;
    enum region_status normal = normalize(subject, REGION_VIEW_BOOT, buffer, buffer_bytes, &map);

    if (normal != REGION_OK)
        return normal == REGION_BAD_STRIDE ? REPORT_BAD_MAP : REPORT_NO_SPACE;
    found.frames[AMOUNT_USABLE_NOW] = frames_of_type(&map, REGION_USABLE);
    found.frames[AMOUNT_RECLAIMABLE] = frames_of_type(&map, REGION_BOOTLOADER_RECLAIMABLE);
    normal = normalize(subject, REGION_VIEW_OWNED, buffer, buffer_bytes, &map);
    if (normal != REGION_OK)
        return REPORT_NO_SPACE;
    const enum report_status status = survey(subject, &map, buffer, buffer_bytes, &found);

    if (status == REPORT_OK || status == REPORT_NO_MEMORY)
        frames_print(style, &found, status == REPORT_OK);
    return status;
}
