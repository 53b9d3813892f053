#include "tables.h"

#include "x86.h"

#define ENTRIES 512
#define LEVEL_BITS 9
#define PAGE_BITS 12
#define LEVEL_PDPT 3
#define LARGE_BYTES 0x200000ull

#define PTE_PRESENT 1ull
#define PTE_WRITE 2ull
#define PTE_USER 4ull
#define PTE_PWT 8ull
#define PTE_PCD 0x10ull
#define PTE_LARGE 0x80ull
#define PTE_PAT_SMALL 0x80ull
#define PTE_PAT_LARGE 0x1000ull
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000FFFFFFFFFF000ull

/* An entry of each root that no promise reaches: below 2^47, far above the memory of any test. */
#define WINDOW_ROOT_ENTRY 128ull
#define WINDOW_DEVICES_FIRST 1

static uint64_t window_tables[4][ENTRIES] __attribute__((aligned(4096)));

/* Where the window lies; only window_open() changes it. */
struct window {
    uint64_t virt;
    unsigned n_devices;
};
static struct window window;

void mapping_append(struct mapping_list *list, struct mapping mapping)
{
    struct mapping *last = list->n ? &list->items[list->n - 1] : NULL;
    const uint64_t end = mapping.phys + mapping.bytes;
    const uint64_t first_large = round_up(mapping.phys, LARGE_BYTES), last_large = round_down(end, LARGE_BYTES);

    list->n_small += (first_large < last_large ? first_large - mapping.phys + end - last_large : mapping.bytes) / PAGE;
    if (last && last->virt + last->bytes == mapping.virt && last->phys + last->bytes == mapping.phys &&
        last->rights == mapping.rights) {
        last->bytes += mapping.bytes;
        return;
    }
    if (list->n == list->capacity)
        list->is_full = true;
    else
        list->items[list->n++] = mapping;
}

static const uint64_t *table_at(const struct context *context, uint64_t phys)
{
    return (const uint64_t *)(context->hhdm + phys);
}

/* The PAT's index is made of three bits, one of which lies elsewhere in large pages. */
static uint32_t memory_type(uint64_t pat, uint64_t entry, unsigned level)
{
    const bool high = entry & (level == 1 ? PTE_PAT_SMALL : PTE_PAT_LARGE);
    const unsigned index = (high ? 4u : 0) | (entry & PTE_PCD ? 2u : 0) | (entry & PTE_PWT ? 1u : 0);

    return pat >> index * 8 & 7;
}

struct walk_level {
    uint64_t table, virt;
    unsigned level;
    uint32_t rights; /* of the levels above */
};

static uint32_t rights_below(uint32_t above, uint64_t entry)
{
    uint32_t rights = above;

    if (!(entry & PTE_WRITE))
        rights &= ~RIGHT_WRITE;
    if (entry & PTE_NX)
        rights &= ~RIGHT_EXECUTE;
    if (!(entry & PTE_USER))
        rights &= ~RIGHT_USER;
    return rights;
}

static void note_table(struct context *context, struct table_walk *walk, uint64_t table)
{
    walk->n_tables++;
    if (!map_covers(context, table, PAGE, TYPE_BIT(LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE)) && !walk->has_bad_table) {
        walk->has_bad_table = true;
        walk->bad_table = table;
    }
}

static void walk_table(struct context *context, uint64_t pat, struct table_walk *walk, struct walk_level at)
{
    const unsigned shift = PAGE_BITS + LEVEL_BITS * (at.level - 1);

    note_table(context, walk, at.table);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        const uint64_t entry = table_at(context, at.table)[i];
        uint64_t virt = at.virt + (i << shift);

        if (!(entry & PTE_PRESENT))
            continue;
        if (at.level == context->levels && i >= ENTRIES / 2)
            virt |= ~0ull << (shift + LEVEL_BITS);
        const uint32_t rights = rights_below(at.rights, entry);

        if (at.level == 1 || (at.level <= LEVEL_PDPT && entry & PTE_LARGE)) {
            const uint64_t phys = entry & PTE_ADDRESS & ~((1ull << shift) - 1);

            walk->n_leaves[at.level - 1] += virt < IMAGE_WINDOW;
            mapping_append(&walk->list, (struct mapping){ virt, phys, 1ull << shift,
                                                          rights | memory_type(pat, entry, at.level)
                                                                       << MEMORY_TYPE_SHIFT });
        } else {
            walk_table(context, pat, walk, (struct walk_level){ entry & PTE_ADDRESS, virt, at.level - 1, rights });
        }
    }
}

void tables_walk(struct context *context, uint64_t pat, struct table_walk *walk)
{
    walk_table(context, pat, walk, (struct walk_level){ context->root, 0, context->levels,
                                                        RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_USER });
}

uint64_t tables_translate(const struct context *context, uint64_t virt)
{
    uint64_t table = context->root;

    for (unsigned level = context->levels; level; level--) {
        const unsigned shift = PAGE_BITS + LEVEL_BITS * (level - 1);
        const uint64_t entry = table_at(context, table)[virt >> shift & (ENTRIES - 1)];

        if (!(entry & PTE_PRESENT))
            return 0;
        if (level == 1 || (level <= LEVEL_PDPT && entry & PTE_LARGE))
            return (entry & PTE_ADDRESS & ~((1ull << shift) - 1)) + (virt & ((1ull << shift) - 1));
        table = entry & PTE_ADDRESS;
    }
    return 0;
}

void window_open(struct context *context)
{
    uint64_t *table = (uint64_t *)(context->hhdm + context->root);
    uint64_t at = WINDOW_ROOT_ENTRY;

    for (unsigned level = context->levels - 1; level; level--) {
        uint64_t *next = window_tables[level - 1];

        table[at] = tables_translate(context, (uint64_t)next) | PTE_PRESENT | PTE_WRITE;
        table = next;
        at = 0;
    }
    window = (struct window){ WINDOW_ROOT_ENTRY << (PAGE_BITS + LEVEL_BITS * (context->levels - 1)),
                              WINDOW_DEVICES_FIRST };
}

static void *window_set(unsigned slot, uint64_t phys, uint64_t flags)
{
    const uint64_t virt = window.virt + slot * PAGE;

    window_tables[0][slot] = (phys & PTE_ADDRESS) | PTE_PRESENT | PTE_WRITE | flags;
    invlpg((virt_addr_t){ virt });
    return (void *)virt;
}

volatile uint32_t *window_map_device(uint64_t phys)
{
    if (window.n_devices == ENTRIES)
        return NULL;
    uint8_t *page = window_set(window.n_devices++, phys, PTE_PCD | PTE_PWT);

    return (volatile uint32_t *)(void *)(page + phys % PAGE);
}

uint8_t *window_page(uint64_t phys)
{
    return window_set(0, phys, 0);
}

void window_read(uint64_t phys, void *to, size_t bytes)
{
    uint8_t *out = to;

    while (bytes) {
        const size_t room = PAGE - phys % PAGE, piece = bytes < room ? bytes : room;

        __builtin_memcpy(out, window_page(phys) + phys % PAGE, piece);
        out += piece;
        phys += piece;
        bytes -= piece;
    }
}
