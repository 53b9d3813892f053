#include "model_region.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS_PER_FRAME (PAGE_SIZE / MODEL_SECTOR_BYTES)
#define NOBODY REGION_TYPES

struct sector {
    enum region_type type; /* or NOBODY */
    uint32_t number;       /* of an unknown type */
    uint64_t number_end;   /* where the descriptor ends that gave the number */
    bool described;
    bool left_out; /* of the total */
};

struct range {
    uint64_t start;
    uint64_t end;
};

static struct firmware_descriptor descriptor_at(const struct firmware_map *map, uint64_t index)
{
    struct firmware_descriptor d;

    memcpy(&d, (const char *)map->descriptors + index * map->stride, sizeof(d));
    return d;
}

static bool is_free_memory(uint32_t type)
{
    return type == 7 || (type >= 1 && type <= 4);
}

static bool has_bit(uint64_t attributes, unsigned bit)
{
    return attributes >> bit & 1;
}

/* By the table of EFI_MEMORY_TYPE and the bit numbers of UEFI 2.10, not by our own names for them. */
static enum region_type type_of(const struct firmware_descriptor *d, enum region_view view)
{
    static const enum region_type types[] = {
        REGION_RESERVED,         REGION_USABLE,           REGION_USABLE, REGION_USABLE,     REGION_USABLE,
        REGION_RUNTIME_SERVICES, REGION_RUNTIME_SERVICES, REGION_USABLE, REGION_BAD_MEMORY, REGION_ACPI_RECLAIMABLE,
        REGION_ACPI_NVS,         REGION_MMIO,             REGION_MMIO,   REGION_RESERVED,   REGION_PERSISTENT,
        REGION_UNACCEPTED,
    };

    if (d->type > 15)
        return REGION_UNKNOWN;
    if (is_free_memory(d->type)) {
        if (!has_bit(d->attributes, 3) || has_bit(d->attributes, 13) || has_bit(d->attributes, 15) ||
            has_bit(d->attributes, 17) || has_bit(d->attributes, 18) || has_bit(d->attributes, 20))
            return REGION_RESERVED;
        if (has_bit(d->attributes, 63))
            return REGION_RUNTIME_SERVICES;
        if (d->type != 7 && view == REGION_VIEW_BOOT)
            return REGION_BOOTLOADER_RECLAIMABLE;
    }
    return types[d->type];
}

static void count_attributes(const struct firmware_descriptor *d, uint64_t *anomalies)
{
    if (d->type > 15)
        anomalies[ANOMALY_UNKNOWN_TYPE]++;
    if (!is_free_memory(d->type))
        return;
    if (!has_bit(d->attributes, 3))
        anomalies[ANOMALY_NOT_WRITE_BACK]++;
    if (d->attributes & (1ull << 13 | 1ull << 15 | 1ull << 17 | 1ull << 18 | 1ull << 20))
        anomalies[ANOMALY_NOT_GENERAL]++;
    if (has_bit(d->attributes, 63))
        anomalies[ANOMALY_RUNTIME_FREE]++;
}

static void paint(struct sector *sectors, struct range bytes, enum region_type type, uint32_t number)
{
    for (uint64_t at = bytes.start; at < bytes.end; at += MODEL_SECTOR_BYTES) {
        struct sector *s = &sectors[at / MODEL_SECTOR_BYTES];
        if (s->type == NOBODY || type > s->type) {
            s->type = type;
            s->number = 0;
            s->number_end = 0;
        }
        if (type == REGION_UNKNOWN && s->type == REGION_UNKNOWN &&
            (bytes.end > s->number_end || (bytes.end == s->number_end && number > s->number))) {
            s->number = number;
            s->number_end = bytes.end;
        }
    }
}

static void describe(struct sector *sectors, struct range bytes, uint32_t firmware_type)
{
    for (uint64_t at = bytes.start; at < bytes.end; at += MODEL_SECTOR_BYTES) {
        struct sector *s = &sectors[at / MODEL_SECTOR_BYTES];
        s->described = true;
        s->left_out |= firmware_type == 0 || firmware_type == 8 || firmware_type == 11 || firmware_type == 12;
    }
}

/* In address order, all that meet an earlier one; of several with one start, one is the first. */
static uint64_t count_overlaps(const struct range *kept, size_t n)
{
    uint64_t overlaps = 0;

    for (size_t i = 0; i < n; i++) {
        bool overlap = false;
        for (size_t k = 0; k < n; k++)
            if (k != i && (kept[k].start < kept[i].start || (kept[k].start == kept[i].start && k < i)))
                overlap |= kept[k].end > kept[i].start;
        overlaps += overlap;
    }
    return overlaps;
}

