#include "device_path.h"

/* UEFI 2.10, 10.3.1 Generic Device Path Structures */
enum { TYPE_MEDIA = 4, TYPE_END = 0x7f, TYPE_MASK = 0x7f };

/* 10.3.5 Media Device Path: subtypes, and offsets in their nodes. */
enum { MEDIA_HARD_DRIVE = 1, MEDIA_CDROM = 2, MEDIA_FILE = 4 };
enum {
    NODE_TYPE = 0, NODE_SUBTYPE = 1, NODE_LENGTH = 2, NODE_HEADER_BYTES = 4,
    HARD_DRIVE_PARTITION = 4, HARD_DRIVE_SIGNATURE = 24, HARD_DRIVE_SIGNATURE_TYPE = 41, HARD_DRIVE_BYTES = 42,
    SIGNATURE_MBR = 1, SIGNATURE_GUID = 2,
};

struct node {
    const uint8_t *bytes;
    size_t length;
};

/* The node at `at`; false: the end, or nothing that can be trusted. *ret_broken tells which. */
static bool node_at(const void *path, size_t at, struct node *ret, bool *ret_broken)
{
    const uint8_t *bytes = (const uint8_t *)path + at;

    *ret_broken = at > DEVICE_PATH_MAX - NODE_HEADER_BYTES;
    if (*ret_broken || (bytes[NODE_TYPE] & TYPE_MASK) == TYPE_END)
        return false;
    *ret = (struct node){ bytes, (size_t)(bytes[NODE_LENGTH] | bytes[NODE_LENGTH + 1] << 8) };
    *ret_broken = ret->length < NODE_HEADER_BYTES || ret->length > DEVICE_PATH_MAX - at;
    return !*ret_broken;
}

size_t device_path_bytes(const void *path)
{
    struct node node;
    bool broken = true;
    size_t at = 0;

    while (path && node_at(path, at, &node, &broken))
        at += node.length;
    return broken ? 0 : at;
}

bool device_path_begins(const void *path, const void *start, size_t bytes)
{
    return device_path_bytes(path) >= bytes && device_path_bytes(start) >= bytes &&
           (!bytes || !__builtin_memcmp(path, start, bytes));
}

static uint32_t read_u32(const uint8_t *bytes)
{
    uint32_t value;

    __builtin_memcpy(&value, bytes, sizeof value);
    return value;
}

static struct device_location locate_hard_drive(const uint8_t *node, size_t at)
{
    struct device_location location = { .disk_bytes = at, .partition = read_u32(node + HARD_DRIVE_PARTITION) };

    if (node[HARD_DRIVE_SIGNATURE_TYPE] == SIGNATURE_GUID) {
        location.gpt = true;
        __builtin_memcpy(&location.partition_uuid, node + HARD_DRIVE_SIGNATURE, sizeof location.partition_uuid);
    } else if (node[HARD_DRIVE_SIGNATURE_TYPE] == SIGNATURE_MBR) {
        location.mbr_disk_id = read_u32(node + HARD_DRIVE_SIGNATURE);
    }
    return location;
}

struct device_location device_path_locate(const void *path)
{
    const size_t bytes = device_path_bytes(path);
    struct device_location location = { .disk_bytes = bytes };
    struct node node;
    bool broken;

    for (size_t at = 0; at < bytes && node_at(path, at, &node, &broken); at += node.length) {
        if (node.bytes[NODE_TYPE] != TYPE_MEDIA)
            continue;
        if (node.bytes[NODE_SUBTYPE] == MEDIA_HARD_DRIVE && node.length >= HARD_DRIVE_BYTES)
            location = locate_hard_drive(node.bytes, at);
        else if (node.bytes[NODE_SUBTYPE] == MEDIA_CDROM)
            location = (struct device_location){ .disk_bytes = at, .optical = true };
    }
    return location;
}

/* Appends a node's text; false if it does not fit. */
static bool append_file(const struct node *node, uint16_t *text, size_t capacity, size_t *n)
{
    const size_t units = (node->length - NODE_HEADER_BYTES) / 2;

    for (size_t i = 0; i < units; i++) {
        const uint8_t *at = node->bytes + NODE_HEADER_BYTES + 2 * i;
        const uint16_t unit = (uint16_t)(at[0] | at[1] << 8);

        if (!unit)
            break;
        if (i == 0 && *n && unit != '\\' && text[*n - 1] != '\\') {
            if (*n + 1 >= capacity)
                return false;
            text[(*n)++] = '\\';
        }
        if (*n + 1 >= capacity)
            return false;
        text[(*n)++] = unit;
    }
    return true;
}

size_t device_path_file(const void *path, uint16_t *ret_text, size_t capacity)
{
    const size_t bytes = device_path_bytes(path);
    struct node node;
    bool broken, fits = true;
    size_t n = 0;

    for (size_t at = 0; fits && at < bytes && node_at(path, at, &node, &broken); at += node.length)
        if (node.bytes[NODE_TYPE] == TYPE_MEDIA && node.bytes[NODE_SUBTYPE] == MEDIA_FILE)
            fits = append_file(&node, ret_text, capacity, &n);
    if (!fits)
        n = 0;
    ret_text[n] = 0;
    return n;
}
