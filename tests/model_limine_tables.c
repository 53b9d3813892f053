#include "model_limine_tables.h"

#define PRESENT (1ull << 0)
#define WRITE (1ull << 1)
#define USER (1ull << 2)
#define PWT (1ull << 3)
#define PCD (1ull << 4)
#define LARGE (1ull << 7) /* in a page table's entry: PAT */
#define GLOBAL (1ull << 8)
#define PAT_LARGE (1ull << 12)
#define XD (1ull << 63)

#define SHIFT_4K 12
#define SHIFT_1G 30

void model_ranges_add(struct model_ranges *ranges, struct model_range r)
{
    struct model_range *last = ranges->n ? &ranges->all[ranges->n - 1] : NULL;

    if (!r.bytes)
        return;
    if (last && last->virt + last->bytes == r.virt && last->phys + last->bytes == r.phys && last->rights == r.rights &&
        last->cache == r.cache)
        last->bytes += r.bytes;
    else
        ranges->all[ranges->n++] = r;
}

/* What is mapped of the world, from `offset` on. */
static void add_world(struct model_ranges *ranges, const struct model_limine_map *world, uint64_t base_revision,
                      uint64_t offset, uint64_t from)
{
    for (size_t i = 0; i < world->n_slots; i++) {
        const uint64_t end = world->slots[i + 1].start;
        const uint64_t start = world->slots[i].start < from ? from : world->slots[i].start;
        const int kind = model_direct_map_kind(&world->slots[i], base_revision);

        if (kind >= 0 && start < end)
            model_ranges_add(ranges, (struct model_range){
                offset + start, start, end - start, PAGE_WRITE | PAGE_EXECUTE,
                kind == DIRECT_MAP_FRAMEBUFFER ? CACHE_WRITE_COMBINING : CACHE_WRITE_BACK });
    }
}

void model_ranges_of_kernel(struct model_ranges *ranges, const struct model_limine_map *world,
                            const struct handover *h)
{
    ranges->n = 0;
    if (h->base_revision == 0)
        add_world(ranges, world, 0, 0, PAGE_SIZE);
    add_world(ranges, world, h->base_revision, h->hhdm_offset, 0);
    for (size_t i = 0; i < h->n_segments; i++)
        model_ranges_add(ranges, (struct model_range){ h->kernel_virt.value + h->segments[i].offset,
                                                       h->kernel.start.value + h->segments[i].offset,
                                                       h->segments[i].bytes, h->segments[i].rights, CACHE_WRITE_BACK });
}

struct check {
    const struct model_ranges *ranges;
    size_t next;
    uint64_t done; /* bytes of that range that have been seen */
    bool no_execute;
    const char *problem;
};

static enum cache_type cache_of(uint64_t entry, unsigned shift)
{
    const bool pat = entry & (shift == SHIFT_4K ? LARGE : PAT_LARGE);

    return (enum cache_type)((entry & PWT ? 1 : 0) | (entry & PCD ? 2 : 0) | (pat ? 4 : 0));
}

/* A page of 2^shift bytes. */
static const char *check_page(struct check *c, uint64_t virt, uint64_t entry, unsigned shift)
{
    const struct model_range *r = &c->ranges->all[c->next];
    const uint64_t bytes = 1ull << shift, address = entry & 0x000FFFFFFFFFF000 & ~(shift == SHIFT_4K ? 0 : PAT_LARGE);
    const bool executes = !(entry & XD);

    if (c->next == c->ranges->n)
        return "something is mapped above everything that must be";
    if (virt != r->virt + c->done)
        return "something is mapped that must not be, or missing";
    if (bytes > r->bytes - c->done)
        return "a page reaches beyond what must be mapped";
    if (address != r->phys + c->done)
        return "a page leads elsewhere";
    if (!(entry & WRITE) != !(r->rights & PAGE_WRITE) || entry & (USER | GLOBAL) ||
        executes != (!c->no_execute || r->rights & PAGE_EXECUTE))
        return "a page has other rights";
    if (cache_of(entry, shift) != r->cache)
        return "a page has another cache type";
    c->done += bytes;
    if (c->done == r->bytes) {
        c->next++;
        c->done = 0;
    }
    return NULL;
}

static void check_table(struct check *c, uint64_t table, unsigned shift, uint64_t virt, unsigned n_entries)
{
    const uint64_t *entries = identity_pointer(phys_addr(table));

    for (unsigned i = 0; i < n_entries && !c->problem; i++) {
        const uint64_t at = virt + ((uint64_t)i << shift);

        if (!(entries[i] & PRESENT))
            continue;
        if (shift == SHIFT_4K || (shift <= SHIFT_1G && entries[i] & LARGE))
            c->problem = check_page(c, at, entries[i], shift);
        else if (!(entries[i] & WRITE) || entries[i] & (USER | LARGE | XD))
            c->problem = "an entry for a table takes rights away, or is no such entry";
        else
            check_table(c, entries[i] & 0x000FFFFFFFFFF000, shift - 9, at, 512);
    }
}

const char *model_ranges_check(const struct model_ranges *ranges, phys_addr_t root, unsigned levels,
                               unsigned n_entries, bool no_execute)
{
    struct check c = { .ranges = ranges, .no_execute = no_execute };
    const unsigned shift = SHIFT_4K + 9 * (levels - 1);
    const uint64_t upper_half = ~0ull << (shift + 8);

    check_table(&c, root.value, shift, 0, n_entries < 256 ? n_entries : 256);
    if (n_entries > 256 && !c.problem)
        check_table(&c, root.value + 256 * sizeof(uint64_t), shift, upper_half, n_entries - 256);
    if (!c.problem && c.next != ranges->n)
        c.problem = "something that must be is not mapped";
    return c.problem;
}