static void paint_descriptors(struct sector *sectors, const struct firmware_map *map,
                              const struct region_parameters *parameters, struct region_map *ret)
{
    const unsigned __int128 limit = 1ull << parameters->phys_bits;
    struct range *kept = calloc(ret->n_descriptors + 1, sizeof(*kept));
    size_t n = 0;

    for (uint64_t i = 0; i < ret->n_descriptors; i++) {
        const struct firmware_descriptor d = descriptor_at(map, i);
        const unsigned __int128 end = d.start + (unsigned __int128)d.pages * 4096;
        if (d.pages == 0) {
            ret->anomalies[ANOMALY_ZERO_PAGES]++;
        } else if (end > limit) {
            ret->anomalies[ANOMALY_OUT_OF_RANGE]++;
        } else {
            kept[n++] = (struct range){ d.start, (uint64_t)end };
            if (n > 1 && d.start < kept[n - 2].start)
                ret->anomalies[ANOMALY_UNSORTED]++;
            if (d.start % 4096)
                ret->anomalies[ANOMALY_UNALIGNED]++;
            count_attributes(&d, ret->anomalies);
            paint(sectors, kept[n - 1], type_of(&d, parameters->view), d.type);
            describe(sectors, kept[n - 1], d.type);
        }
    }
    ret->anomalies[ANOMALY_OVERLAP] = count_overlaps(kept, n);
    free(kept);
}

static void paint_claims(struct sector *sectors, const struct region_parameters *parameters)
{
    const unsigned __int128 limit = 1ull << parameters->phys_bits;

    for (size_t i = 0; i < parameters->n_claims; i++) {
        const struct phys_range bytes = parameters->claims[i].bytes;
        unsigned __int128 end = (unsigned __int128)bytes.start.value + bytes.bytes;
        if (end > limit)
            end = limit;
        if (bytes.start.value < end)
            paint(sectors, (struct range){ bytes.start.value, (uint64_t)end }, parameters->claims[i].type, 0);
    }
}

/* The sector that stands for its frame; type NOBODY if nobody has the frame. */
static struct sector frame_owner(const struct sector *frame)
{
    struct sector owner = { .type = NOBODY };
    bool whole = true;

    for (size_t i = 0; i < SECTORS_PER_FRAME; i++) {
        if (frame[i].type == NOBODY)
            whole = false;
        else if (owner.type == NOBODY || frame[i].type > owner.type ||
                 (frame[i].type == owner.type && frame[i].number > owner.number))
            owner = frame[i];
    }
    if (!whole && (owner.type == REGION_USABLE || owner.type == REGION_BOOTLOADER_RECLAIMABLE))
        owner.type = NOBODY;
    return owner;
}

static void gather_regions(const struct sector *sectors, uint64_t n_frames, struct region_map *ret)
{
    ret->regions = calloc(n_frames, sizeof(*ret->regions));
    for (uint64_t f = 0; f < n_frames; f++) {
        const struct sector owner = frame_owner(&sectors[f * SECTORS_PER_FRAME]);
        struct mem_region *last = &ret->regions[ret->n_regions - (ret->n_regions > 0)];
        if (owner.type == NOBODY)
            continue;
        if (owner.type == REGION_USABLE)
            ret->usable_bytes += 4096;
        if (ret->n_regions && last->end.value == f * 4096 && last->type == owner.type &&
            last->firmware_type == owner.number)
            last->end.value += 4096;
        else
            ret->regions[ret->n_regions++] =
                (struct mem_region){ { f * 4096 }, { (f + 1) * 4096 }, owner.type, owner.number };
    }
}

void model_region_normalize(const struct firmware_map *map, const struct region_parameters *parameters,
                            struct region_map *ret)
{
    const uint64_t n_sectors = (1ull << parameters->phys_bits) / MODEL_SECTOR_BYTES;
    struct sector *sectors = calloc(n_sectors, sizeof(*sectors));

    *ret = (struct region_map){ .n_descriptors = map->bytes ? map->bytes / map->stride : 0 };
    for (uint64_t i = 0; i < n_sectors; i++)
        sectors[i].type = NOBODY;
    paint_descriptors(sectors, map, parameters, ret);
    paint_claims(sectors, parameters);
    if (map->bytes && map->bytes % map->stride)
        ret->anomalies[ANOMALY_TRUNCATED] = 1;
    for (uint64_t i = 0; i < n_sectors; i++)
        if (sectors[i].described && !sectors[i].left_out)
            ret->total_bytes += MODEL_SECTOR_BYTES;
    gather_regions(sectors, n_sectors / SECTORS_PER_FRAME, ret);
    free(sectors);
}
