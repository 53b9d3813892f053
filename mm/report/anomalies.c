#include "anomalies.h"

#include "report_text.h"

/* The bytes [start, end) of a descriptor that is kept. */
struct extent {
    uint64_t start;
    uint64_t end;
    uint64_t descriptor;
};

/* For each descriptor in the buffer: an extent, and whom it overlaps. */
#define BYTES_PER_DESCRIPTOR (sizeof(struct extent) + sizeof(uint64_t))

size_t anomalies_buffer_bytes(uint64_t n_descriptors)
{
    if (n_descriptors > SIZE_MAX / BYTES_PER_DESCRIPTOR)
        return 0;
    return (n_descriptors ? n_descriptors : 1) * BYTES_PER_DESCRIPTOR;
}

static bool is_before(const struct extent *a, const struct extent *b)
{
    return a->start != b->start ? a->start < b->start : a->descriptor < b->descriptor;
}

static void sift_down(struct extent *extents, uint64_t root, uint64_t n)
{
    const struct extent sinking = extents[root];

    for (uint64_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && is_before(&extents[child], &extents[child + 1]))
            child++;
        if (!is_before(&sinking, &extents[child]))
            break;
        extents[root] = extents[child];
    }
    extents[root] = sinking;
}

static void sort(struct extent *extents, uint64_t n)
{
    for (uint64_t root = n / 2; root-- > 0;)
        sift_down(extents, root, n);
    for (uint64_t end = n; end-- > 1;) {
        const struct extent last = extents[0];

        extents[0] = extents[end];
        extents[end] = last;
        sift_down(extents, 0, end);
    }
}

/* extents: of the n descriptors that are kept, in any order; others[descriptor] receives whom it overlaps. */
static void find_overlaps(struct extent *extents, uint64_t n, uint64_t *others)
{
    const struct extent *furthest = extents;

    sort(extents, n);
    for (uint64_t i = 1; i < n; i++) {
        if (extents[i].start < furthest->end)
            others[extents[i].descriptor] = furthest->descriptor;
        if (extents[i].end > furthest->end)
            furthest = &extents[i];
    }
}

static uint64_t collect_extents(const struct firmware_map *map, unsigned phys_bits, struct extent *extents,
                                uint64_t *others)
{
    const uint64_t count = firmware_map_count(map);
    uint64_t n = 0;

    for (uint64_t i = 0; i < count; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(map, i);

        others[i] = ANOMALY_ALONE;
        if (!(region_descriptor_anomalies(&d, phys_bits) & ANOMALIES_THAT_DROP))
            extents[n++] = (struct extent){ d.start, d.start + frames_to_bytes(d.pages), i };
    }
    return n;
}

static void show(const struct anomaly_visitor *visitor, const struct firmware_descriptor *d, enum region_anomaly kind,
                 uint64_t descriptor, uint64_t other)
{
    const bool is_remark = ANOMALY_BIT(kind) & ANOMALIES_ALLOWED ||
                           (kind == ANOMALY_UNKNOWN_TYPE && d->type >= FIRMWARE_OEM_FIRST);

    visitor->visit(visitor, &(struct anomaly){ kind, descriptor, other, is_remark });
}

static void visit_all(const struct firmware_map *map, unsigned phys_bits, const uint64_t *others,
                      const struct anomaly_visitor *visitor)
{
    const uint64_t count = firmware_map_count(map);
    uint64_t before = 0; /* place and start of the last one kept; none starts below 0 */
    uint64_t start_before = 0;

    for (uint64_t i = 0; i < count; i++) {
        const struct firmware_descriptor d = firmware_map_descriptor(map, i);
        uint32_t found = region_descriptor_anomalies(&d, phys_bits);

        if (!(found & ANOMALIES_THAT_DROP)) {
            if (d.start < start_before)
                show(visitor, &d, ANOMALY_UNSORTED, i, before);
            if (others[i] != ANOMALY_ALONE)
                show(visitor, &d, ANOMALY_OVERLAP, i, others[i]);
            before = i;
            start_before = d.start;
        }
        for (; found; found &= found - 1)
            show(visitor, &d, (enum region_anomaly)__builtin_ctz(found), i, ANOMALY_ALONE);
    }
    if (map->bytes && map->bytes % map->stride)
        show(visitor, NULL, ANOMALY_TRUNCATED, count, ANOMALY_ALONE);
}
_Static_assert(ANOMALY_UNSORTED == 0 && ANOMALY_OVERLAP == 1, "visit_all() shows these two before all others");

enum region_status anomalies_visit(const struct firmware_map *map, unsigned phys_bits, void *buffer,
                                   size_t buffer_bytes, const struct anomaly_visitor *visitor)
{
    const uint64_t count = firmware_map_count(map);
    const size_t needed = anomalies_buffer_bytes(count);
    struct extent *extents = buffer;

    if (map->bytes && map->stride < FIRMWARE_STRIDE_MIN)
        return REGION_BAD_STRIDE;
    if (!needed || buffer_bytes < needed)
        return REGION_NO_SPACE;
    uint64_t *others = (uint64_t *)(extents + count);

    find_overlaps(extents, collect_extents(map, phys_bits, extents, others), others);
    visit_all(map, phys_bits, others, visitor);
    return REGION_OK;
}

const char *anomaly_name(enum region_anomaly kind)
{
    static const char names[] = "unsorted\0overlap\0zero_pages\0out_of_range\0unaligned\0unknown_type\0"
                                "not_write_back\0not_general\0runtime_free\0truncated";

    return nth_string(names, kind);
}
