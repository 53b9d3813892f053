#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "device_tree.h"

#define CAPACITY 4096
#define WORD(tree, at) (((uint32_t *)(tree))[(at) / 4])

static void begin(void *tree)
{
    assert_int_equal(fdt_create(tree, CAPACITY), 0);
    assert_int_equal(fdt_add_reservemap_entry(tree, 0x1000, 0x2000), 0);
    assert_int_equal(fdt_finish_reservemap(tree), 0);
    assert_int_equal(fdt_begin_node(tree, ""), 0);
    assert_int_equal(fdt_property_string(tree, "model", "a machine"), 0);
}

static void add_memory(void *tree, const char *name)
{
    assert_int_equal(fdt_begin_node(tree, name), 0);
    assert_int_equal(fdt_property_string(tree, "device_type", "memory"), 0);
    assert_int_equal(fdt_property_u64(tree, "reg", 0x80000000), 0);
    assert_int_equal(fdt_begin_node(tree, "memory@inside"), 0);
    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_end_node(tree), 0);
}

/* Memory of exactly the size that the header tells, so that reading beyond it is seen. */
static void *finish(void *tree)
{
    void *exact;

    assert_int_equal(fdt_end_node(tree), 0);
    assert_int_equal(fdt_finish(tree), 0);
    exact = malloc(fdt_totalsize(tree));
    memcpy(exact, tree, fdt_totalsize(tree));
    return exact;
}

static void *plain_tree(void)
{
    _Alignas(8) char tree[CAPACITY];

    begin(tree);
    add_memory(tree, "memory@0");
    assert_int_equal(fdt_begin_node(tree, "soc"), 0);
    add_memory(tree, "memory@1");
    assert_int_equal(fdt_end_node(tree), 0);
    add_memory(tree, "memory@80000000");
    add_memory(tree, "memory");
    return finish(tree);
}

static enum device_tree_status status_of(void *tree)
{
    struct device_tree_error error = { DEVICE_TREE_OK, 0 };
    const uint32_t bytes = device_tree_bytes(tree, fdt_totalsize(tree), &error);
    unsigned n;

    if (bytes && device_tree_remove_memory(tree, bytes, &n, &error))
        assert_int_equal(error.status, DEVICE_TREE_OK);
    return error.status;
}

static void memory_below_the_root_goes_and_all_else_stays(void **state)
{
    void *tree = plain_tree();
    struct device_tree_error error;
    unsigned n;

    (void)state;
    assert_int_equal(device_tree_bytes(tree, fdt_totalsize(tree), &error), fdt_totalsize(tree));
    assert_true(device_tree_remove_memory(tree, fdt_totalsize(tree), &n, &error));
    assert_int_equal(n, 2);
    assert_int_equal(fdt_check_full(tree, fdt_totalsize(tree)), 0);
    assert_int_equal(fdt_path_offset(tree, "/memory@0"), -FDT_ERR_NOTFOUND);
    assert_int_equal(fdt_path_offset(tree, "/memory@80000000"), -FDT_ERR_NOTFOUND);
    assert_true(fdt_path_offset(tree, "/soc/memory@1/memory@inside") > 0);
    assert_true(fdt_path_offset(tree, "/memory/memory@inside") > 0);
    assert_string_equal(fdt_getprop(tree, 0, "model", NULL), "a machine");
    assert_int_equal(fdt_num_mem_rsv(tree), 1);
    assert_true(device_tree_remove_memory(tree, fdt_totalsize(tree), &n, &error));
    assert_int_equal(n, 0);
    free(tree);
}

static void tree_without_memory_stays_as_it_is(void **state)
{
    _Alignas(8) char space[CAPACITY], *tree, *copy;
    struct device_tree_error error;
    unsigned n;

    (void)state;
    begin(space);
    tree = finish(space);
    copy = malloc(fdt_totalsize(tree));
    memcpy(copy, tree, fdt_totalsize(tree));
    assert_true(device_tree_remove_memory(tree, fdt_totalsize(tree), &n, &error));
    assert_int_equal(n, 0);
    assert_memory_equal(tree, copy, fdt_totalsize(tree));
    free(copy);
    free(tree);
}

