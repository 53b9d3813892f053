#include "take.h"

/* The firmware, the shell and a file being written need memory: of it so much stays free, or a 16th if that is less. */
#define LEFT_BELOW_4G MIB(16)
#define LEFT_ABOVE_4G MIB(2) /* nothing that they need must lie there */
#define LEFT_SHARE 16

/* A region that the firmware does not give as a whole is asked for in halves, down to this, so many times at most. */
#define PIECE_PAGES 64
#define REFUSALS_MAX 2048

#define LOW_END MIB(1)

static size_t region_bytes(const struct map_subject *subject)
{
    return region_buffer_bytes(firmware_map_count(&subject->map), subject->n_claims);
}

/* A range per region, and for each time that one is halved. */
static size_t ranges_max(const struct map_subject *subject)
{
    return 2 * (size_t)firmware_map_count(&subject->map) + subject->n_claims + REFUSALS_MAX;
}

size_t memory_take_scratch(const struct map_subject *subject)
{
    const size_t regions = region_bytes(subject);

    return regions ? regions + ranges_max(subject) * sizeof(struct phys_range) : 0;
}

static struct phys_range common(struct phys_range a, struct phys_range b)
{
    const uint64_t start = a.start.value > b.start.value ? a.start.value : b.start.value;
    const uint64_t end = phys_range_end(a) < phys_range_end(b) ? phys_range_end(a) : phys_range_end(b);

    return (struct phys_range){ phys_addr(start), end > start ? end - start : 0 };
}

/* ---- taking ---- */

struct taker {
    EFI_BOOT_SERVICES *boot;
    const struct region_map *regions;
    struct taken_memory *memory;
    unsigned refusals;
};

/* Halving never goes deep: a region has fewer than 2^40 pages. */
static void take(struct taker *t, struct phys_range range)
{
    struct taken_memory *m = t->memory;
    const uint64_t pages = range.bytes >> PAGE_SHIFT;
    EFI_PHYSICAL_ADDRESS at = range.start.value;

    if (!pages)
        return;
    if (m->n < m->capacity && !EFI_ERROR(t->boot->AllocatePages(AllocateAddress, EfiLoaderData, pages, &at))) {
        m->ranges[m->n++] = range;
        m->account.tested += range.bytes;
    } else if (pages > PIECE_PAGES && t->refusals < REFUSALS_MAX) {
        const uint64_t half = frames_to_bytes(pages / 2);

        t->refusals++;
        take(t, (struct phys_range){ range.start, half });
        take(t, (struct phys_range){ phys_addr(range.start.value + half), range.bytes - half });
    } else {
        m->account.held[HELD_REFUSED] += range.bytes;
    }
}

/* Usable bytes within the window. */
static uint64_t usable_in(const struct region_map *regions, struct phys_range window)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < regions->n_regions; i++)
        if (regions->regions[i].type == REGION_USABLE)
            bytes += common(region_range(&regions->regions[i]), window).bytes;
    return bytes;
}

static size_t largest_in(const struct region_map *regions, struct phys_range window)
{
    size_t best = 0;
    uint64_t most = 0;

    for (size_t i = 0; i < regions->n_regions; i++) {
        const uint64_t bytes = common(region_range(&regions->regions[i]), window).bytes;

        if (regions->regions[i].type == REGION_USABLE && bytes > most) {
            most = bytes;
            best = i;
        }
    }
    return best;
}

/* One side of 4 GiB. What stays free is the end of the largest region: most firmware takes memory from the top. */
static void take_side(struct taker *t, struct phys_range side, uint64_t left_max)
{
    const struct region_map *regions = t->regions;
    const struct phys_range window = common(side, t->memory->limits);
    const uint64_t free = usable_in(regions, side), outside = free - usable_in(regions, window);
    const uint64_t wanted = align_up(free / LEFT_SHARE < left_max ? free / LEFT_SHARE : left_max, PAGE_SIZE);
    const size_t largest = largest_in(regions, window);

    for (size_t i = 0; i < regions->n_regions; i++) {
        struct phys_range range = common(region_range(&regions->regions[i]), window);
        uint64_t left = i == largest && wanted > outside ? wanted - outside : 0;

        if (regions->regions[i].type != REGION_USABLE || !range.bytes)
            continue;
        if (left > range.bytes)
            left = range.bytes;
        t->memory->account.held[HELD_LEFT] += left;
        range.bytes -= left;
        take(t, range);
    }
}

