#include "mem_region.h"

#include "panic.h"
#include "region_sweep.h"

/* A region may begin wherever a descriptor or claim begins or ends, except at the very last end. */
#define SLOTS_PER_SPAN 2

/* Attributes of free memory that forbid handing it out: it is slow, persistent, protected or may be pulled out. */
#define NOT_GENERAL                                                                                                    \
    (FIRMWARE_ATTRIBUTE_SP | FIRMWARE_ATTRIBUTE_RP | FIRMWARE_ATTRIBUTE_RO | FIRMWARE_ATTRIBUTE_NV |                   \
     FIRMWARE_ATTRIBUTE_HOT_PLUGGABLE)

size_t region_buffer_bytes(uint64_t n_descriptors, size_t n_claims)
{
    const uint64_t n_max = SIZE_MAX / (SLOTS_PER_SPAN * sizeof(union slot));

    if (n_claims > n_max || n_descriptors > n_max - n_claims)
        return 0;
    const uint64_t n = n_descriptors + n_claims;
    return (n ? n : 1) * SLOTS_PER_SPAN * sizeof(union slot);
}

uint64_t firmware_map_count(const struct firmware_map *map)
{
    return map->stride < FIRMWARE_STRIDE_MIN ? 0 : map->bytes / map->stride;
}

struct firmware_descriptor firmware_map_descriptor(const struct firmware_map *map, uint64_t index)
{
    struct firmware_descriptor d;

    __builtin_memcpy(&d, (const unsigned char *)map->descriptors + index * map->stride, sizeof(d));
    return d;
}

/* First byte that no descriptor or claim may reach. 0 if the processor cannot address a single frame. */
static uint64_t address_limit(unsigned phys_bits)
{
    const unsigned bits = phys_bits < PHYS_BITS_MAX ? phys_bits : PHYS_BITS_MAX;

    return align_down(1ull << bits, PAGE_SIZE);
}

/*
 * WB says that the memory can be cached write-back, which RAM must be. WP, next to it in UEFI 2.10, 7.2.3, is such a
 * caching policy too ("write protected": writes go past the cache) and takes nothing away; what protects memory from
 * being written is RO. XP and MORE_RELIABLE are welcome on RAM.
 */
static enum region_type judge_free_memory(uint64_t attributes, enum region_type free_type, uint32_t *anomalies)
{
    enum region_type type = free_type;

    if (attributes & FIRMWARE_ATTRIBUTE_RUNTIME) {
        *anomalies |= ANOMALY_BIT(ANOMALY_RUNTIME_FREE);
        type = REGION_RUNTIME_SERVICES;
    }
    if (!(attributes & FIRMWARE_ATTRIBUTE_WB)) {
        *anomalies |= ANOMALY_BIT(ANOMALY_NOT_WRITE_BACK);
        type = REGION_RESERVED;
    }
    if (attributes & NOT_GENERAL) {
        *anomalies |= ANOMALY_BIT(ANOMALY_NOT_GENERAL);
        type = REGION_RESERVED;
    }
    return type;
}

static enum region_type classify(const struct firmware_descriptor *d, enum region_view view, uint32_t *anomalies)
{
    switch (d->type) {
    case FIRMWARE_CONVENTIONAL:
        return judge_free_memory(d->attributes, REGION_USABLE, anomalies);
    case FIRMWARE_LOADER_CODE:
    case FIRMWARE_LOADER_DATA:
    case FIRMWARE_BOOT_SERVICES_CODE:
    case FIRMWARE_BOOT_SERVICES_DATA:
        return judge_free_memory(d->attributes,
                                 view == REGION_VIEW_OWNED ? REGION_USABLE : REGION_BOOTLOADER_RECLAIMABLE, anomalies);
    case FIRMWARE_RUNTIME_CODE:
    case FIRMWARE_RUNTIME_DATA:
        return REGION_RUNTIME_SERVICES;
    case FIRMWARE_UNUSABLE:
        return REGION_BAD_MEMORY;
    case FIRMWARE_ACPI_RECLAIM:
        return REGION_ACPI_RECLAIMABLE;
    case FIRMWARE_ACPI_NVS:
        return REGION_ACPI_NVS;
    case FIRMWARE_MMIO:
    case FIRMWARE_MMIO_PORT:
        return REGION_MMIO;
    case FIRMWARE_PERSISTENT:
        return REGION_PERSISTENT;
    case FIRMWARE_UNACCEPTED:
        return REGION_UNACCEPTED;
    case FIRMWARE_RESERVED:
    case FIRMWARE_PAL_CODE:
        return REGION_RESERVED;
    default:
        *anomalies |= ANOMALY_BIT(ANOMALY_UNKNOWN_TYPE);
        return REGION_UNKNOWN;
    }
}

/* Whether the EFI shell's `memmap` leaves the type out of its "Total Memory". */
static bool is_outside_total(uint32_t firmware_type)
{
    return firmware_type == FIRMWARE_RESERVED || firmware_type == FIRMWARE_UNUSABLE || firmware_type == FIRMWARE_MMIO ||
           firmware_type == FIRMWARE_MMIO_PORT;
}

/* Everything about one descriptor but its neighbours: a set of ANOMALY_BIT(), and the type of its bytes if it is kept. */
static uint32_t judge(const struct firmware_descriptor *d, uint64_t limit, enum region_view view,
                      enum region_type *ret_type)
{
    uint32_t anomalies = 0;

