#include "pmm_limine.h"

#include "limine_protocol.h"
#include "pmm_layout.h"

_Static_assert(POLYGLOT_METADATA_VERSION == PMM_VERSION, "a kernel asks for what its library reads");

/* What pmm_metadata_bytes() promises not to exceed, if no run were free of charge. */
#define BYTES_PER_GIB 34000
#define BYTES_ALWAYS KIB(64)
#define BYTES_PER_ENTRY (32 + 8)

#define PHYS_END ((uint64_t)1 << PHYS_BITS_MAX)

/* A walk over the entries, in ascending order. */
struct walk {
    const struct limine_memory_map_response *map;
    uint64_t next;    /* entry */
    uint64_t reached; /* end of the entries so far, bytes */
};

/* Frames that lie wholly inside one entry, and in no other one. */
struct stretch {
    struct frame_range frames;
    uint64_t type; /* enum limine_memory_type */
};

static const struct limine_memory_map_entry *entry_at(const struct limine_memory_map_response *map, uint64_t i)
{
    const uint64_t *entries = virt_pointer(virt_addr(map->entries));

    return virt_pointer(virt_addr(entries[i]));
}

static uint64_t end_of(const struct limine_memory_map_entry *e)
{
    return e->base < PHYS_END && e->length < PHYS_END - e->base ? e->base + e->length : PHYS_END;
}

/* The next stretch, of one frame at least; false at the end. */
static bool walk_next(struct walk *walk, struct stretch *ret)
{
    while (walk->next < walk->map->count) {
        const struct limine_memory_map_entry *e = entry_at(walk->map, walk->next++);
        const uint64_t start = e->base > walk->reached ? e->base : walk->reached;
        uint64_t end = end_of(e);

        walk->reached = end > walk->reached ? end : walk->reached;
        if (walk->next < walk->map->count && entry_at(walk->map, walk->next)->base < end)
            end = entry_at(walk->map, walk->next)->base;
        if (start >= end)
            continue;
        *ret = (struct stretch){ frame_range_inside((struct phys_range){ { start }, end - start }), e->type };
        if (ret->frames.count)
            return true;
    }
    return false;
}

static bool is_tracked(const struct stretch *s)
{
    return s->type == LIMINE_MEMORY_USABLE || s->type == LIMINE_MEMORY_EXECUTABLE_AND_MODULES ||
           s->type == LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE;
}

/* No more than this is needed for the metadata, whatever the regions will be. */
static uint64_t metadata_bytes_max(const struct limine_memory_map_response *map)
{
    struct walk walk = { .map = map };
    struct stretch s;
    uint64_t frames = 0;

    while (walk_next(&walk, &s))
        frames += is_tracked(&s) ? s.frames.count : 0;
    const uint64_t gib = frames_to_bytes(frames) / GIB(1) + 1;

    return align_up(gib * BYTES_PER_GIB + BYTES_ALWAYS + map->count * BYTES_PER_ENTRY, PAGE_SIZE);
}

/* The lowest `bytes` of usable memory from 1 MiB up that lie together; false: there are none. */
static bool find_place(const struct limine_memory_map_response *map, uint64_t bytes, phys_addr_t *ret_start)
{
    struct walk walk = { .map = map };
    struct stretch s;

    while (walk_next(&walk, &s)) {
        const uint64_t start = frame_start(s.frames.first).value;
        const uint64_t end = start + frames_to_bytes(s.frames.count);
        const uint64_t from = start > MIB(1) ? start : MIB(1);

        if (s.type != LIMINE_MEMORY_USABLE || end < from || end - from < bytes)
            continue;
        *ret_start = phys_addr(from);
        return true;
    }
    return false;
}

/* Returns how many; there are at most as many as entries. */
static size_t make_regions(const struct limine_memory_map_response *map, struct mem_region *regions)
{
    struct walk walk = { .map = map };
    struct stretch s;
    size_t n = 0;

    while (walk_next(&walk, &s))
        if (is_tracked(&s))
            regions[n++] = (struct mem_region){
                .start = frame_start(s.frames.first),
                .end = frame_start(frame(s.frames.first.value + s.frames.count)),
                .type = s.type == LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE ? REGION_BOOTLOADER_RECLAIMABLE : REGION_USABLE,
            };
    return n;
}

/* With one CPU, that takes no stop. */
static enum pmm_status reserve_executable(struct pmm *pmm, struct pmm_cpu *cpu,
                                          const struct limine_memory_map_response *map)
{
    struct walk walk = { .map = map };
    enum pmm_status status = PMM_OK;
    struct stretch s;

    while (status == PMM_OK && walk_next(&walk, &s)) {
        const uint64_t skip = !s.frames.first.value; /* frame 0 is allocated anyway */
        const struct frame_range range = { { s.frames.first.value + skip }, s.frames.count - skip };

        if (s.type == LIMINE_MEMORY_EXECUTABLE_AND_MODULES && range.count)
            status = pmm_reserve(pmm, cpu, range);
    }
    return status;
}

static enum pmm_status build(const struct pmm_limine *boot, struct pmm_cpu *cpu, struct pmm **ret_pmm)
{
    const struct limine_memory_map_response *map = boot->memory_map;
    const uint64_t room = metadata_bytes_max(map);
    phys_addr_t place;
    struct pmm *pmm;

    if (!find_place(map, room + map->count * sizeof(struct mem_region), &place))
        return PMM_NO_MEMORY;
    char *metadata = virt_pointer(virt_addr(boot->hhdm_offset + place.value));
    struct mem_region *regions = (struct mem_region *)(void *)(metadata + room);
    const size_t n_regions = make_regions(map, regions);
    enum pmm_status status = pmm_init(metadata, room, place, regions, n_regions, &pmm);

    if (status != PMM_OK)
        return status;
    pmm_cpus_init(pmm, cpu, 1, (struct pmm_barrier){ 0 });
    status = reserve_executable(pmm, cpu, map);
    pmm_drain(pmm, cpu);
    if (status == PMM_OK)
        *ret_pmm = pmm;
    return status;
}

static enum pmm_status adopt(const struct polyglot_allocator_response *answer, struct pmm_cpu *cpus, uint64_t n_cpus,
                             struct pmm_barrier barrier, struct pmm **ret_pmm)
{
    if (answer->response_bytes < sizeof(*answer))
        return PMM_BAD_METADATA;
    if (answer->metadata_version != PMM_VERSION)
        return PMM_BAD_VERSION;
    return pmm_adopt(virt_pointer(virt_addr(answer->metadata)), answer->metadata_bytes,
                     phys_addr(answer->metadata_physical), cpus, n_cpus, barrier, ret_pmm);
}

enum pmm_status pmm_limine_start(const struct pmm_limine *boot, struct pmm_cpu *cpus, uint64_t n_cpus,
                                 struct pmm_barrier barrier, struct pmm **ret_pmm)
{
    if (boot->allocator)
        return adopt(boot->allocator, cpus, n_cpus, barrier, ret_pmm);
    if (!n_cpus || n_cpus > PMM_CPUS_MAX || !boot->memory_map)
        return PMM_BAD_RANGE;
    const enum pmm_status status = build(boot, cpus, ret_pmm);

    if (status == PMM_OK)
        pmm_cpus_init(*ret_pmm, cpus, n_cpus, barrier);
    return status;
}
