#include "model_limine_map.h"

#include <stdlib.h>
#include <string.h>

#define RANDOM_SLOTS_MAX 64

/* By base revision, 0 to 6: the number of the memory type that the protocol gives it. */
static const char types[REGION_TYPES][MODEL_REVISIONS + 1] = {
    [REGION_USABLE] = "0000000",
    [REGION_BOOTLOADER_RECLAIMABLE] = "5555555",
    [REGION_ACPI_RECLAIMABLE] = "2222222",
    [REGION_PERSISTENT] = "1111111",
    [REGION_UNACCEPTED] = "1111111",
    [REGION_ACPI_NVS] = "3333333",
    [REGION_RUNTIME_SERVICES] = "1111188",
    [REGION_MMIO] = "1111111",
    [REGION_UNKNOWN] = "1111111",
    [REGION_RESERVED] = "1111111",
    [REGION_RESERVED_MAPPED] = "1111888",
    [REGION_EXECUTABLE_AND_MODULES] = "6666666",
    [REGION_FRAMEBUFFER] = "7777777",
    [REGION_BAD_MEMORY] = "4444444",
};

/* The types whose entries are in the direct map, wherever they lie. */
static const char *const mapped[MODEL_REVISIONS] = { "012345678", "0235678", "0235678", "0567",
                                                     "0567823", "0567823", "0567823" };

enum limine_memory_type model_limine_type(enum region_type type, uint64_t base_revision)
{
    return (enum limine_memory_type)(types[type][base_revision] - '0');
}

bool model_is_mapped(enum limine_memory_type type, uint64_t base_revision)
{
    return strchr(mapped[base_revision], '0' + (char)type);
}

uint64_t model_random_below(uint64_t *random, uint64_t n)
{
    *random ^= *random << 13; /* Marsaglia, "Xorshift RNGs" */
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (*random >> 16) % n;
}

/* ---- a world --------------------------------------------------------------------------------------------------- */

static uint64_t random_page(uint64_t *random)
{
    static const uint64_t bases[] = { 0, MIB(1), GIB(4) - 8 * PAGE_SIZE, GIB(4), GIB(1), TIB(1) };
    const uint64_t near = bases[model_random_below(random, ARRAY_LENGTH(bases))];

    return near + PAGE_SIZE * model_random_below(random, model_random_below(random, 4) ? 16 : 1 << 20);
}

static int compare_starts(const void *a, const void *b)
{
    const uint64_t x = ((const struct model_slot *)a)->start, y = ((const struct model_slot *)b)->start;

    return (x > y) - (x < y);
}

static void make_slots(struct model_limine_map *world, uint64_t *random)
{
    const size_t n = 4 + model_random_below(random, RANDOM_SLOTS_MAX - 4);
    size_t kept = 0;

    memset(world, 0, sizeof *world);
    world->slots[1].start = PAGE_SIZE;
    world->slots[2].start = GIB(4);
    for (size_t i = 3; i <= n; i++)
        world->slots[i].start = random_page(random);
    qsort(world->slots, n + 1, sizeof world->slots[0], compare_starts);
    for (size_t i = 0; i <= n; i++)
        if (!kept || world->slots[i].start != world->slots[kept - 1].start)
            world->slots[kept++] = world->slots[i];
    world->n_slots = kept - 1;
    for (size_t i = 0; i < world->n_slots; i++) {
        world->slots[i].is_region = model_random_below(random, 4);
        world->slots[i].type = model_random_below(random, 3)
                                   ? (enum region_type)model_random_below(random, REGION_EXECUTABLE_AND_MODULES)
                                   : REGION_USABLE;
    }
}

