/* Everything that is mapped, against everything that the base revision says should be. */
#include "check.h"
#include "check_image.h"
#include "checks.h"
#include "expected.h"
#include "requests.h"
#include "tables.h"

#define MAPPINGS_MAX 8192
#define EXPECTED_MAX 8192

static struct mapping found_items[MAPPINGS_MAX], expected_items[EXPECTED_MAX];

static void print_mapping(const char *key, const struct mapping *m)
{
    info(key, m->virt);
    info("  physical", m->phys);
    info("  bytes", m->bytes);
    info("  rights", m->rights);
}

/* One list against the other, item by item. */
static void check_same(const char *name, const struct mapping *expected, size_t n_expected, const struct mapping *found,
                       size_t n_found)
{
    for (size_t i = 0; i < n_expected || i < n_found; i++) {
        const struct mapping *e = i < n_expected ? &expected[i] : NULL, *f = i < n_found ? &found[i] : NULL;

        if (e && f && e->virt == f->virt && e->phys == f->phys && e->bytes == f->bytes && e->rights == f->rights)
            continue;
        if (e)
            print_mapping("mapping_expected", e);
        if (f)
            print_mapping("mapping_found", f);
        check_that(name, false, f ? f->virt : e->virt);
        return;
    }
    check_that(name, true, 0);
}

/* The part of a sorted list that lies in [start, last]. */
static const struct mapping *part(const struct mapping_list *list, uint64_t start, uint64_t last, size_t *ret_n)
{
    size_t first = 0, n = 0;

    while (first < list->n && list->items[first].virt < start)
        first++;
    while (first + n < list->n && list->items[first + n].virt <= last)
        n++;
    *ret_n = n;
    return list->items + first;
}

static void check_part(const char *name, const struct mapping_list *found, uint64_t start, uint64_t last,
                       const struct mapping_list *expected)
{
    size_t n;
    const struct mapping *items = part(found, start, last, &n);

    check_same(name, expected->items, expected->n, items, n);
}

/* The number of 4 KiB pages that the half needs. */
static uint64_t check_lower_half(struct context *c, const struct mapping_list *found)
{
    struct mapping_list expected = { expected_items, .capacity = EXPECTED_MAX };

    if (c->revision == 0)
        expected_identity(c, &expected);
    check_part(c->revision ? "paging.lower_half_is_empty" : "paging.identity", found, 0, ~0ull >> 1, &expected);
    return expected.n_small;
}

/* Likewise. */
static uint64_t check_direct_map(struct context *c, const struct mapping_list *found)
{
    struct mapping_list expected = { expected_items, .capacity = EXPECTED_MAX };

    expected_direct_map(c, &expected);
    /* Everything in the upper half that is not the image must be the direct map. */
    check_part("paging.direct_map", found, 1ull << 63, IMAGE_WINDOW - 1, &expected);
    return expected.n_small;
}

static uint32_t data_rights(void)
{
    enum { PF_X = 1, PF_W = 2 };

    return (test_config.data_rights & PF_W ? RIGHT_WRITE : 0) | (test_config.data_rights & PF_X ? RIGHT_EXECUTE : 0);
}

static void check_image_pages(struct context *c, const struct mapping_list *found)
{
    struct mapping_list expected = { expected_items, .capacity = EXPECTED_MAX };
    const uint64_t text = (uint64_t)image_text_start, rodata = (uint64_t)image_rodata_start;
    const uint64_t data = (uint64_t)image_data_start, end = (uint64_t)image_end;
    const uint64_t phys = tables_translate(c, text);
    const uint32_t wb = MEMORY_TYPE_WB << MEMORY_TYPE_SHIFT;

    mapping_append(&expected, (struct mapping){ text, phys, rodata - text, RIGHT_EXECUTE | wb });
    mapping_append(&expected, (struct mapping){ rodata, phys + (rodata - text), data - rodata, wb });
    mapping_append(&expected, (struct mapping){ data, phys + (data - text), end - data, data_rights() | wb });
    check_part("paging.image", found, IMAGE_WINDOW, ~0ull, &expected);
}

void check_paging(struct context *c)
{
    static struct table_walk walk = { .list = { found_items, .capacity = MAPPINGS_MAX } };

    tables_walk(c, boot_state.pat, &walk);
    check_that("paging.tables_memory", !walk.has_bad_table, walk.bad_table);
    check_that("paging.not_too_fragmented", !walk.list.is_full, walk.list.n);
    const uint64_t n_small = check_lower_half(c, &walk.list) + check_direct_map(c, &walk.list);

    /* Not the protocol's promise but this loader's. */
    if (c->is_limine_8)
        check_skip("paging.large_pages", "Limine 8.2.0");
    else
        check_that("paging.large_pages", walk.n_leaves[0] <= n_small, walk.n_leaves[0]);
    info("pages_4_kib_needed", n_small);
    check_image_pages(c, &walk.list);
    info("tables", walk.n_tables);
    info("pages_4_kib", walk.n_leaves[0]);
    info("pages_2_mib", walk.n_leaves[1]);
    info("pages_1_gib", walk.n_leaves[2]);
}
