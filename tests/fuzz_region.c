/*
 * region_normalize() on arbitrary bytes as the firmware's map. Checks what its header promises of any map at all; what
 * exactly must come out of which map is for test_region_random.c.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem_region.h"
#include "panic.h"

#define CLAIMS_MAX 8
#define HEADER_BYTES 4
#define CLAIM_BYTES 17

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shape(const struct region_map *map, const struct region_parameters *parameters)
{
    const unsigned bits = parameters->phys_bits < PHYS_BITS_MAX ? parameters->phys_bits : PHYS_BITS_MAX;
    uint64_t usable = 0;

    for (size_t i = 0; i < map->n_regions; i++) {
        const struct mem_region *r = &map->regions[i];
        ASSERT(r->start.value < r->end.value);
        ASSERT(r->end.value <= 1ull << bits);
        ASSERT(((r->start.value | r->end.value) & PAGE_MASK) == 0);
        ASSERT(r->type < REGION_TYPES);
        ASSERT(r->type == REGION_UNKNOWN || r->firmware_type == 0);
        ASSERT(parameters->view == REGION_VIEW_BOOT || r->type != REGION_BOOTLOADER_RECLAIMABLE);
        if (i) {
            const struct mem_region *before = r - 1;
            ASSERT(before->end.value <= r->start.value);
            ASSERT(before->end.value != r->start.value || before->type != r->type ||
                   before->firmware_type != r->firmware_type);
        }
        if (r->type == REGION_USABLE)
            usable += region_range(r).bytes;
        ASSERT(region_find(map, r->start) == r);
        ASSERT(region_find(map, phys_addr(r->end.value - 1)) == r);
    }
    ASSERT(usable == map->usable_bytes);
    ASSERT(map->usable_bytes <= map->total_bytes);
    ASSERT(map->total_bytes <= 1ull << bits);
}

/* Every byte of [start, end) belongs to a region, and to none of a type below `weakest`. */
static void check_covered(const struct region_map *map, uint64_t start, uint64_t end, enum region_type weakest)
{
    const struct mem_region *r = region_find(map, phys_addr(start));

    while (start < end) {
        ASSERT(r && r < map->regions + map->n_regions);
        ASSERT(r->start.value <= start && r->type >= weakest);
        start = r->end.value;
        r++;
    }
}

static void check_claim(const struct region_map *map, const struct region_claim *claim, uint64_t limit)
{
    const uint64_t start = claim->bytes.start.value;

    if (start < limit) {
        const uint64_t bytes = claim->bytes.bytes < limit - start ? claim->bytes.bytes : limit - start;
        check_covered(map, start, start + bytes, claim->type);
    }
}

/* What one descriptor alone decides: a free one is in some region if aligned, any other keeps its frames from use. */
static void check_descriptor(const struct region_map *map, const struct firmware_descriptor *d, uint64_t limit)
{
    const bool is_free = d->type == FIRMWARE_CONVENTIONAL ||
                         (d->type >= FIRMWARE_LOADER_CODE && d->type <= FIRMWARE_BOOT_SERVICES_DATA);

    if (d->pages == 0 || d->start > limit || d->pages > (limit - d->start) >> PAGE_SHIFT)
        return;
    if (!is_free)
        check_covered(map, d->start, d->start + frames_to_bytes(d->pages), REGION_ACPI_RECLAIMABLE);
    else if ((d->start & PAGE_MASK) == 0)
        check_covered(map, d->start, d->start + frames_to_bytes(d->pages), REGION_USABLE);
}

static void check_contents(const struct region_map *map, const struct firmware_map *firmware,
                           const struct region_parameters *parameters)
{
    const unsigned bits = parameters->phys_bits < PHYS_BITS_MAX ? parameters->phys_bits : PHYS_BITS_MAX;
    const uint64_t limit = bits < PAGE_SHIFT ? 0 : 1ull << bits;

    for (size_t i = 0; i < parameters->n_claims; i++)
        check_claim(map, &parameters->claims[i], limit);
    for (uint64_t i = 0; i < firmware_map_count(firmware); i++) {
        struct firmware_descriptor d;
        memcpy(&d, (const uint8_t *)firmware->descriptors + i * firmware->stride, sizeof(d));
        check_descriptor(map, &d, limit);
    }
}

/* The claims at the front of the input; returns how many bytes they took. */
static size_t take_claims(const uint8_t *data, size_t size, struct region_claim *claims, size_t *n)
{
    size_t used = 0;

    while (*n && size - used < *n * CLAIM_BYTES)
        --*n;
    for (size_t i = 0; i < *n; i++, used += CLAIM_BYTES) {
        memcpy(&claims[i].bytes.start.value, data + used, sizeof(uint64_t));
        memcpy(&claims[i].bytes.bytes, data + used + sizeof(uint64_t), sizeof(uint64_t));
        claims[i].type = REGION_ACPI_RECLAIMABLE +
                         data[used + 2 * sizeof(uint64_t)] % (REGION_TYPES - REGION_ACPI_RECLAIMABLE);
    }
    return used;
}

/* Input: stride, phys_bits, view, number of claims; claims; the map. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region_claim claims[CLAIMS_MAX];

    if (size < HEADER_BYTES)
        return 0;
    size_t n_claims = data[3] % (CLAIMS_MAX + 1);
    const size_t used = HEADER_BYTES + take_claims(data + HEADER_BYTES, size - HEADER_BYTES, claims, &n_claims);
    const struct region_parameters parameters = { claims, n_claims, data[1], data[2] % 2 };
    const struct firmware_map firmware = { data + used, size - used, data[0] };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&firmware), n_claims);
    void *buffer = malloc(bytes);
    struct region_map map;

    const enum region_status status = region_normalize(&firmware, &parameters, buffer, bytes, &map);
    ASSERT(status == (firmware.bytes && firmware.stride < FIRMWARE_STRIDE_MIN ? REGION_BAD_STRIDE : REGION_OK));
    if (status == REGION_OK) {
        check_shape(&map, &parameters);
        check_contents(&map, &firmware, &parameters);
        ASSERT(region_normalize(&firmware, &parameters, buffer, bytes - 1, &map) == REGION_NO_SPACE);
    }
    free(buffer);
    return 0;
}