    if (d->pages == 0)
        return ANOMALY_BIT(ANOMALY_ZERO_PAGES);
    if (d->start > limit || d->pages > (limit - d->start) >> PAGE_SHIFT)
        return ANOMALY_BIT(ANOMALY_OUT_OF_RANGE);
    if (d->start & PAGE_MASK)
        anomalies |= ANOMALY_BIT(ANOMALY_UNALIGNED);
    *ret_type = classify(d, view, &anomalies);
    return anomalies;
}

uint32_t region_descriptor_anomalies(const struct firmware_descriptor *d, unsigned phys_bits)
{
    enum region_type type;

    return judge(d, address_limit(phys_bits), REGION_VIEW_OWNED, &type);
}

static void count_anomalies(uint32_t found, uint64_t *counts)
{
    for (; found; found &= found - 1)
        counts[__builtin_ctz(found)]++;
}

/* The descriptors worth keeping become spans[0..), in the map's order; returns how many. Notes what is odd in each. */
static size_t collect_descriptors(const struct firmware_map *map, const struct region_parameters *parameters,
                                  union slot *spans, uint64_t *counts)
{
    const uint64_t limit = address_limit(parameters->phys_bits);
    const uint64_t count = firmware_map_count(map);
    size_t n = 0;

    for (uint64_t i = 0; i < count; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(map, i);
        enum region_type type;
        uint32_t found = judge(&d, limit, parameters->view, &type);

        if (!(found & ANOMALIES_THAT_DROP)) {
            if (n && d.start < spans[n - 1].span.start)
                found |= ANOMALY_BIT(ANOMALY_UNSORTED);
            spans[n++].span =
                (struct span){ d.start, d.start + frames_to_bytes(d.pages), d.type, (uint8_t)type, false };
        }
        count_anomalies(found, counts);
    }
    return n;
}

static size_t collect_claims(const struct region_parameters *parameters, union slot *spans)
{
    const uint64_t limit = address_limit(parameters->phys_bits);
    size_t n = 0;

    for (size_t i = 0; i < parameters->n_claims; i++) {
        const struct region_claim *claim = &parameters->claims[i];
        const uint64_t start = claim->bytes.start.value;
        ASSERT(claim->type > REGION_BOOTLOADER_RECLAIMABLE && claim->type < REGION_TYPES);
        if (claim->bytes.bytes == 0 || start >= limit)
            continue;
        const uint64_t bytes = claim->bytes.bytes < limit - start ? claim->bytes.bytes : limit - start;
        spans[n++].span = (struct span){ start, start + bytes, 0, (uint8_t)claim->type, true };
    }
    return n;
}

/* Bytes from `start` to `end` beyond what earlier spans, none of which began later, have reached. */
static uint64_t extend_reach(uint64_t *reach, uint64_t start, uint64_t end)
{
    const uint64_t from = start > *reach ? start : *reach;

    if (end <= from)
        return 0;
    *reach = end;
    return end - from;
}

/* What can be told of sorted spans without laying them over one another. */
static void measure_descriptors(const union slot *spans, size_t n, struct region_map *map)
{
    uint64_t reach = 0;
    uint64_t outside_reach = 0;

    for (size_t i = 0; i < n; i++) {
        const struct span *s = &spans[i].span;
        if (s->is_claim)
            continue;
        if (s->start < reach)
            map->anomalies[ANOMALY_OVERLAP]++;
        map->total_bytes += extend_reach(&reach, s->start, s->end);
        if (is_outside_total(s->firmware_type))
            map->total_bytes -= extend_reach(&outside_reach, s->start, s->end);
    }
}

static uint64_t count_usable_bytes(const struct region_map *map)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < map->n_regions; i++)
        if (map->regions[i].type == REGION_USABLE)
            bytes += region_range(&map->regions[i]).bytes;
    return bytes;
}

enum region_status region_normalize(const struct firmware_map *map, const struct region_parameters *parameters,
                                    void *buffer, size_t buffer_bytes, struct region_map *ret)
{
    struct region_map result = { .n_descriptors = firmware_map_count(map) };
    union slot *slots = buffer;

    if (map->bytes && map->stride < FIRMWARE_STRIDE_MIN)
        return REGION_BAD_STRIDE;
    const size_t needed = region_buffer_bytes(result.n_descriptors, parameters->n_claims);
    if (needed == 0 || buffer_bytes < needed)
        return REGION_NO_SPACE;

    size_t n = collect_descriptors(map, parameters, slots, result.anomalies);
    n += collect_claims(parameters, slots + n);
    if (map->bytes && map->bytes % map->stride)
        result.anomalies[ANOMALY_TRUNCATED]++;
    span_sort(slots, n);
    measure_descriptors(slots, n, &result);
    __builtin_memcpy(slots + n, slots, n * sizeof(*slots));
    result.n_regions = span_sweep(slots, n);
    result.regions = &slots[0].region;
    result.usable_bytes = count_usable_bytes(&result);
    *ret = result;
    return REGION_OK;
}

const struct mem_region *region_find(const struct region_map *map, phys_addr_t address)
{
    size_t low = 0;
    size_t high = map->n_regions; /* the first region that ends above the address is in [low, high] */

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (map->regions[middle].end.value <= address.value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == map->n_regions || map->regions[low].start.value > address.value)
        return NULL;
    return &map->regions[low];
}