/* Slots [first, end), as a claim that begins and ends on any byte of its first and last page. */
static void claim(struct model_limine_map *world, size_t first, size_t end, enum region_type type, uint64_t *random)
{
    const uint64_t start = world->slots[first].start + model_random_below(random, PAGE_SIZE);
    uint64_t bytes = world->slots[end].start - model_random_below(random, PAGE_SIZE) - start;

    if (world->slots[end].start - world->slots[first].start == PAGE_SIZE)
        bytes = 1 + model_random_below(random, world->slots[end].start - start);
    if (end == world->n_slots && !model_random_below(random, 4))
        bytes = UINT64_MAX - model_random_below(random, PAGE_SIZE); /* it wraps: there is no more than all */
    world->claims[world->n_claims++] = (struct region_claim){ { phys_addr(start), bytes }, type };
    for (size_t i = first; i < end; i++) {
        world->slots[i].is_region = true;
        if (type > world->slots[i].type)
            world->slots[i].type = type;
    }
    if (type == REGION_EXECUTABLE_AND_MODULES)
        world->slots[first].is_border = world->slots[end].is_border = true;
}

static void claim_nothing(struct model_limine_map *world, uint64_t *random)
{
    const uint64_t start = world->slots[model_random_below(random, world->n_slots)].start;

    world->claims[world->n_claims++] =
        (struct region_claim){ { phys_addr(start), 0 }, REGION_EXECUTABLE_AND_MODULES };
}

void model_limine_map_fill(struct model_limine_map *world, uint64_t *random)
{
    static const enum region_type claimed[] = { REGION_EXECUTABLE_AND_MODULES, REGION_EXECUTABLE_AND_MODULES,
                                                REGION_EXECUTABLE_AND_MODULES, REGION_FRAMEBUFFER, REGION_RESERVED,
                                                REGION_RESERVED_MAPPED };

    make_slots(world, random);
    for (size_t n = model_random_below(random, MODEL_CLAIMS_MAX + 1); n; n--) {
        const size_t first = model_random_below(random, world->n_slots);

        if (!model_random_below(random, 8))
            claim_nothing(world, random);
        else
            claim(world, first, first + 1 + model_random_below(random, world->n_slots - first),
                  claimed[model_random_below(random, ARRAY_LENGTH(claimed))], random);
    }
    model_limine_map_regions(world);
}

/* The slot that begins there, made of one that goes on over it, if need be. */
static size_t slot_at(struct model_limine_map *world, uint64_t start)
{
    size_t i = 0;

    while (i <= world->n_slots && world->slots[i].start < start)
        i++;
    if (i <= world->n_slots && world->slots[i].start == start)
        return i;
    if (world->n_slots == MODEL_SLOTS_MAX)
        abort();
    memmove(&world->slots[i + 1], &world->slots[i], (world->n_slots + 1 - i) * sizeof world->slots[0]);
    world->slots[i] = i > world->n_slots ? (struct model_slot){ 0 } : world->slots[i - 1];
    world->slots[i].start = start;
    world->slots[i].is_border = false;
    world->n_slots++;
    return i;
}

void model_limine_map_paint(struct model_limine_map *world, uint64_t start, uint64_t end, enum region_type type)
{
    const size_t first = slot_at(world, start);

    for (size_t i = slot_at(world, end); i-- > first;) {
        world->slots[i].is_region = true;
        world->slots[i].type = type;
    }
}

void model_limine_map_regions(struct model_limine_map *world)
{
    size_t n = 0;

    for (size_t i = 0; i < world->n_slots; i++) {
        const struct model_slot *s = &world->slots[i];
        const uint32_t firmware_type = s->type == REGION_UNKNOWN ? 16 + (uint32_t)i % 2 : 0;
        struct mem_region *last = n ? &world->regions[n - 1] : NULL;

        if (!s->is_region)
            continue;
        if (last && last->end.value == s->start && last->type == s->type && last->firmware_type == firmware_type)
            last->end = phys_addr(s[1].start);
        else
            world->regions[n++] =
                (struct mem_region){ phys_addr(s->start), phys_addr(s[1].start), s->type, firmware_type };
    }
    world->map = (struct region_map){ .regions = world->regions, .n_regions = n };
}

