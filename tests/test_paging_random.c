/* Random operations on page tables against a page-by-page model, with and without enough memory for tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_tables.h"
#include "model_paging.h"

#define OPERATIONS 3000
#define WHOLE_CHECK_EVERY 500
#define MARGIN_PAGES 600 /* looked at on both sides of what an operation touched: more than a page table */

struct machine {
    struct fake_tables tables;
    struct paging paging;
    struct model_window window;
    uint64_t random;
};

static uint64_t next_random(struct machine *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random;
}

static uint64_t random_below(struct machine *m, uint64_t bound) { return next_random(m) % bound; }

static void machine_start(struct machine *m, unsigned levels, bool pages_1g, uint64_t virt, uint64_t bytes)
{
    m->tables = fake_tables();
    m->window = model_window(virt, bytes);
    m->random = 0x123456789ABCDEF + virt + levels;
    assert_int_equal(paging_init(&m->paging, levels, pages_1g, true, fake_source(&m->tables)), PAGING_OK);
}

static void machine_stop(struct machine *m)
{
    fake_tables_free(&m->tables);
    model_window_free(&m->window);
}

/* Mostly small, sometimes beyond 1 GiB; half of the time on 2 MiB boundaries, now and then on 1 GiB. */
static size_t random_pages(struct machine *m, size_t limit)
{
    static const size_t typical[] = { 4, 64, 600, 2000, 8192, 300000 };
    static const unsigned weights[] = { 30, 55, 75, 90, 97, 100 };
    const uint64_t die = random_below(m, 100);
    size_t kind = 0;

    while (die >= weights[kind])
        kind++;
    const size_t pages = 1 + random_below(m, typical[kind]);
    return pages < limit ? pages : limit;
}

static size_t align_randomly(struct machine *m, size_t page)
{
    static const size_t alignments[] = { 1, 1, 1, 512, 512, 262144 };

    const size_t alignment = alignments[random_below(m, ARRAY_LENGTH(alignments))];

    return page / alignment * alignment;
}

static struct model_operation random_operation(struct machine *m)
{
    static const enum cache_type caches[] = { CACHE_WRITE_BACK, CACHE_WRITE_THROUGH, CACHE_UNCACHED,
                                              CACHE_WRITE_PROTECTED, CACHE_WRITE_COMBINING };
    struct model_operation o = { 0 };
    const uint64_t slide = random_below(m, 3);

    o.kind = (unsigned)random_below(m, MODEL_OPERATIONS);
    o.first = align_randomly(m, random_below(m, m->window.n_pages));
    o.n = random_pages(m, m->window.n_pages - o.first);
    if (random_below(m, 2) && o.n >= 512)
        o.n = o.n / 512 * 512;
    o.rights = (unsigned)random_below(m, 4);
    o.cache = caches[random_below(m, ARRAY_LENGTH(caches))];
    /* Congruent to the virtual address modulo 1 GiB, 2 MiB or 4 KiB only. */
    o.phys = m->window.virt % GIB(1) + GIB(4096) + o.first * PAGE_SIZE;
    o.phys += slide == 0 ? 0 : slide == 1 ? MIB(2) : KIB(4);
    return o;
}

static void check_around(const struct machine *m, const struct model_operation *o)
{
    const size_t first = o->first > MARGIN_PAGES ? o->first - MARGIN_PAGES : 0;
    const size_t end = o->first + o->n + MARGIN_PAGES;
    const size_t bounded = end < m->window.n_pages ? end : m->window.n_pages;

    if (o->n <= 4 * MARGIN_PAGES) {
        assert_true(model_agrees(&m->window, first, bounded - first, &m->paging));
        return;
    }
    assert_true(model_agrees(&m->window, first, 2 * MARGIN_PAGES, &m->paging));
    assert_true(model_agrees(&m->window, bounded - 2 * MARGIN_PAGES, 2 * MARGIN_PAGES, &m->paging));
}

static void run_operations(unsigned levels, bool pages_1g, uint64_t virt)
{
    struct machine m;
    unsigned done = 0;

    machine_start(&m, levels, pages_1g, virt, GIB(2) + MIB(8));
    for (unsigned i = 0; i < OPERATIONS; i++) {
        const struct model_operation o = random_operation(&m);
        const enum paging_status expected = model_apply(&m.window, &o);

        assert_int_equal(model_apply_real(&m.paging, &m.window, &o), expected);
        check_around(&m, &o);
        done += expected == PAGING_OK;
        if (i % WHOLE_CHECK_EVERY == WHOLE_CHECK_EVERY - 1)
            assert_true(model_agrees(&m.window, 0, m.window.n_pages, &m.paging));
    }
    assert_true(done > OPERATIONS / 3); /* or the test tests refusals */
    assert_false(paging_translate(&m.paging, virt_addr(virt - 1)).mapped);
    assert_false(paging_translate(&m.paging, virt_addr(virt + GIB(2) + MIB(8))).mapped);
    machine_stop(&m);
}

