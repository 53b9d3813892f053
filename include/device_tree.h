/*
 * Flattened device trees (Devicetree Specification 0.4, 5 Flattened Devicetree (DTB) Format), as far as a loader looks
 * into one: whether it is sound, and how its account of memory is taken out before a kernel sees it. Pure; a tree may
 * hold anything.
 */
#ifndef DEVICE_TREE_H
#define DEVICE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

#define DEVICE_TREE_HEADER_BYTES 40

/* Deeper trees are refused: a node takes 8 bytes, and who reads a tree by recursion has a stack to lose. */
#define DEVICE_TREE_DEPTH_MAX 64

enum device_tree_status {
    DEVICE_TREE_OK,
    DEVICE_TREE_CUT,          /* value: bytes that it has by its header, or would need for one */
    DEVICE_TREE_MAGIC,        /* value: what is there instead */
    DEVICE_TREE_VERSION,      /* value: the version; or, above 17, the oldest that it says it can be read as */
    DEVICE_TREE_RESERVATIONS, /* value: offset of the list of reserved memory, which is unaligned or has no end */
    DEVICE_TREE_STRINGS,      /* value: offset of the block, which is outside, or does not end with NUL */
    DEVICE_TREE_STRUCTURE,    /* value: offset of the block: outside, unaligned, or not apart from the others */
    DEVICE_TREE_TOKEN,        /* value: offset of what is no token, out of place, or sticks out of the block */
};

struct device_tree_error {
    enum device_tree_status status;
    uint64_t value; /* offsets are from the tree's beginning */
};

/*
 * Bytes of the tree by its header; `bytes_max` >= DEVICE_TREE_HEADER_BYTES can be read. 0: there is none, or it is
 * larger than that.
 */
uint32_t device_tree_bytes(const void *tree, uint64_t bytes_max, struct device_tree_error *ret_error);

/*
 * Looks at all of a tree, and overwrites the nodes /memory@* and what they contain with FDT_NOP.
 *
 * tree         4-aligned; unchanged unless true is returned
 * bytes        as device_tree_bytes() has it
 * ret_removed  nodes
 */
MUST_CHECK bool device_tree_remove_memory(void *tree, uint32_t bytes, unsigned *ret_removed,
                                          struct device_tree_error *ret_error);

const char *device_tree_status_text(enum device_tree_status status);

#endif
