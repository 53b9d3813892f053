#include "check.h"
#include "checks.h"
#include "requests.h"

#define TYPE_MAPPED_FROM 4 /* base revision that has LIMINE_MEMORY_RESERVED_MAPPED */
#define PAGE_ZERO_FROM 3   /* base revision from which page 0 may be usable */

#define EXCLUSIVE_TYPES (TYPE_BIT(LIMINE_MEMORY_USABLE) | TYPE_BIT(LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE))

static bool is_exclusive(const struct limine_memory_map_entry *e)
{
    return TYPE_BIT(e->type) & EXCLUSIVE_TYPES;
}

/* Index of the first entry that breaks a rule, or n: one function for each rule. */
static size_t first_unsorted(const struct context *c)
{
    for (size_t i = 1; i < c->n_entries; i++)
        if (c->entries[i].base < c->entries[i - 1].base)
            return i;
    return c->n_entries;
}

static size_t first_unaligned(const struct context *c)
{
    for (size_t i = 0; i < c->n_entries; i++)
        if (is_exclusive(&c->entries[i]) && (c->entries[i].base | c->entries[i].length) % PAGE)
            return i;
    return c->n_entries;
}

static size_t first_empty_or_wrapping(const struct context *c)
{
    for (size_t i = 0; i < c->n_entries; i++)
        if (!c->entries[i].length || c->entries[i].base + c->entries[i].length - 1 < c->entries[i].base)
            return i;
    return c->n_entries;
}

static size_t first_unknown_type(const struct context *c)
{
    const uint64_t last = c->revision >= TYPE_MAPPED_FROM ? LIMINE_MEMORY_RESERVED_MAPPED : LIMINE_MEMORY_FRAMEBUFFER;

    for (size_t i = 0; i < c->n_entries; i++)
        if (c->entries[i].type > last)
            return i;
    return c->n_entries;
}

/* Usable and reclaimable entries overlap nothing at all. */
static size_t first_overlapping(const struct context *c)
{
    for (size_t i = 0; i < c->n_entries; i++)
        for (size_t j = i + 1; j < c->n_entries && c->entries[j].base - c->entries[i].base < c->entries[i].length; j++)
            if (is_exclusive(&c->entries[i]) || is_exclusive(&c->entries[j]))
                return i;
    return c->n_entries;
}

/* Neighbours of these types could be one. */
static size_t first_unmerged(const struct context *c)
{
    for (size_t i = 1; i < c->n_entries; i++)
        if (c->entries[i].type == LIMINE_MEMORY_USABLE && c->entries[i - 1].type == LIMINE_MEMORY_USABLE &&
            c->entries[i - 1].base + c->entries[i - 1].length == c->entries[i].base)
            return i;
    return c->n_entries;
}

static void check_rule(const struct context *c, const char *name, size_t first)
{
    check_that(name, first == c->n_entries, first < c->n_entries ? c->entries[first].base : 0);
}

static void check_response_memory(struct context *c, const struct limine_memory_map_response *r)
{
    const uint64_t *pointers = (const uint64_t *)r->entries;
    bool is_so = is_handed_over(c, r->entries, c->n_entries * sizeof(uint64_t));

    for (size_t i = 0; is_so && i < c->n_entries; i++)
        is_so = is_handed_over(c, pointers[i], sizeof(struct limine_memory_map_entry));
    check_that("map.response_memory", is_so, r->entries);
}

static void print_map(const struct context *c)
{
    uint64_t usable = 0;

    for (size_t i = 0; i < c->n_entries; i++) {
        info("map_base", c->entries[i].base);
        info("map_length", c->entries[i].length);
        info("map_type", c->entries[i].type);
        if (c->entries[i].type == LIMINE_MEMORY_USABLE)
            usable += c->entries[i].length;
    }
    info("map_usable_bytes", usable);
}

void check_memory_map(struct context *c)
{
    const struct limine_memory_map_response *r = requests_answer(LIMINE_MEMORY_MAP);

    check_that("map.count", r->count && r->count == c->n_entries, r->count);
    print_map(c);
    check_response_memory(c, r);
    check_rule(c, "map.sorted", first_unsorted(c));
    check_rule(c, "map.aligned", first_unaligned(c));
    check_rule(c, "map.not_empty", first_empty_or_wrapping(c));
    check_rule(c, "map.types", first_unknown_type(c));
    check_rule(c, "map.no_overlaps", first_overlapping(c));
    check_rule(c, "map.merged", first_unmerged(c));
    if (c->revision < PAGE_ZERO_FROM)
        check_that("map.page_zero", !map_touches(c, 0, PAGE, TYPE_BIT(LIMINE_MEMORY_USABLE)), 0);
    else
        check_skip("map.page_zero", "may be usable from base revision 3 on");
}

void check_regions(struct context *c)
{
    for (size_t i = 0; i < c->n_regions; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct region *a = &c->regions[i], *b = &c->regions[j];

            if (a->start < b->end && b->start < a->end) {
                info_text("overlapping", a->what);
                info_text("overlapping", b->what);
                check_that("regions.disjoint", false, a->start);
                return;
            }
        }
    }
    check_that("regions.disjoint", c->n_regions && c->n_regions < REGIONS_MAX, c->n_regions);
}
