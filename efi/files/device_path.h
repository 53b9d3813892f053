/*
 * Device paths (UEFI 2.10, 10.3 Device Path Nodes) as the bytes that they are: packed nodes, each with its length. They
 * come from the firmware, and one with a broken length must not send us astray: what is longer than DEVICE_PATH_MAX, or
 * has a node shorter than its header, counts as empty. Pure.
 */
#ifndef DEVICE_PATH_H
#define DEVICE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limine_protocol.h"

#define DEVICE_PATH_MAX 4096

/* Bytes before the end node; 0: NULL, empty or broken. */
size_t device_path_bytes(const void *path);

/* Whether both begin with the same `bytes`. */
bool device_path_begins(const void *path, const void *start, size_t bytes);

/* Where a volume lies, by the last node of its path that names a part of a medium. */
struct device_location {
    size_t disk_bytes;     /* of the path, up to the node: the path of the whole disk */
    uint32_t partition;    /* 1-based; 0: the volume is the whole disk */
    bool optical;          /* a part of an optical disc */
    bool gpt;
    struct limine_uuid partition_uuid; /* zero unless gpt */
    uint32_t mbr_disk_id;              /* 0 unless the disk has a master boot record's partitions */
};
struct device_location device_path_locate(const void *path);

/*
 * The text of all file path nodes, one after the other: UTF-16, NUL-terminated, as the firmware wrote it (backslashes;
 * perhaps none between two nodes, then one is put there). Returns its units, 0 if it does not fit (or there is none).
 */
size_t device_path_file(const void *path, uint16_t *ret_text, size_t capacity);

#endif