static void four_levels_translate_as_the_model(void **state)
{
    (void)state;
    run_operations(4, false, GIB(511) - MIB(4));
    run_operations(4, true, GIB(512) - GIB(1) - MIB(4));
}

static void five_levels_translate_as_the_model(void **state)
{
    (void)state;
    run_operations(5, false, TIB(256) - GIB(1));
    run_operations(5, true, 0xFF55555540000000 - MIB(4));
}

/* The lowest pages of the range are mapped as asked, the others as before: not at all. */
static void check_mapped_in_part(struct machine *m, const struct model_operation *o)
{
    struct model_operation part = *o;

    for (part.n = 0; part.n < o->n; part.n++) {
        const uint64_t virt = m->window.virt + (o->first + part.n) * PAGE_SIZE;

        if (!paging_translate(&m->paging, virt_addr(virt)).mapped)
            break;
    }
    assert_true(part.n < o->n);
    assert_int_equal(model_apply(&m->window, &part), PAGING_OK);
    assert_true(model_agrees(&m->window, 0, m->window.n_pages, &m->paging));
}

static void a_failure_at_any_table_leaves_what_the_header_says(void **state)
{
    (void)state;
    /* A large page to split, then operations that need up to four tables. Pages of a window of 1 GiB + 8 MiB. */
    static const struct model_operation large = { MODEL_MAP, 512, 262144, GIB(3), 1, CACHE_WRITE_COMBINING };
    static const struct model_operation cases[] = {
        { MODEL_UNMAP, 512 + 513, 130000, 0, 0, 0 },
        { MODEL_UNMAP, 512 + 700, 1, 0, 0, 0 },
        { MODEL_PROTECT, 512 + 1, 262142, 0, PAGE_EXECUTE, CACHE_UNCACHED },
        { MODEL_PROTECT, 512 + 512, 512, 0, PAGE_EXECUTE, CACHE_WRITE_BACK },
        { MODEL_MAP, 1, 511, GIB(9) + KIB(4), PAGE_WRITE, CACHE_WRITE_BACK },
        { MODEL_MAP, 262656 + 1, 1535, GIB(9) + KIB(4), PAGE_WRITE, CACHE_WRITE_BACK },
    };

    for (size_t i = 0; i < 2 * ARRAY_LENGTH(cases); i++) {
        const struct model_operation *o = &cases[i / 2];
        enum paging_status status = PAGING_NO_MEMORY;

        for (size_t spare = 0; status == PAGING_NO_MEMORY; spare++) {
            struct machine m;
            /* Nothing of the first and last pages' tables exists: the window ends in other top-level entries. */
            machine_start(&m, i % 2 ? 5 : 4, true, GIB(512) - MIB(2), GIB(1) + MIB(8));
            assert_int_equal(model_apply(&m.window, &large), PAGING_OK);
            assert_int_equal(model_apply_real(&m.paging, &m.window, &large), PAGING_OK);
            m.tables.limit = m.tables.taken + spare;

            status = model_apply_real(&m.paging, &m.window, o);
            if (status == PAGING_NO_MEMORY) {
                assert_int_equal(m.tables.taken, m.tables.limit);
                if (o->kind == MODEL_MAP)
                    check_mapped_in_part(&m, o);
                else
                    assert_true(model_agrees(&m.window, 0, m.window.n_pages, &m.paging));
            } else {
                assert_int_equal(status, model_apply(&m.window, o));
                assert_true(model_agrees(&m.window, 0, m.window.n_pages, &m.paging));
                assert_true(spare > 0);
            }
            machine_stop(&m);
        }
    }
}

static void without_a_frame_for_the_root_there_is_no_paging(void **state)
{
    (void)state;
    struct fake_tables tables = fake_tables();
    struct paging paging;

    tables.limit = 0;
    assert_int_equal(paging_init(&paging, 4, true, true, fake_source(&tables)), PAGING_NO_MEMORY);
    fake_tables_free(&tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_levels_translate_as_the_model),
        cmocka_unit_test(five_levels_translate_as_the_model),
        cmocka_unit_test(a_failure_at_any_table_leaves_what_the_header_says),
        cmocka_unit_test(without_a_frame_for_the_root_there_is_no_paging),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
