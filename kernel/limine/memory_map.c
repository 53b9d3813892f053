#include "limine_memory_map.h"

/* Up to base revision 2 a kernel finds all of this mapped, memory or not. */
#define BLANKET_END GIB(4)
#define BLANKET_REVISION_MAX 2
#define PAGE_0_KEPT_REVISION_MAX 2
#define RESERVED_MAPPED_REVISION_MIN 4
#define RUNTIME_MAPPED_REVISION_MIN 5

#define LAST_PAGE (UINT64_MAX - PAGE_MASK) /* none ends above it */

static enum limine_memory_type type_of(enum region_type type, uint64_t base_revision)
{
    switch (type) {
    case REGION_USABLE:
        return LIMINE_MEMORY_USABLE;
    case REGION_BOOTLOADER_RECLAIMABLE:
        return LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE;
    case REGION_ACPI_RECLAIMABLE:
        return LIMINE_MEMORY_ACPI_RECLAIMABLE;
    case REGION_ACPI_NVS:
        return LIMINE_MEMORY_ACPI_NVS;
    case REGION_RUNTIME_SERVICES:
        return base_revision >= RUNTIME_MAPPED_REVISION_MIN ? LIMINE_MEMORY_RESERVED_MAPPED : LIMINE_MEMORY_RESERVED;
    case REGION_RESERVED_MAPPED:
        return base_revision >= RESERVED_MAPPED_REVISION_MIN ? LIMINE_MEMORY_RESERVED_MAPPED : LIMINE_MEMORY_RESERVED;
    case REGION_EXECUTABLE_AND_MODULES:
        return LIMINE_MEMORY_EXECUTABLE_AND_MODULES;
    case REGION_FRAMEBUFFER:
        return LIMINE_MEMORY_FRAMEBUFFER;
    case REGION_BAD_MEMORY:
        return LIMINE_MEMORY_BAD;
    default:
        return LIMINE_MEMORY_RESERVED;
    }
}

/* Each claim may cut twice, and page 0 once. */
static size_t entries_max(size_t n_regions, size_t n_claims) { return n_regions + 2 * n_claims + 1; }

/* Behind the entries, room for two borders of each claim. */
size_t limine_memory_map_capacity(size_t n_regions, size_t n_claims)
{
    _Static_assert(sizeof(struct limine_memory_map_entry) >= 2 * sizeof(uint64_t), "a claim's borders fit an entry");
    return entries_max(n_regions, n_claims) + n_claims;
}

struct entries {
    struct limine_memory_map_entry *all;
    size_t n;
};

static void append(struct entries *entries, uint64_t start, uint64_t end, enum limine_memory_type type)
{
    struct limine_memory_map_entry *last = entries->n ? &entries->all[entries->n - 1] : NULL;

    if (last && last->type == type && last->base + last->length == start &&
        type != LIMINE_MEMORY_EXECUTABLE_AND_MODULES)
        last->length += end - start;
    else
        entries->all[entries->n++] = (struct limine_memory_map_entry){ start, end - start, type };
}

/* Where blocks of the kernel's begin and end, in ascending order. */
struct borders {
    uint64_t *all;
    size_t n, next;
};

static void sift_down(uint64_t *heap, size_t root, size_t n)
{
    const uint64_t value = heap[root];
    size_t child;

    for (; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && heap[child + 1] > heap[child])
            child++;
        if (heap[child] <= value)
            break;
        heap[root] = heap[child];
    }
    heap[root] = value;
}

static void sort(uint64_t *values, size_t n)
{
    for (size_t root = n / 2; root-- > 0;)
        sift_down(values, root, n);
    for (size_t end = n; end-- > 1;) {
        const uint64_t greatest = values[0];

        values[0] = values[end];
        values[end] = greatest;
        sift_down(values, 0, end);
    }
}

static struct borders find_borders(const struct region_claim *claims, size_t n_claims, uint64_t *room)
{
    struct borders borders = { room, 0, 0 };

    for (size_t i = 0; i < n_claims; i++) {
        const uint64_t start = claims[i].bytes.start.value, bytes = claims[i].bytes.bytes;

        if (claims[i].type != REGION_EXECUTABLE_AND_MODULES || !bytes)
            continue;
        borders.all[borders.n++] = align_down(start, PAGE_SIZE);
        if (start <= LAST_PAGE && bytes <= LAST_PAGE - start)
            borders.all[borders.n++] = align_up(start + bytes, PAGE_SIZE);
    }
    sort(borders.all, borders.n);
    return borders;
}

