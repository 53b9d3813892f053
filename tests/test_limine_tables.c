/* The page tables of a Limine kernel: what each root maps, and whether the frames that were counted suffice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu.h"
#include "image.h"
#include "kernel_map.h"
#include "model_limine_tables.h"

#define MACHINES 1500
#define SEGMENTS_MAX 6
#define TABLES_MAX 40
#define SLOT_BYTES_MAX GIB(16) /* more is nothing but time */
#define TOP_2_GIB 0xFFFFFFFF80000000ull

static unsigned levels_now;
static struct phys_range own_image;

struct cpu_features cpu_features(void) { return (struct cpu_features){ .paging_levels = levels_now }; }
struct image_layout image_layout(void) { return (struct image_layout){ .whole = own_image }; }

/* A machine, and a kernel on it. */
struct machine {
    struct model_limine_map world;
    struct limine_memory_map_entry entries[3 * MODEL_SLOTS_MAX + 4 * MODEL_CLAIMS_MAX];
    struct handover_segment segments[SEGMENTS_MAX];
    struct handover_table tables[TABLES_MAX];
    struct handover handover;
    struct limine_map map;
    struct phys_range apic;
    struct boot_info info;
    struct limine_tables built;
};

static void write_map(struct machine *m)
{
    model_limine_map_regions(&m->world);
    m->map.entries = m->entries;
    m->map.n_entries = limine_memory_map(&m->world.map, m->world.claims, m->world.n_claims, m->handover.base_revision,
                                         m->entries);
}

/* A kernel of `bytes` there, of n segments that touch or leave holes. */
static void place_kernel(struct machine *m, uint64_t virt, uint64_t phys, uint64_t bytes, size_t n)
{
    static const unsigned rights[] = { PAGE_READ, PAGE_EXECUTE, PAGE_WRITE, PAGE_WRITE | PAGE_EXECUTE };
    const uint64_t step = align_down(bytes / n, PAGE_SIZE);
    struct handover *h = &m->handover;

    for (size_t i = 0; i < n; i++) {
        m->segments[i] = (struct handover_segment){ i * step, step, rights[i % ARRAY_LENGTH(rights)] };
        if (i == 1 && step > PAGE_SIZE)
            m->segments[i].bytes -= PAGE_SIZE;
    }
    m->segments[n - 1].bytes = bytes - (n - 1) * step;
    h->segments = m->segments;
    h->n_segments = n;
    h->kernel_virt = virt_addr(virt);
    h->kernel = (struct phys_range){ phys_addr(phys), bytes };
}

static struct machine *new_machine(uint64_t base_revision, unsigned levels, bool pages_1g)
{
    struct machine *m = calloc(1, sizeof *m);

    m->handover = (struct handover){ .base_revision = base_revision, .paging_levels = levels, .tables = m->tables,
                                     .hhdm_offset = paging_upper_half(levels).value, .start_page = frame(0x9F) };
    m->map = (struct limine_map){ .handover = &m->handover, .pages_1g = pages_1g, .no_execute = true };
    m->apic = (struct phys_range){ phys_addr(0xFEE00000), PAGE_SIZE };
    own_image = (struct phys_range){ phys_addr(GIB(2) - KIB(512)), MIB(1) };
    levels_now = 4;
    model_limine_map_paint(&m->world, GIB(4), GIB(4), REGION_USABLE); /* nothing; but a border, which the model wants */
    return m;
}

static void free_machine(struct machine *m)
{
    free(virt_pointer(virt_addr(m->info.loader[LOADER_PAGE_TABLES].start.value)));
    free(m);
}

/* In just so many frames. */
static enum paging_status build(struct machine *m, uint64_t frames)
{
    struct phys_range *pool = &m->info.loader[LOADER_PAGE_TABLES];
    void *memory = frames ? aligned_alloc(PAGE_SIZE, frames_to_bytes(frames)) : NULL;

    free(virt_pointer(virt_addr(pool->start.value)));
    if (frames)
        memset(memory, 0xA5, frames_to_bytes(frames)); /* contents are arbitrary */
    *pool = (struct phys_range){ identity_of(memory), frames_to_bytes(frames) };
    return limine_tables_build(&m->built, &m->info, &m->map, m->apic);
}

static void check_range(const struct model_ranges *ranges, phys_addr_t root, unsigned levels, unsigned n_entries,
                        bool no_execute)
{
    const char *problem = model_ranges_check(ranges, root, levels, n_entries, no_execute);

    if (problem)
        fail_msg("%s", problem);
}

