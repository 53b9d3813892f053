#include "paging.h"

#include "paging_entry.h"

/* The entry that decides about an address: a page, or absent. */
struct slot {
    uint64_t *entry;
    unsigned level;
};

/* Bytes from `first` to `last`, both inclusive, so that the end of the address space has a number. */
struct span {
    uint64_t first;
    uint64_t last;
};

static uint64_t *reach(const struct paging *paging, phys_addr_t table)
{
    return paging->source.reach(paging->source.context, table);
}

static uint64_t *reach_below(const struct paging *paging, uint64_t entry)
{
    return reach(paging, phys_addr(entry & ENTRY_ADDRESS));
}

/* Everything of a page's entry but the address. */
static uint64_t page_bits(const struct paging *paging, unsigned level, unsigned rights, enum cache_type cache)
{
    return ENTRY_PRESENT | (level > LEVEL_4K ? ENTRY_LARGE : 0) | (rights & PAGE_WRITE ? ENTRY_WRITE : 0) |
           (rights & PAGE_EXECUTE || !paging->no_execute ? 0 : ENTRY_XD) | (cache & PAT_INDEX_PWT ? ENTRY_PWT : 0) |
           (cache & PAT_INDEX_PCD ? ENTRY_PCD : 0) | (cache & PAT_INDEX_PAT ? pat_bit(level) : 0);
}

static bool is_canonical(const struct paging *paging, uint64_t virt)
{
    const unsigned sign_shift = level_shift(paging->levels + 1) - 1;
    const uint64_t sign = virt >> sign_shift;

    return sign == 0 || sign == UINT64_MAX >> sign_shift;
}

/* Page-aligned, not empty, and within one half: then nothing that follows can wrap. */
static bool is_good_range(const struct paging *paging, virt_addr_t virt, uint64_t bytes, struct span *ret)
{
    *ret = (struct span){ virt.value, virt.value + bytes - 1 };
    return bytes && !((virt.value | bytes) & PAGE_MASK) && ret->last >= ret->first &&
           is_canonical(paging, ret->first) && is_canonical(paging, ret->last) &&
           ret->first >> 63 == ret->last >> 63;
}

static struct slot find_slot(const struct paging *paging, uint64_t virt)
{
    uint64_t *table = reach(paging, paging->root);

    for (unsigned level = paging->levels;; level--) {
        uint64_t *entry = &table[entry_index(virt, level)];

        if (!(*entry & ENTRY_PRESENT) || is_page(*entry, level))
            return (struct slot){ entry, level };
        table = reach_below(paging, *entry);
    }
}

/* Moves to the first byte after the slot; false if the span ends before that. */
static bool next_slot(struct span *left, unsigned level)
{
    const uint64_t last_of_slot = left->first | (level_bytes(level) - 1);

    if (last_of_slot >= left->last)
        return false;
    left->first = last_of_slot + 1;
    return true;
}

/* Whether all of it is mapped, or (mapped == false) none of it. */
static bool span_is(const struct paging *paging, struct span span, bool mapped)
{
    struct slot slot;

    do {
        slot = find_slot(paging, span.first);
        if ((*slot.entry & ENTRY_PRESENT) != mapped)
            return false;
    } while (next_slot(&span, slot.level));
    return true;
}

static bool take_table(struct paging *paging, phys_addr_t *ret_table, uint64_t **ret_entries)
{
    if (!paging->source.take(paging->source.context, ret_table))
        return false;
    *ret_entries = reach(paging, *ret_table);
    return true;
}

enum paging_status paging_init(struct paging *paging, unsigned levels, bool pages_1g, bool no_execute,
                               struct paging_source source)
{
    uint64_t *entries;

    *paging = (struct paging){
        .levels = levels, .pages_1g = pages_1g, .no_execute = no_execute, .source = source };
    if (!take_table(paging, &paging->root, &entries))
        return PAGING_NO_MEMORY;
    __builtin_memset(entries, 0, PAGE_SIZE);
    return PAGING_OK;
}

