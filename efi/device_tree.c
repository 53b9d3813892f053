#include "device_tree.h"

/* Devicetree Specification 0.4, 5.2 Header: big-endian words. */
enum {
    HEADER_MAGIC = 0, HEADER_BYTES = 4, HEADER_STRUCTURE = 8, HEADER_STRINGS = 12, HEADER_RESERVATIONS = 16,
    HEADER_VERSION = 20, HEADER_OLDEST_VERSION = 24, HEADER_STRINGS_BYTES = 32, HEADER_STRUCTURE_BYTES = 36,
};
#define MAGIC 0xD00DFEEDu
#define VERSION 17 /* the first that tells the size of the structure block; there is no later one */

/* 5.3 Memory Reservation Block: pairs of address and size, the last of zeros. */
#define RESERVATION_BYTES 16
#define RESERVATIONS_ALIGN 8

/* 5.4.1 Lexical structure. */
enum { TOKEN_BEGIN_NODE = 1, TOKEN_END_NODE = 2, TOKEN_PROPERTY = 3, TOKEN_NOP = 4, TOKEN_END = 9 };
#define TOKEN_BYTES 4
#define PROPERTY_BYTES 12 /* token, bytes of the value, offset of the name */

#define MEMORY_NODE "memory@"

/* The structure block, and where in it a walk is. */
struct walk {
    uint8_t *tree;
    uint64_t end; /* of the block */
    uint64_t strings_bytes;
    unsigned depth; /* open nodes */
};

static uint32_t word_at(const uint8_t *tree, uint64_t at)
{
    return (uint32_t)tree[at] << 24 | (uint32_t)tree[at + 1] << 16 | (uint32_t)tree[at + 2] << 8 | tree[at + 3];
}

static bool fail(struct device_tree_error *error, enum device_tree_status status, uint64_t value)
{
    *error = (struct device_tree_error){ status, value };
    return false;
}

uint32_t device_tree_bytes(const void *tree, uint64_t bytes_max, struct device_tree_error *ret_error)
{
    const uint32_t bytes = word_at(tree, HEADER_BYTES), version = word_at(tree, HEADER_VERSION);
    const uint32_t oldest = word_at(tree, HEADER_OLDEST_VERSION);

    if (word_at(tree, HEADER_MAGIC) != MAGIC)
        return fail(ret_error, DEVICE_TREE_MAGIC, word_at(tree, HEADER_MAGIC));
    if (version < VERSION || oldest > VERSION)
        return fail(ret_error, DEVICE_TREE_VERSION, version < VERSION ? version : oldest);
    if (bytes < DEVICE_TREE_HEADER_BYTES || bytes > bytes_max)
        return fail(ret_error, DEVICE_TREE_CUT, bytes);
    return bytes;
}

/* Where the list of reserved memory ends; 0: it is not all there. */
static uint64_t end_of_reservations(const uint8_t *tree, uint32_t bytes)
{
    static const uint8_t last[RESERVATION_BYTES] = { 0 };
    uint64_t at = word_at(tree, HEADER_RESERVATIONS);

    if (at % RESERVATIONS_ALIGN || at < DEVICE_TREE_HEADER_BYTES)
        return 0;
    for (; at + RESERVATION_BYTES <= bytes; at += RESERVATION_BYTES)
        if (!__builtin_memcmp(tree + at, last, sizeof last))
            return at + RESERVATION_BYTES;
    return 0;
}

static bool is_inside(uint64_t start, uint64_t bytes, uint32_t tree_bytes)
{
    return start >= DEVICE_TREE_HEADER_BYTES && start <= tree_bytes && bytes <= tree_bytes - start;
}

static bool overlap(uint64_t start_a, uint64_t end_a, uint64_t start_b, uint64_t end_b)
{
    return start_a < end_b && start_b < end_a;
}

/*
 * A NUL at the end of their block ends every string in it. The structure, which will be written to, shares no byte with
 * the others: what holds of them now must hold then.
 */
static bool check_blocks(const uint8_t *tree, uint32_t bytes, struct device_tree_error *ret_error)
{
    const uint64_t strings = word_at(tree, HEADER_STRINGS), strings_bytes = word_at(tree, HEADER_STRINGS_BYTES);
    const uint64_t start = word_at(tree, HEADER_STRUCTURE), structure_bytes = word_at(tree, HEADER_STRUCTURE_BYTES);
    const uint64_t reserved = word_at(tree, HEADER_RESERVATIONS), reserved_end = end_of_reservations(tree, bytes);

    if (!reserved_end)
        return fail(ret_error, DEVICE_TREE_RESERVATIONS, reserved);
    if (!is_inside(strings, strings_bytes, bytes) || (strings_bytes && tree[strings + strings_bytes - 1]))
        return fail(ret_error, DEVICE_TREE_STRINGS, strings);
    if (!is_inside(start, structure_bytes, bytes) || start % TOKEN_BYTES ||
        overlap(start, start + structure_bytes, strings, strings + strings_bytes) ||
        overlap(start, start + structure_bytes, reserved, reserved_end))
        return fail(ret_error, DEVICE_TREE_STRUCTURE, start);
    return true;
}