/* All roots, entry by entry. */
static void check_roots(const struct machine *m)
{
    const struct handover *h = &m->handover;
    const struct limine_tables *t = &m->built;
    struct model_ranges *ranges = malloc(sizeof *ranges);
    const uint64_t page = frame_start(h->start_page).value;

    model_ranges_of_kernel(ranges, &m->world, h);
    check_range(ranges, t->kernel.root, h->paging_levels, 512, m->map.no_execute);

    ranges->n = 0;
    model_ranges_add(ranges, (struct model_range){ page, page, page ? PAGE_SIZE : 0, PAGE_WRITE | PAGE_EXECUTE,
                                                   CACHE_WRITE_BACK });
    model_ranges_add(ranges, (struct model_range){ own_image.start.value, own_image.start.value, own_image.bytes,
                                                   PAGE_WRITE | PAGE_EXECUTE, CACHE_WRITE_BACK });
    model_ranges_add(ranges, (struct model_range){ m->apic.start.value, m->apic.start.value, m->apic.bytes, PAGE_WRITE,
                                                   CACHE_UNCACHED });
    check_range(ranges, t->low.root, 4, 512, m->map.no_execute);
    check_range(ranges, t->low_root, levels_now, 512, m->map.no_execute);
    check_range(ranges, t->start_root, h->paging_levels, 256, m->map.no_execute);
    assert_memory_equal((const uint64_t *)identity_pointer(t->start_root) + 256,
                        (const uint64_t *)identity_pointer(t->kernel.root) + 256, PAGE_SIZE / 2);
    if (h->start_root.value)
        assert_int_equal(t->start_root.value, frame_start(h->start_root).value);
    free(ranges);
}

/* A hole, a framebuffer or a table of the firmware's that nobody knew of. */
static void surprise(struct machine *m, uint64_t *random, unsigned n_holes, unsigned n_framebuffers)
{
    struct model_limine_map *w = &m->world;

    while (n_holes--) {
        const struct model_slot *s = &w->slots[model_random_below(random, w->n_slots)];
        const uint64_t pages = (s[1].start - s->start) / PAGE_SIZE, first = model_random_below(random, pages);
        const uint64_t start = s->start + first * PAGE_SIZE;

        if (s->is_region)
            model_limine_map_paint(w, start, start + PAGE_SIZE * (1 + model_random_below(random, pages - first)),
                                   REGION_RESERVED);
    }
    while (n_framebuffers--) {
        const uint64_t start = GIB(1) + PAGE_SIZE * model_random_below(random, GIB(4));

        model_limine_map_paint(w, start, start + PAGE_SIZE * (1 + model_random_below(random, 2000)),
                               REGION_FRAMEBUFFER);
        m->handover.n_framebuffers++;
    }
    for (size_t i = 0; i < m->handover.n_tables; i++)
        model_limine_map_paint(w, align_down(m->tables[i].bytes.start.value, PAGE_SIZE),
                               align_up(phys_range_end(m->tables[i].bytes), PAGE_SIZE), REGION_RESERVED_MAPPED);
}

static void know_tables(struct machine *m, uint64_t *random, size_t n)
{
    for (m->handover.n_tables = 0; m->handover.n_tables < n; m->handover.n_tables++)
        m->tables[m->handover.n_tables].bytes = (struct phys_range){
            phys_addr(KIB(4) + model_random_below(random, TIB(2))), 1 + model_random_below(random, KIB(64)) };
}

static struct machine *random_machine(uint64_t *random)
{
    const unsigned levels = 4 + (unsigned)model_random_below(random, 2);
    struct machine *m = new_machine(model_random_below(random, MODEL_REVISIONS), levels,
                                    model_random_below(random, 2));
    const uint64_t pages = SEGMENTS_MAX + model_random_below(random, 1 << model_random_below(random, 16));
    const uint64_t bytes = frames_to_bytes(pages);
    const uint64_t pages_above = (0 - TOP_2_GIB - bytes) / PAGE_SIZE;
    const uint64_t top = 0 - bytes; /* as high as can be */
    const uint64_t virt =
        model_random_below(random, 4) ? TOP_2_GIB + PAGE_SIZE * model_random_below(random, pages_above) : top;
    const uint64_t apart = (uint64_t[]){ GIB(1), MIB(2), PAGE_SIZE }[model_random_below(random, 3)];
    struct handover *h = &m->handover;

    model_limine_map_fill(&m->world, random);
    for (size_t i = 0; i < m->world.n_slots; i++)
        if (m->world.slots[i + 1].start - m->world.slots[i].start > SLOT_BYTES_MAX)
            m->world.slots[i].is_region = false;
    h->hhdm_offset += model_random_below(random, 2) ? GIB(1) * model_random_below(random, TIB(100) >> 30) : 0;
    place_kernel(m, virt, (virt & (GIB(1) - 1)) + apart * model_random_below(random, GIB(1) / apart * 8), bytes,
                 1 + model_random_below(random, SEGMENTS_MAX));
    m->map.no_execute = model_random_below(random, 4);
    levels_now = 4 + (unsigned)model_random_below(random, 2);
    if (!model_random_below(random, 4))
        m->apic.bytes = 0;
    if (!model_random_below(random, 4))
        h->start_page = frame(0);
    if (h->base_revision >= 4)
        know_tables(m, random, model_random_below(random, 8));
    write_map(m);
    return m;
}