uint64_t paging_table_entry(phys_addr_t table) { return table.value | ENTRY_PRESENT | ENTRY_WRITE; }

/* What is left to map. */
struct mapping {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes;
    unsigned rights;
    enum cache_type cache;
};

static bool page_fits(const struct paging *paging, unsigned level, const struct mapping *m)
{
    return may_be_page(level, paging->pages_1g) && m->bytes >= level_bytes(level) &&
           !((m->virt | m->phys) & (level_bytes(level) - 1));
}

/* Pages into absent entries from table[first] on, as many as fit side by side. Returns how many. */
static unsigned map_pages(const struct paging *paging, uint64_t *table, unsigned first, unsigned level,
                          struct mapping *m)
{
    const uint64_t step = level_bytes(level);
    const uint64_t fitting = m->bytes >> level_shift(level);
    const uint64_t *end = &table[fitting < ENTRIES - first ? first + fitting : ENTRIES];
    uint64_t value = m->phys | page_bits(paging, level, m->rights, m->cache);
    uint64_t *at = &table[first];

    for (; at < end && !(*at & ENTRY_PRESENT); at++, value += step)
        *at = value;

    const unsigned n = (unsigned)(at - &table[first]);
    const uint64_t done = (uint64_t)n << level_shift(level);

    m->virt += done;
    m->phys += done;
    m->bytes -= done;
    return n;
}

/*
 * Links a table, filled before, to its entry: rights are the pages' own affair. The processor may be walking these
 * tables meanwhile, so what is in the table must be visible before the entry is.
 */
static void link_table(uint64_t *entry, phys_addr_t table)
{
    __atomic_store_n(entry, paging_table_entry(table), __ATOMIC_RELEASE);
}

/* The table below an entry, made if there is none; NULL: no memory. */
static uint64_t *table_below(struct paging *paging, uint64_t *entry)
{
    phys_addr_t table;
    uint64_t *entries;

    if (*entry & ENTRY_PRESENT)
        return reach_below(paging, *entry);
    if (!take_table(paging, &table, &entries))
        return NULL;
    __builtin_memset(entries, 0, PAGE_SIZE);
    link_table(entry, table);
    return entries;
}

/* Maps what of *m lies in this table, lowest address first. At most PAGING_LEVELS_MAX deep. */
static enum paging_status map_table(struct paging *paging, uint64_t *table, unsigned level, struct mapping *m)
{
    for (unsigned i = entry_index(m->virt, level); m->bytes && i < ENTRIES;) {
        if (page_fits(paging, level, m) && !(table[i] & ENTRY_PRESENT)) {
            i += map_pages(paging, table, i, level, m);
            continue;
        }

        uint64_t *below = table_below(paging, &table[i]);
        if (!below)
            return PAGING_NO_MEMORY;

        const enum paging_status status = map_table(paging, below, level - 1, m);
        if (status != PAGING_OK)
            return status;
        i++;
    }
    return PAGING_OK;
}

enum paging_status paging_map(struct paging *paging, virt_addr_t virt, phys_addr_t phys, uint64_t bytes,
                              unsigned rights, enum cache_type cache)
{
    struct mapping m = { virt.value, phys.value, bytes, rights, cache };
    const uint64_t phys_end_max = 1ull << PHYS_BITS_MAX;
    struct span span;

    if (!is_good_range(paging, virt, bytes, &span) || phys.value & PAGE_MASK || bytes > phys_end_max ||
        phys.value > phys_end_max - bytes)
        return PAGING_BAD_RANGE;
    if (!span_is(paging, span, false))
        return PAGING_MAPPED;
    return map_table(paging, reach(paging, paging->root), paging->levels, &m);
}

/* Replaces a large page by a table of 512 smaller ones that translate alike. */
static bool split_page(struct paging *paging, struct slot large)
{
    const unsigned level = large.level - 1;
    const uint64_t old = *large.entry;
    uint64_t value = page_address(old, large.level) | (old & ~(ENTRY_ADDRESS | ENTRY_LARGE));
    phys_addr_t table;
    uint64_t *entries;

    if (!take_table(paging, &table, &entries))
        return false;
    value |= (level > LEVEL_4K ? ENTRY_LARGE : 0) | (old & ENTRY_PAT_LARGE ? pat_bit(level) : 0);
    for (unsigned i = 0; i < ENTRIES; i++, value += level_bytes(level))
        entries[i] = value;
    link_table(large.entry, table);
    return true;
}