/* Where a node's name, or a property's value, ends that begins at `at`; 0: nowhere in the block. */
static uint64_t end_of_name(const struct walk *w, uint64_t at)
{
    while (at < w->end && w->tree[at])
        at++;
    at = (at + 1 + TOKEN_BYTES - 1) & ~(uint64_t)(TOKEN_BYTES - 1);
    return at <= w->end ? at : 0;
}

static uint64_t end_of_property(const struct walk *w, uint64_t at)
{
    uint64_t value_bytes;

    if (w->end - at < PROPERTY_BYTES || word_at(w->tree, at + 8) >= w->strings_bytes)
        return 0;
    value_bytes = ((uint64_t)word_at(w->tree, at + 4) + TOKEN_BYTES - 1) & ~(uint64_t)(TOKEN_BYTES - 1);
    return value_bytes <= w->end - at - PROPERTY_BYTES ? at + PROPERTY_BYTES + value_bytes : 0;
}

/* Takes the token at `at` and returns where the next one is; 0: it cannot be. `at` + TOKEN_BYTES <= w->end. */
static uint64_t step(struct walk *w, uint64_t at)
{
    uint64_t end;

    switch (word_at(w->tree, at)) {
    case TOKEN_BEGIN_NODE:
        end = end_of_name(w, at + TOKEN_BYTES);
        if (!w->depth && end && w->tree[at + TOKEN_BYTES]) /* 5.4.2: the root has no name */
            return 0;
        return ++w->depth <= DEVICE_TREE_DEPTH_MAX ? end : 0;
    case TOKEN_END_NODE:
        return w->depth-- ? at + TOKEN_BYTES : 0;
    case TOKEN_PROPERTY:
        return w->depth ? end_of_property(w, at) : 0;
    case TOKEN_NOP:
        return at + TOKEN_BYTES;
    default:
        return 0;
    }
}

/* One root, right at the beginning, where libraries look for it; everything is in it; and after it the end at once. */
static bool check_tokens(struct walk w, uint64_t start, struct device_tree_error *ret_error)
{
    uint64_t at = start;

    while (w.end - at >= TOKEN_BYTES) {
        const uint32_t token = word_at(w.tree, at);
        const bool is_root = token == TOKEN_BEGIN_NODE && !w.depth;
        uint64_t next = 0;

        if (at == start ? is_root : w.depth != 0)
            next = step(&w, at);
        else if (at != start && token == TOKEN_END)
            return true;
        if (!next)
            return fail(ret_error, DEVICE_TREE_TOKEN, at);
        at = next;
    }
    return fail(ret_error, DEVICE_TREE_TOKEN, at);
}

/* Of the root's children only. The name ends in the block, as has been checked. */
static bool is_memory_node(const struct walk *w, uint64_t at)
{
    const char *wanted = MEMORY_NODE;

    if (w->depth != 1 || word_at(w->tree, at) != TOKEN_BEGIN_NODE)
        return false;
    for (at += TOKEN_BYTES; *wanted; at++)
        if (w->tree[at] != (uint8_t)*wanted++)
            return false;
    return true;
}

static void fill_with_nops(uint8_t *tree, uint64_t start, uint64_t end)
{
    __builtin_memset(tree + start, 0, end - start);
    for (; start < end; start += TOKEN_BYTES)
        tree[start + TOKEN_BYTES - 1] = TOKEN_NOP;
}

static unsigned remove_nodes(struct walk w, uint64_t at)
{
    uint64_t removed_from = 0; /* 0: not in a node that goes */
    unsigned n = 0;

    while (word_at(w.tree, at) != TOKEN_END) {
        if (!removed_from && is_memory_node(&w, at))
            removed_from = at;
        at = step(&w, at);
        if (removed_from && w.depth == 1) {
            fill_with_nops(w.tree, removed_from, at);
            removed_from = 0;
            n++;
        }
    }
    return n;
}

bool device_tree_remove_memory(void *tree, uint32_t bytes, unsigned *ret_removed, struct device_tree_error *ret_error)
{
    uint8_t *t = tree;

    if (!check_blocks(t, bytes, ret_error))
        return false;

    const uint64_t start = word_at(t, HEADER_STRUCTURE);
    const struct walk w = { t, start + word_at(t, HEADER_STRUCTURE_BYTES), word_at(t, HEADER_STRINGS_BYTES), 0 };

    if (!check_tokens(w, start, ret_error))
        return false;
    *ret_removed = remove_nodes(w, start);
    return true;
}

const char *device_tree_status_text(enum device_tree_status status)
{
    switch (status) {
    case DEVICE_TREE_OK: return "sound";
    case DEVICE_TREE_CUT: return "the device tree is larger than its file";
    case DEVICE_TREE_MAGIC: return "this is no device tree";
    case DEVICE_TREE_VERSION: return "the device tree's version is not supported";
    case DEVICE_TREE_RESERVATIONS: return "the device tree's list of reserved memory does not end in it";
    case DEVICE_TREE_STRINGS: return "the device tree's strings do not end in it";
    case DEVICE_TREE_STRUCTURE: return "the device tree's structure is not in it";
    case DEVICE_TREE_TOKEN: return "the device tree's structure is broken";
    }
    return "?";
}