/* ---- the account ---- */

static bool is_memory(uint32_t type)
{
    return type != FIRMWARE_RESERVED && type != FIRMWARE_UNUSABLE && type != FIRMWARE_MMIO &&
           type != FIRMWARE_MMIO_PORT;
}

/* Adds to *ret the bytes that the descriptor has within the range; one that cannot be, or is no memory, has none. */
static uint64_t *count(const struct map_subject *subject, uint64_t i, struct phys_range range, struct memory_account *a,
                       uint64_t *ret)
{
    const struct firmware_descriptor d = firmware_map_descriptor(&subject->map, i);
    const uint64_t end = 1ull << PHYS_BITS_MAX;

    *ret = 0;
    if (is_memory(d.type) && d.start < end && d.pages <= (end - d.start) >> PAGE_SHIFT)
        *ret = common((struct phys_range){ phys_addr(d.start), frames_to_bytes(d.pages) }, range).bytes;
    return &a->held[d.type < HELD_KINDS - HELD_TYPES ? HELD_TYPES + d.type : HELD_KINDS - 1];
}

static void count_own(const struct map_subject *subject, struct phys_range own, struct taken_memory *m)
{
    struct memory_account *a = &m->account;

    for (uint64_t i = 0; i < firmware_map_count(&subject->map); i++) {
        uint64_t bytes, *held = count(subject, i, common(own, m->limits), a, &bytes);

        if (held == &a->held[HELD_TYPES + FIRMWARE_LOADER_CODE] ||
            held == &a->held[HELD_TYPES + FIRMWARE_LOADER_DATA]) {
            *held -= bytes;
            a->held[HELD_OWN] += bytes;
        }
    }
}

static void account(const struct map_subject *subject, const struct region_map *regions, struct phys_range workspace,
                    struct taken_memory *m)
{
    struct memory_account *a = &m->account;
    uint64_t *conventional = &a->held[HELD_TYPES + FIRMWARE_CONVENTIONAL];
    const uint64_t usable = usable_in(regions, m->limits);

    for (uint64_t i = 0; i < firmware_map_count(&subject->map); i++) {
        uint64_t bytes, *held = count(subject, i, m->limits, a, &bytes);

        *held += bytes;
        a->total += bytes;
    }
    for (size_t i = 0; i < subject->n_own; i++)
        count_own(subject, subject->own[i].bytes, m);
    count_own(subject, workspace, m);
    a->held[HELD_LOW] = usable - a->tested - a->held[HELD_LEFT] - a->held[HELD_REFUSED];
    a->held[HELD_UNFIT] = *conventional - usable;
    *conventional = 0;
}

EFI_STATUS memory_take(const struct command *command, const struct command_map *map, struct phys_range limits,
                       struct phys_range workspace, struct taken_memory *ret)
{
    const struct map_subject *subject = &map->subject;
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits,
                                                REGION_VIEW_BOOT };
    const size_t bytes = region_bytes(subject);
    char *scratch = identity_pointer(map->scratch.start);
    const uint64_t low = phys_range_end(limits) <= LOW_END ? 0 : LOW_END;
    const struct phys_range below = { phys_addr(low), GIB(4) - low };
    const struct phys_range above = { phys_addr(GIB(4)), (1ull << PHYS_BITS_MAX) - GIB(4) };
    struct region_map regions;

    if (region_normalize(&subject->map, &parameters, scratch, bytes, &regions) != REGION_OK)
        return report_failure(command->fw, EFI_UNSUPPORTED, "the firmware's memory map cannot be read");
    *ret = (struct taken_memory){ .limits = limits, .ranges = (struct phys_range *)(void *)(scratch + bytes),
                                  .capacity = ranges_max(subject) };

    struct taker taker = { command->fw->boot, &regions, ret, 0 };

    take_side(&taker, below, LEFT_BELOW_4G);
    take_side(&taker, above, LEFT_ABOVE_4G);
    account(subject, &regions, workspace, ret);
    return EFI_SUCCESS;
}

void memory_give_back(const struct firmware *fw, struct taken_memory *memory, const struct processors *processors)
{
    for (size_t i = 0; i < memory->n; i++)
        if (!processors_may_write(processors, memory->ranges[i]))
            pages_free(fw, &memory->ranges[i]);
    memory->n = 0;
}