static void random_machines_get_what_they_must_in_the_frames_that_were_counted(void **state)
{
    uint64_t random = 0xD1B54A32D192ED03;

    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct machine *m = random_machine(&random);
        const unsigned n_framebuffers = (unsigned)model_random_below(&random, 4);
        void *root = model_random_below(&random, 2) ? aligned_alloc(PAGE_SIZE, PAGE_SIZE) : NULL;

        m->handover.start_root = frame_of(identity_of(root));
        m->handover.n_framebuffers = n_framebuffers; /* they are expected, */
        const uint64_t frames = limine_tables_max(&m->map);
        m->handover.n_framebuffers = 0; /* and come up elsewhere */
        surprise(m, &random, (unsigned)model_random_below(&random, KERNEL_MAP_LATE_HOLES + 1), n_framebuffers);
        write_map(m);
        assert_int_equal(build(m, frames), PAGING_OK);
        check_roots(m);
        free(root);
        free_machine(m);
    }
}

/* Nothing shares a table, every end cuts a large page: RAM with holes, a kernel, framebuffers, tables of firmware's. */
static void the_worst_machine_gets_enough_frames(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 4; variant++) {
        const uint64_t ram = GIB(512), n_holes = KERNEL_MAP_LATE_HOLES;
        struct machine *m = new_machine(4, 4 + variant % 2, variant / 2);
        struct handover *h = &m->handover;

        model_limine_map_paint(&m->world, ram, ram + (n_holes + 1) * GIB(4), REGION_USABLE);
        for (h->n_tables = 0; h->n_tables < TABLES_MAX; h->n_tables++)
            m->tables[h->n_tables].bytes = (struct phys_range){ phys_addr(TIB(10) + h->n_tables * GIB(2)), 36 };
        place_kernel(m, TOP_2_GIB + KIB(4), TIB(30), GIB(2) - MIB(1), 1);
        h->n_framebuffers = 4;
        write_map(m);
        const uint64_t frames = limine_tables_max(&m->map);

        for (uint64_t i = 0; i < n_holes; i++)
            model_limine_map_paint(&m->world, ram + i * GIB(4) + GIB(1) + MIB(1), ram + i * GIB(4) + GIB(2) + MIB(1),
                                   REGION_RESERVED);
        for (unsigned i = 0; i < h->n_framebuffers; i++)
            model_limine_map_paint(&m->world, TIB(40 + i) - KIB(8), TIB(40 + i) + MIB(16), REGION_FRAMEBUFFER);
        for (unsigned i = 0; i < h->n_tables; i++)
            model_limine_map_paint(&m->world, TIB(10) + i * GIB(2), TIB(10) + i * GIB(2) + PAGE_SIZE,
                                   REGION_RESERVED_MAPPED);
        write_map(m);
        assert_int_equal(build(m, frames), PAGING_OK);
        check_roots(m);
        free_machine(m);
    }
}

static void an_ordinary_machine_takes_few_frames(void **state)
{
    struct machine *m = new_machine(0, 4, false);

    (void)state;
    model_limine_map_paint(&m->world, 0, GIB(2), REGION_USABLE);
    model_limine_map_paint(&m->world, GIB(4), GIB(6), REGION_USABLE);
    place_kernel(m, TOP_2_GIB, MIB(32), MIB(1), 3);
    write_map(m);
    assert_true(limine_tables_max(&m->map) < 400);
    free_machine(m);
}

static void whatever_frame_is_missing_is_told(void **state)
{
    struct machine *m = new_machine(0, 5, false);

    (void)state;
    model_limine_map_paint(&m->world, PAGE_SIZE, MIB(64), REGION_USABLE);
    model_limine_map_paint(&m->world, TIB(1), TIB(1) + MIB(1), REGION_FRAMEBUFFER);
    place_kernel(m, TOP_2_GIB, GIB(8), MIB(3), 3);
    write_map(m);
    const uint64_t frames = limine_tables_max(&m->map);

    assert_int_equal(build(m, frames), PAGING_OK);
    const uint64_t taken = frames - m->built.pool.count;

    for (uint64_t n = 0; n < taken; n++)
        assert_int_equal(build(m, n), PAGING_NO_MEMORY);
    assert_int_equal(build(m, taken), PAGING_OK);
    check_roots(m);
    free_machine(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_machines_get_what_they_must_in_the_frames_that_were_counted),
        cmocka_unit_test(the_worst_machine_gets_enough_frames),
        cmocka_unit_test(an_ordinary_machine_takes_few_frames),
        cmocka_unit_test(whatever_frame_is_missing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
