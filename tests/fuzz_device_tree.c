/* Any bytes as a device tree: what ours accepts, libfdt accepts, before and after memory is gone from it. */
#include <libfdt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device_tree.h"

#define ASSERT(condition) do { if (!(condition)) abort(); } while (0)

#define STRUCTURE_AT (DEVICE_TREE_HEADER_BYTES + 16)
#define STRINGS_BYTES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_memory(const void *tree)
{
    int node;

    fdt_for_each_subnode(node, tree, 0)
        if (!strncmp(fdt_get_name(tree, node, NULL), "memory@", 7))
            return true;
    return false;
}

static unsigned count_nodes(const void *tree)
{
    unsigned n = 0;

    for (int node = 0, depth = 0; node >= 0 && depth >= 0; node = fdt_next_node(tree, node, &depth))
        n++;
    return n;
}

/* The header's numbers are seldom right by chance: here they are, with no memory reserved and strings at the end. */
static void make_plausible(char *tree, uint32_t bytes)
{
    fdt_set_magic(tree, FDT_MAGIC);
    fdt_set_version(tree, 17);
    fdt_set_last_comp_version(tree, 16);
    fdt_set_totalsize(tree, bytes);
    fdt_set_off_mem_rsvmap(tree, DEVICE_TREE_HEADER_BYTES);
    fdt_set_off_dt_struct(tree, STRUCTURE_AT);
    fdt_set_size_dt_struct(tree, bytes - STRUCTURE_AT - STRINGS_BYTES);
    fdt_set_off_dt_strings(tree, bytes - STRINGS_BYTES);
    fdt_set_size_dt_strings(tree, STRINGS_BYTES);
    memset(tree + DEVICE_TREE_HEADER_BYTES, 0, STRUCTURE_AT - DEVICE_TREE_HEADER_BYTES);
    tree[bytes - 1] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct device_tree_error error;
    char *tree, *before;
    unsigned removed;
    uint32_t bytes;

    if (size < DEVICE_TREE_HEADER_BYTES + 1)
        return 0;
    tree = malloc(size - 1);
    before = malloc(size - 1);
    memcpy(tree, data + 1, size - 1);
    if (data[0] & 1 && size - 1 >= STRUCTURE_AT + STRINGS_BYTES)
        make_plausible(tree, (uint32_t)size - 1);
    memcpy(before, tree, size - 1);
    bytes = device_tree_bytes(tree, size - 1, &error);
    ASSERT(bytes <= size - 1);
    if (bytes && device_tree_remove_memory(tree, bytes, &removed, &error)) {
        ASSERT(!fdt_check_full(before, bytes) && !fdt_check_full(tree, bytes));
        ASSERT(!has_memory(tree) && has_memory(before) == (removed != 0));
        ASSERT(count_nodes(before) >= count_nodes(tree) + removed);
        ASSERT(removed || !memcmp(tree, before, size - 1));
    } else {
        ASSERT(device_tree_status_text(error.status)[0] != '?' && !memcmp(tree, before, size - 1));
    }
    free(before);
    free(tree);
    return 0;
}
