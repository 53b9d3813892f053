/* Whether the page tables that the loader allocates suffice when the kernel's are really built. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_tables.h"
#include "kernel_map.h"
#include "../mm/host/map_text.h"

#define MAPS "tests/maps"
#define MAPS_MIN 19
#define LOWER_HALF_BITS 47 /* of 4 levels */

/* As mm/kernel_map.c counts them. */
#define IMAGE_PIECES 5
#define GUARD_PAGES 2

static struct mem_region region(uint64_t start, uint64_t end, enum region_type type)
{
    return (struct mem_region){ phys_addr(start), phys_addr(end), type, 0 };
}

static void map_identity(struct paging *paging, struct phys_range range, enum cache_type cache)
{
    assert_int_equal(paging_map(paging, virt_addr(range.start.value), range.start, range.bytes, PAGE_WRITE, cache),
                     PAGING_OK);
}

/* Of a machine where every mapping costs what it can: nothing shares a table, and every end cuts a large page. */
struct worst_machine {
    struct mem_region early, late[KERNEL_MAP_LATE_HOLES + 1]; /* RAM when the loader looks, and when the kernel does */
    struct phys_range image, pieces[IMAGE_PIECES], framebuffer;
};

/* Ranges of 1 GiB whose ends each cut a 1 GiB page of their own, and a 2 MiB page in it. */
static struct phys_range awkward_range(uint64_t start, unsigned i)
{
    return (struct phys_range){ phys_addr(start + i * GIB(4) + GIB(1) + MIB(1)), GIB(1) };
}

static struct worst_machine worst_machine(void)
{
    const uint64_t ram = GIB(512), image = TIB(20), ram_end = ram + (KERNEL_MAP_LATE_HOLES + 1) * GIB(4);
    struct worst_machine m = {
        .early = region(ram, ram_end, REGION_USABLE),
        .image = { phys_addr(image + KIB(4)), (IMAGE_PIECES + 1) * GIB(4) },
        .framebuffer = { phys_addr(TIB(40) - KIB(8)), MIB(16) }, /* across as many borders of tables as can be */
    };
    uint64_t start = ram;

    for (unsigned i = 0; i < KERNEL_MAP_LATE_HOLES; i++) {
        const struct phys_range hole = awkward_range(ram, i);

        m.late[i] = region(start, hole.start.value, REGION_USABLE);
        start = phys_range_end(hole);
    }
    m.late[KERNEL_MAP_LATE_HOLES] = region(start, ram_end, REGION_USABLE);
    for (unsigned i = 0; i < IMAGE_PIECES; i++)
        m.pieces[i] = awkward_range(image, i);
    return m;
}

static uint64_t tables_of_worst_machine(struct worst_machine *m, bool pages_1g)
{
    const struct region_map late = { .regions = m->late, .n_regions = ARRAY_LENGTH(m->late) };
    struct fake_tables tables = fake_tables();
    struct paging paging;
    size_t cursor = 0;

    assert_int_equal(paging_init(&paging, 4, pages_1g, true, fake_source(&tables)), PAGING_OK);
    for (struct phys_range r = kernel_map_next(&late, &cursor); r.bytes; r = kernel_map_next(&late, &cursor))
        map_identity(&paging, r, CACHE_WRITE_BACK);
    map_identity(&paging, m->image, CACHE_WRITE_BACK);
    for (unsigned i = 0; i < IMAGE_PIECES; i++)
        assert_int_equal(paging_protect(&paging, virt_addr(m->pieces[i].start.value), m->pieces[i].bytes, PAGE_EXECUTE,
                                        CACHE_WRITE_BACK), PAGING_OK);
    for (unsigned i = 0; i < GUARD_PAGES; i++) /* in 1 GiB pages that no hole has cut */
        assert_int_equal(paging_unmap(&paging, virt_addr(m->early.start.value + i * GIB(4) + MIB(1)), PAGE_SIZE),
                         PAGING_OK);
    map_identity(&paging, m->framebuffer, CACHE_WRITE_COMBINING);

    const uint64_t taken = tables.taken;
    fake_tables_free(&tables);
    return taken;
}