static void header_that_promises_too_much_is_named(void **state)
{
    void *tree = plain_tree();
    const uint32_t bytes = fdt_totalsize(tree);
    struct device_tree_error error;

    (void)state;
    assert_int_equal(device_tree_bytes(tree, bytes - 1, &error), 0);
    assert_int_equal(error.status, DEVICE_TREE_CUT);
    assert_int_equal(error.value, bytes);
    fdt_set_version(tree, 16);
    assert_int_equal(device_tree_bytes(tree, bytes, &error), 0);
    assert_int_equal(error.status, DEVICE_TREE_VERSION);
    assert_int_equal(error.value, 16);
    fdt_set_version(tree, 99);
    fdt_set_last_comp_version(tree, 18);
    assert_int_equal(device_tree_bytes(tree, bytes, &error), 0);
    assert_int_equal(error.value, 18);
    WORD(tree, 0) = 0;
    assert_int_equal(device_tree_bytes(tree, bytes, &error), 0);
    assert_int_equal(error.status, DEVICE_TREE_MAGIC);
    free(tree);
}

/* Each word of the header at its extremes: the blocks are where they can be, or the tree is refused. */
static void blocks_outside_of_the_tree_are_refused(void **state)
{
    static const struct {
        unsigned at;
        enum device_tree_status status;
    } words[] = { { 8, DEVICE_TREE_STRUCTURE }, { 12, DEVICE_TREE_STRINGS }, { 16, DEVICE_TREE_RESERVATIONS },
                  { 32, DEVICE_TREE_STRINGS }, { 36, DEVICE_TREE_STRUCTURE } };
    static const uint32_t extremes[] = { 0xFFFFFFFF, 0xFFFFFFF8, 0x80000000, 0x7FFFFFF8, CAPACITY };

    (void)state;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        for (unsigned j = 0; j < sizeof extremes / sizeof *extremes; j++) {
            void *tree = plain_tree();

            WORD(tree, words[i].at) = cpu_to_fdt32(extremes[j]);
            assert_int_equal(status_of(tree), words[i].status);
            free(tree);
        }
}

static void structure_that_shares_bytes_with_another_block_is_refused(void **state)
{
    void *tree = plain_tree();

    (void)state;
    WORD(tree, 12) = cpu_to_fdt32(fdt_off_dt_struct(tree) + 4); /* the root's name: zeros */
    WORD(tree, 32) = cpu_to_fdt32(4);
    assert_int_equal(status_of(tree), DEVICE_TREE_STRUCTURE);
    free(tree);
    tree = plain_tree();
    WORD(tree, 16) = cpu_to_fdt32(fdt_off_mem_rsvmap(tree) + 16); /* its end marker alone */
    assert_int_equal(status_of(tree), DEVICE_TREE_OK);
    WORD(tree, 8) = cpu_to_fdt32(fdt_off_mem_rsvmap(tree) + 8);
    assert_int_equal(status_of(tree), DEVICE_TREE_STRUCTURE);
    free(tree);
}

/* The first token that `token` is at, from the structure's beginning on, replaced. */
static void *tree_with(uint32_t token, uint32_t instead)
{
    void *tree = plain_tree();
    uint32_t at = fdt_off_dt_struct(tree);

    while (WORD(tree, at) != cpu_to_fdt32(token))
        at += 4;
    WORD(tree, at) = cpu_to_fdt32(instead);
    return tree;
}