/* The lowest border inside (start, end), or end. `start` never falls. */
static uint64_t next_border(struct borders *borders, uint64_t start, uint64_t end)
{
    while (borders->next < borders->n && borders->all[borders->next] <= start)
        borders->next++;
    return borders->next < borders->n && borders->all[borders->next] < end ? borders->all[borders->next] : end;
}

size_t limine_memory_map(const struct region_map *map, const struct region_claim *claims, size_t n_claims,
                         uint64_t base_revision, struct limine_memory_map_entry *all)
{
    struct borders borders = find_borders(claims, n_claims, (uint64_t *)(all + entries_max(map->n_regions, n_claims)));
    struct entries entries = { all, 0 };

    for (size_t i = 0; i < map->n_regions; i++) {
        const struct mem_region *region = &map->regions[i];
        const enum limine_memory_type type = type_of(region->type, base_revision);
        uint64_t start = region->start.value;

        if (!start && type == LIMINE_MEMORY_USABLE && base_revision <= PAGE_0_KEPT_REVISION_MAX) {
            append(&entries, 0, PAGE_SIZE, LIMINE_MEMORY_RESERVED);
            start = PAGE_SIZE;
        }
        while (start < region->end.value) {
            const uint64_t end = type == LIMINE_MEMORY_EXECUTABLE_AND_MODULES
                                     ? next_border(&borders, start, region->end.value)
                                     : region->end.value;

            append(&entries, start, end, type);
            start = end;
        }
    }
    return entries.n;
}

static bool is_mapped(uint64_t type, uint64_t base_revision)
{
    switch (type) {
    case LIMINE_MEMORY_USABLE:
    case LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE:
    case LIMINE_MEMORY_EXECUTABLE_AND_MODULES:
    case LIMINE_MEMORY_FRAMEBUFFER:
        return true;
    case LIMINE_MEMORY_ACPI_RECLAIMABLE:
    case LIMINE_MEMORY_ACPI_NVS:
        return base_revision != 3;
    case LIMINE_MEMORY_RESERVED_MAPPED:
        return base_revision >= RESERVED_MAPPED_REVISION_MIN;
    default:
        return base_revision == 0;
    }
}

struct direct_map_walk direct_map_begin(const struct limine_memory_map_entry *entries, size_t n_entries,
                                        uint64_t base_revision)
{
    return (struct direct_map_walk){ entries, n_entries, 0, base_revision, 0 };
}

static struct direct_map_range range(uint64_t start, uint64_t end, enum direct_map_kind kind)
{
    return (struct direct_map_range){ { phys_addr(start), end - start }, kind };
}

/* The next range, perhaps one of several that touch. bytes == 0: no more. */
static struct direct_map_range next_piece(struct direct_map_walk *walk)
{
    const uint64_t blanket_end = walk->base_revision <= BLANKET_REVISION_MAX ? BLANKET_END : 0;

    for (; walk->next < walk->n_entries; walk->next++) {
        const struct limine_memory_map_entry *e = &walk->entries[walk->next];
        const uint64_t from = walk->reached, end = e->base + e->length;

        if (from < e->base && from < blanket_end) { /* a gap */
            walk->reached = e->base < blanket_end ? e->base : blanket_end;
            return range(from, walk->reached, DIRECT_MAP_MEMORY);
        }
        walk->reached = end;
        if (e->type == LIMINE_MEMORY_FRAMEBUFFER || is_mapped(e->type, walk->base_revision) || e->base < blanket_end) {
            const bool whole = is_mapped(e->type, walk->base_revision) || end <= blanket_end;

            walk->next++;
            return range(e->base, whole ? end : blanket_end,
                         e->type == LIMINE_MEMORY_FRAMEBUFFER ? DIRECT_MAP_FRAMEBUFFER : DIRECT_MAP_MEMORY);
        }
    }
    if (walk->reached < blanket_end) {
        const uint64_t from = walk->reached;

        walk->reached = blanket_end;
        return range(from, blanket_end, DIRECT_MAP_MEMORY);
    }
    return range(0, 0, DIRECT_MAP_MEMORY);
}

struct direct_map_range direct_map_next(struct direct_map_walk *walk)
{
    struct direct_map_range whole = next_piece(walk);

    while (whole.bytes.bytes) {
        struct direct_map_walk ahead = *walk;
        const struct direct_map_range next = next_piece(&ahead);

        if (!next.bytes.bytes || next.kind != whole.kind || next.bytes.start.value != phys_range_end(whole.bytes))
            break;
        whole.bytes.bytes += next.bytes.bytes;
        *walk = ahead;
    }
    return whole;
}

void limine_allocator_regions(struct region_map *map)
{
    for (size_t i = 0; i < map->n_regions; i++)
        if (map->regions[i].type == REGION_EXECUTABLE_AND_MODULES)
            map->regions[i].type = REGION_USABLE;
}