/* The two ends of a guard page lie in one large page, where the estimate allows for one each; all else is used up. */
static void the_worst_machine_takes_all_that_the_loader_allocates_but_half_of_the_guards(void **state)
{
    (void)state;
    for (unsigned pages_1g = 0; pages_1g < 2; pages_1g++) {
        const uint64_t tables_per_split = pages_1g ? 2 : 1;
        struct worst_machine m = worst_machine();
        const struct region_map early = { .regions = &m.early, .n_regions = 1 };

        assert_int_equal(tables_of_worst_machine(&m, pages_1g) + GUARD_PAGES * tables_per_split,
                         kernel_map_tables_max(&early, m.image, m.framebuffer, 4, pages_1g));
    }
}

static char *read_file(const char *path, size_t *ret_bytes)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(MIB(1));

    assert_non_null(file);
    *ret_bytes = fread(text, 1, MIB(1), file);
    fclose(file);
    return text;
}

/* As kernel/mmu.c does it: RAM with guard pages in it, and the framebuffer. */
static void check_tables_suffice(const struct region_map *map, unsigned levels, bool pages_1g)
{
    const struct phys_range framebuffer = { phys_addr(TIB(64) - KIB(8)), MIB(16) };
    struct fake_tables tables = fake_tables();
    struct paging paging;
    unsigned n_guards = 0;
    size_t cursor = 0;

    assert_int_equal(paging_init(&paging, levels, pages_1g, true, fake_source(&tables)), PAGING_OK);
    for (struct phys_range r = kernel_map_next(map, &cursor); r.bytes; r = kernel_map_next(map, &cursor)) {
        const virt_addr_t middle = virt_addr(align_down(r.start.value + r.bytes / 2, PAGE_SIZE));

        map_identity(&paging, r, CACHE_WRITE_BACK);
        if (n_guards++ < GUARD_PAGES)
            assert_int_equal(paging_unmap(&paging, middle, PAGE_SIZE), PAGING_OK);
    }
    map_identity(&paging, framebuffer, CACHE_WRITE_COMBINING);
    assert_true(tables.taken <=
                kernel_map_tables_max(map, (struct phys_range){ { 0 }, 0 }, framebuffer, levels, pages_1g));
    fake_tables_free(&tables);
}

static void the_loader_allocates_enough_for_every_map(void **state)
{
    (void)state;
    DIR *directory = opendir(MAPS);
    unsigned n_maps = 0;

    assert_non_null(directory);
    for (struct dirent *file; (file = readdir(directory));) {
        char path[512];
        size_t bytes;
        struct map_text text;
        struct map_text_error error;
        struct region_map map;

        if (!strstr(file->d_name, ".txt"))
            continue;
        snprintf(path, sizeof(path), MAPS "/%s", file->d_name);
        char *contents = read_file(path, &bytes);
        assert_true(map_text_parse(contents, bytes, &text, &error));

        const unsigned phys_bits = text.phys_bits < LOWER_HALF_BITS ? text.phys_bits : LOWER_HALF_BITS;
        const struct region_parameters parameters = { text.claims, text.n_claims, phys_bits, REGION_VIEW_BOOT };
        const size_t buffer_bytes = region_buffer_bytes(firmware_map_count(&text.map), text.n_claims);
        void *buffer = malloc(buffer_bytes);
        assert_int_equal(region_normalize(&text.map, &parameters, buffer, buffer_bytes, &map), REGION_OK);

        for (unsigned variant = 0; variant < 4; variant++)
            check_tables_suffice(&map, 4 + variant % 2, variant / 2);
        n_maps++;
        free(buffer);
        map_text_free(&text);
        free(contents);
    }
    closedir(directory);
    assert_true(n_maps >= MAPS_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_machine_takes_all_that_the_loader_allocates_but_half_of_the_guards),
        cmocka_unit_test(the_loader_allocates_enough_for_every_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