/* ---- what must be ---------------------------------------------------------------------------------------------- */

/* The type of the entry that a slot lies in. */
static enum limine_memory_type type_of_slot(const struct model_slot *s, uint64_t base_revision)
{
    const enum limine_memory_type type = model_limine_type(s->type, base_revision);

    return type == LIMINE_MEMORY_USABLE && s->start == 0 && base_revision <= 2 ? LIMINE_MEMORY_RESERVED : type;
}

/* Whether an entry of this type goes on from the slot before into this one. */
static bool goes_on(const struct model_slot *s, uint64_t base_revision)
{
    return s[-1].is_region && s->is_region &&
           type_of_slot(&s[-1], base_revision) == type_of_slot(s, base_revision) &&
           !(s->type == REGION_EXECUTABLE_AND_MODULES && s->is_border);
}

const char *model_limine_map_check(const struct model_limine_map *world, uint64_t base_revision,
                                   const struct limine_memory_map_entry *entries, size_t n)
{
    size_t next = 0;

    if (n > limine_memory_map_capacity(world->map.n_regions, world->n_claims))
        return "more entries than there is room for";
    for (size_t i = 0; i < world->n_slots; i++) {
        const struct model_slot *s = &world->slots[i];

        if (!s->is_region)
            continue;
        if (!i || !goes_on(s, base_revision)) {
            if (next == n || entries[next++].base != s->start)
                return "an entry does not begin where one must";
        } else if (entries[next - 1].base + entries[next - 1].length <= s->start) {
            return "an entry ends early";
        }
        if (entries[next - 1].type != type_of_slot(s, base_revision))
            return "an entry has the wrong type";
        if (entries[next - 1].base + entries[next - 1].length < s[1].start)
            return "an entry ends inside a slot";
        if ((i + 1 == world->n_slots || !s[1].is_region || !goes_on(&s[1], base_revision)) &&
            entries[next - 1].base + entries[next - 1].length != s[1].start)
            return "an entry ends late";
    }
    return next == n ? NULL : "there are more entries than there must be";
}

int model_direct_map_kind(const struct model_slot *s, uint64_t base_revision)
{
    const bool is_framebuffer = s->is_region && s->type == REGION_FRAMEBUFFER;

    if (is_framebuffer)
        return DIRECT_MAP_FRAMEBUFFER;
    if ((base_revision <= 2 && s->start < GIB(4)) ||
        (s->is_region && model_is_mapped(type_of_slot(s, base_revision), base_revision)))
        return DIRECT_MAP_MEMORY;
    return -1;
}

/* What lies above the last slot, or below 4 GiB. */
static uint64_t end_of_world(const struct model_limine_map *world) { return world->slots[world->n_slots].start; }

const char *model_direct_map_check(const struct model_limine_map *world, uint64_t base_revision,
                                   struct direct_map_walk walk)
{
    struct direct_map_range range = { { { 0 }, 0 }, DIRECT_MAP_MEMORY };
    uint64_t reached = 0;
    int last = -1;

    for (size_t i = 0; i < world->n_slots; i++) {
        const struct model_slot *s = &world->slots[i];
        const int kind = model_direct_map_kind(s, base_revision);

        if (kind >= 0 && kind != last) {
            if (last >= 0 && reached != s->start)
                return "a range ends late";
            range = direct_map_next(&walk);
            if (!range.bytes.bytes || range.bytes.start.value != s->start || (int)range.kind != kind)
                return "a range does not begin where one must, or is of the wrong kind";
            reached = phys_range_end(range.bytes);
        }
        if (kind < 0 && last >= 0 && reached != s->start)
            return "a range ends late";
        if (kind >= 0 && reached < s[1].start)
            return "a range ends early";
        last = kind;
    }
    if (last >= 0 && reached != end_of_world(world))
        return "the last range ends late";
    return direct_map_next(&walk).bytes.bytes || direct_map_next(&walk).bytes.bytes ? "there are more ranges" : NULL;
}