/* Afterwards no page reaches across `boundary`. */
static bool split_at(struct paging *paging, uint64_t boundary)
{
    for (;;) {
        const struct slot slot = find_slot(paging, boundary);

        if (!(*slot.entry & ENTRY_PRESENT) || !(boundary & (level_bytes(slot.level) - 1)))
            return true;
        if (!split_page(paging, slot))
            return false;
    }
}

/* The byte after the span may be the first of another half, or none: no page reaches there anyway. */
static bool split_ends(struct paging *paging, struct span span)
{
    return split_at(paging, span.first) && (!is_canonical(paging, span.last + 1) || split_at(paging, span.last + 1));
}

enum paging_status paging_unmap(struct paging *paging, virt_addr_t virt, uint64_t bytes)
{
    struct span span;
    struct slot slot;

    if (!is_good_range(paging, virt, bytes, &span))
        return PAGING_BAD_RANGE;
    if (!split_ends(paging, span))
        return PAGING_NO_MEMORY;
    do {
        slot = find_slot(paging, span.first);
        *slot.entry = 0;
    } while (next_slot(&span, slot.level));
    return PAGING_OK;
}

enum paging_status paging_protect(struct paging *paging, virt_addr_t virt, uint64_t bytes, unsigned rights,
                                  enum cache_type cache)
{
    struct span span;
    struct slot slot;

    if (!is_good_range(paging, virt, bytes, &span))
        return PAGING_BAD_RANGE;
    if (!span_is(paging, span, true))
        return PAGING_NOT_MAPPED;
    if (!split_ends(paging, span))
        return PAGING_NO_MEMORY;
    do {
        slot = find_slot(paging, span.first);
        *slot.entry = page_address(*slot.entry, slot.level) | page_bits(paging, slot.level, rights, cache);
    } while (next_slot(&span, slot.level));
    return PAGING_OK;
}

void paging_mirror(struct paging *paging)
{
    uint64_t *root = reach(paging, paging->root);

    for (unsigned i = 0; i < ENTRIES / 2; i++)
        root[ENTRIES / 2 + i] = root[i];
}

virt_addr_t paging_upper_half(unsigned levels) { return virt_addr(UINT64_MAX << (level_shift(levels + 1) - 1)); }

struct paging_translation paging_translate(const struct paging *paging, virt_addr_t virt)
{
    uint64_t *table = reach(paging, paging->root);
    unsigned rights = PAGE_WRITE | PAGE_EXECUTE;
    unsigned level = paging->levels;
    uint64_t entry;

    if (!is_canonical(paging, virt.value))
        return (struct paging_translation){ .mapped = false };
    for (;; level--) {
        entry = table[entry_index(virt.value, level)];
        if (!(entry & ENTRY_PRESENT))
            return (struct paging_translation){ .mapped = false };
        if (!(entry & ENTRY_WRITE))
            rights &= ~(unsigned)PAGE_WRITE;
        if (paging->no_execute && entry & ENTRY_XD)
            rights &= ~(unsigned)PAGE_EXECUTE;
        if (is_page(entry, level))
            break;
        table = reach_below(paging, entry);
    }

    const uint64_t offset = virt.value & (level_bytes(level) - 1);
    const unsigned cache = (entry & ENTRY_PWT ? PAT_INDEX_PWT : 0) | (entry & ENTRY_PCD ? PAT_INDEX_PCD : 0) |
                           (entry & pat_bit(level) ? PAT_INDEX_PAT : 0);

    return (struct paging_translation){
        .mapped = true,
        .address = phys_addr(page_address(entry, level) + offset),
        .page_bytes = level_bytes(level),
        .rights = rights,
        .cache = cache,
    };
}