static void tokens_out_of_place_are_refused_and_nothing_is_changed(void **state)
{
    static const uint32_t pairs[][2] = {
        { FDT_BEGIN_NODE, FDT_END_NODE }, { FDT_BEGIN_NODE, FDT_PROP }, { FDT_END_NODE, FDT_NOP },
        { FDT_END_NODE, 5 }, { FDT_END, FDT_NOP }, { FDT_END, FDT_BEGIN_NODE }, { FDT_PROP, FDT_END },
        { FDT_END_NODE, FDT_BEGIN_NODE }, { FDT_END, 0 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *tree = tree_with(pairs[i][0], pairs[i][1]);
        const uint32_t bytes = fdt_totalsize(tree);
        char *copy = malloc(bytes);

        memcpy(copy, tree, bytes);
        assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
        assert_memory_equal(tree, copy, bytes);
        free(copy);
        free(tree);
    }
}

static void properties_that_stick_out_are_refused(void **state)
{
    void *tree = plain_tree();
    uint32_t at = fdt_off_dt_struct(tree), left;

    (void)state;
    while (WORD(tree, at) != cpu_to_fdt32(FDT_PROP))
        at += 4;
    left = fdt_off_dt_struct(tree) + fdt_size_dt_struct(tree) - at - 12;
    for (uint32_t bytes = left - 3; bytes < left + 12; bytes++) {
        WORD(tree, at + 4) = cpu_to_fdt32(bytes);
        assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    }
    for (uint32_t bytes = UINT32_MAX; bytes > UINT32_MAX - 16; bytes--) {
        WORD(tree, at + 4) = cpu_to_fdt32(bytes);
        assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    }
    free(tree);
    tree = plain_tree();
    WORD(tree, at + 8) = cpu_to_fdt32(fdt_size_dt_strings(tree));
    assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    free(tree);
}

static void two_roots_or_none_are_refused(void **state)
{
    void *tree = plain_tree();
    const uint32_t start = fdt_off_dt_struct(tree);

    (void)state;
    WORD(tree, start) = cpu_to_fdt32(FDT_END);
    assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    WORD(tree, start) = cpu_to_fdt32(FDT_NOP);
    WORD(tree, start + 4) = cpu_to_fdt32(FDT_BEGIN_NODE); /* libfdt looks at the beginning alone */
    assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    WORD(tree, start) = cpu_to_fdt32(FDT_BEGIN_NODE);
    WORD(tree, start + 4) = 0;
    WORD(tree, start + 8) = cpu_to_fdt32(FDT_END_NODE);
    WORD(tree, start + 12) = cpu_to_fdt32(FDT_BEGIN_NODE);
    assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    WORD(tree, start + 12) = cpu_to_fdt32(FDT_NOP); /* nor does libfdt take anything but the end after the root */
    WORD(tree, start + 16) = cpu_to_fdt32(FDT_END);
    assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    assert_int_not_equal(fdt_check_full(tree, fdt_totalsize(tree)), 0);
    WORD(tree, start + 12) = cpu_to_fdt32(FDT_END);
    assert_int_equal(status_of(tree), DEVICE_TREE_OK);
    free(tree);
}

static void root_with_a_name_is_refused(void **state)
{
    void *tree = plain_tree();

    (void)state;
    WORD(tree, fdt_off_dt_struct(tree) + 4) = cpu_to_fdt32('x' << 24);
    assert_int_equal(status_of(tree), DEVICE_TREE_TOKEN);
    free(tree);
}

static void deep_trees_are_refused(void **state)
{
    (void)state;
    for (unsigned depth = DEVICE_TREE_DEPTH_MAX; depth <= DEVICE_TREE_DEPTH_MAX + 1; depth++) {
        _Alignas(8) char space[CAPACITY];
        void *tree;

        begin(space);
        for (unsigned i = 1; i < depth; i++)
            assert_int_equal(fdt_begin_node(space, "n"), 0);
        for (unsigned i = 1; i < depth; i++)
            assert_int_equal(fdt_end_node(space), 0);
        tree = finish(space);
        assert_int_equal(status_of(tree), depth > DEVICE_TREE_DEPTH_MAX ? DEVICE_TREE_TOKEN : DEVICE_TREE_OK);
        free(tree);
    }
}

static void tree_cut_anywhere_is_refused_or_sound(void **state)
{
    char *whole = plain_tree();
    const uint32_t bytes = fdt_totalsize(whole);

    (void)state;
    for (uint32_t n = DEVICE_TREE_HEADER_BYTES; n < bytes; n++) {
        char *tree = malloc(n);

        memcpy(tree, whole, n);
        fdt_set_totalsize(tree, n);
        assert_int_not_equal(status_of(tree), DEVICE_TREE_OK);
        free(tree);
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_below_the_root_goes_and_all_else_stays),
        cmocka_unit_test(tree_without_memory_stays_as_it_is),
        cmocka_unit_test(header_that_promises_too_much_is_named),
        cmocka_unit_test(blocks_outside_of_the_tree_are_refused),
        cmocka_unit_test(structure_that_shares_bytes_with_another_block_is_refused),
        cmocka_unit_test(tokens_out_of_place_are_refused_and_nothing_is_changed),
        cmocka_unit_test(properties_that_stick_out_are_refused),
        cmocka_unit_test(two_roots_or_none_are_refused),
        cmocka_unit_test(root_with_a_name_is_refused),
        cmocka_unit_test(deep_trees_are_refused),
        cmocka_unit_test(tree_cut_anywhere_is_refused_or_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
