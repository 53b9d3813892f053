#include "claimed.h"

/* Types that no specification names keep ranges apart: region_normalize() sorts them, and merges none. */
#define TYPE_FIRST 0x80000000u
#define TYPE_ABSENT_ALLOWED 0x40000000u
#define TYPE_INDEX_MASK (CLAIMED_MAX - 1)
_Static_assert(!(CLAIMED_MAX & TYPE_INDEX_MASK), "a mask for an index");

void claimed_add(struct claimed *claimed, const struct claimed_range *range)
{
    if (claimed->n == CLAIMED_MAX)
        claimed->n_left_out++;
    else
        claimed->ranges[claimed->n++] = *range;
}

static size_t own_bytes(size_t work_bytes) { return align_up(work_bytes, 8) + region_buffer_bytes(CLAIMED_MAX, 0); }

size_t claimed_buffer_bytes(const struct map_subject *subject, size_t work_bytes)
{
    const size_t map = region_buffer_bytes(firmware_map_count(&subject->map), subject->n_claims);

    return map && map <= SIZE_MAX - own_bytes(work_bytes) ? map + own_bytes(work_bytes) : 0;
}

/* The ranges as descriptors. */
static enum region_status sort(struct claimed *claimed, unsigned phys_bits, void *buffer, size_t buffer_bytes)
{
    const struct region_parameters parameters = { NULL, 0, phys_bits, REGION_VIEW_OWNED };
    const struct firmware_map map = { claimed->descriptors, claimed->n * sizeof *claimed->descriptors,
                                      sizeof *claimed->descriptors };

    for (size_t i = 0; i < claimed->n; i++)
        claimed->descriptors[i] = (struct firmware_descriptor){
            .type = TYPE_FIRST + (claimed->ranges[i].is_absent_allowed ? TYPE_ABSENT_ALLOWED : 0) + (uint32_t)i,
            .start = claimed->ranges[i].bytes.start.value,
            .pages = bytes_to_frames(claimed->ranges[i].bytes.bytes),
        };
    return region_normalize(&map, &parameters, buffer, buffer_bytes, &claimed->sorted);
}

enum report_status claimed_sort(struct claimed *claimed, const struct map_subject *subject, void *buffer,
                                size_t buffer_bytes, size_t work_bytes, struct region_map *ret_map)
{
    const size_t sorted_at = align_up(work_bytes, 8), map_at = own_bytes(work_bytes);
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits,
                                                  REGION_VIEW_OWNED };
    enum region_status status = sort(claimed, subject->phys_bits, (uint8_t *)buffer + sorted_at, map_at - sorted_at);

    if (status == REGION_OK)
        status = region_normalize(&subject->map, &parameters, (uint8_t *)buffer + map_at, buffer_bytes - map_at, ret_map);
    return status == REGION_OK ? REPORT_OK : status == REGION_NO_SPACE ? REPORT_NO_SPACE : REPORT_BAD_MAP;
}

const struct claimed_range *claimed_of(const struct claimed *claimed, const struct mem_region *region)
{
    return &claimed->ranges[region->firmware_type & TYPE_INDEX_MASK];
}

/* ---- what is wrong ---- */

static bool is_possible(struct phys_range r) { return r.bytes && r.bytes <= UINT64_MAX - r.start.value; }

/* The first earlier range that shares bytes with this one. CLAIMED_MAX bounds how many there are to compare. */
static void find_overlap(struct listing *l, const struct claimed *claimed, size_t n, const char *overlap)
{
    const struct claimed_range *late = &claimed->ranges[n];

    for (size_t i = 0; i < n && is_possible(late->bytes); i++) {
        const struct claimed_range *early = &claimed->ranges[i];

        if (!is_possible(early->bytes) || !phys_ranges_overlap(early->bytes, late->bytes))
            continue;

        const uint64_t a = phys_range_end(early->bytes), b = phys_range_end(late->bytes);
        const uint64_t start = early->bytes.start.value > late->bytes.start.value ? early->bytes.start.value
                                                                                 : late->bytes.start.value;

        listing_finding(l, (struct phys_range){ phys_addr(start), (a < b ? a : b) - start }, overlap, early->owner,
                        late->owner);
        return;
    }
}

static bool any(const struct mem_region *region)
{
    (void)region;
    return true;
}

static bool must_be_memory(const struct mem_region *region) { return !(region->firmware_type & TYPE_ABSENT_ALLOWED); }

void claimed_find(struct listing *l, const struct claimed *claimed, const struct region_map *map, const char *whose,
                  const char *overlap)
{
    const struct spans owned = { &claimed->sorted, any }, present = { &claimed->sorted, must_be_memory };
    const struct spans memory = { map, region_is_memory }, possible = { map, region_may_be_memory };
    const uint64_t n_impossible = claimed->sorted.anomalies[ANOMALY_OUT_OF_RANGE] +
                                  claimed->sorted.anomalies[ANOMALY_ZERO_PAGES];

    if (claimed->n_left_out)
        listing_finding(l, (struct phys_range){ 0 }, "ranges not looked at: %lu", claimed->n_left_out);
    if (n_impossible)
        listing_finding(l, (struct phys_range){ 0 }, "ranges empty or out of reach: %lu", n_impossible);
    for (size_t i = 0; i < claimed->n; i++)
        find_overlap(l, claimed, i, overlap);
    if (claimed->is_nominal)
        return;
    spans_find_lacking(l, &memory, &owned, "memory of the map that no %s has", whose);
    spans_find_lacking(l, &present, &possible, "claimed by %s, but no memory in the map", whose);
}
