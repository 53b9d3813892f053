/*
 * Paths of limine.conf: `resource(argument):/path#hash`, with a $ before it for a gzip file, or a path alone. Pure.
 */
#ifndef BOOT_PATH_H
#define BOOT_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

#define BOOT_PATH_HASH_BYTES 64
#define BOOT_PATH_GUID_BYTES 16
#define BOOT_PATH_BYTES_MAX 1024 /* of a path in normal form, with its terminator */

enum boot_resource {
    BOOT_RESOURCE_SAME,    /* no resource given: the volume of whoever names the path */
    BOOT_RESOURCE_BOOT,    /* boot(): the volume of the configuration; boot(N): partition N of its disk */
    BOOT_RESOURCE_HDD,     /* hdd(D:P), hdd(D:) */
    BOOT_RESOURCE_ODD,     /* odd(D:P): an optical disk */
    BOOT_RESOURCE_GUID,    /* guid(X), uuid(X): a GPT partition, or a file system by its UUID */
    BOOT_RESOURCE_FSLABEL, /* fslabel(L) */
    BOOT_RESOURCE_TFTP,    /* tftp(IP), tftp() */
    BOOT_RESOURCES
};

enum boot_hash {
    BOOT_HASH_NONE,
    BOOT_HASH_BLAKE2B_512, /* 128 hexadecimal digits */
    BOOT_HASH_BLAKE3_256,  /* 64; known by name only */
    BOOT_HASH_BLAKE3_1024, /* 256; known by name only */
};

struct boot_path {
    enum boot_resource resource;
    bool gzip;
    bool has_partition;  /* boot, hdd, odd: false with boot() and hdd(D:) */
    uint32_t drive;      /* hdd, odd: 1-based */
    uint32_t partition;  /* 1-based; 0: the whole device */
    uint8_t guid[BOOT_PATH_GUID_BYTES]; /* as in a GPT: the first three groups little-endian */
    uint8_t uuid[BOOT_PATH_GUID_BYTES]; /* the same in the order of writing, as in an ext4 superblock */
    const char *label;   /* fslabel: within the text */
    size_t label_bytes;
    bool has_ip;         /* tftp */
    uint8_t ip[4];       /* in the order of writing */
    const char *path;    /* within the text, without the hash; not empty. With a resource it begins with a slash */
    size_t path_bytes;
    enum boot_hash hash;
    uint8_t digest[BOOT_PATH_HASH_BYTES]; /* BLAKE2b-512 only */
};

enum boot_path_status {
    BOOT_PATH_OK,
    BOOT_PATH_EMPTY,            /* no path at all, or none behind the resource */
    BOOT_PATH_UNKNOWN_RESOURCE,
    BOOT_PATH_OPEN,             /* no `):/` behind the argument */
    BOOT_PATH_OLD,              /* `resource://`, as before Limine 8 */
    BOOT_PATH_BAD_NUMBER,       /* drive or partition: not 1 to 256 (partition: 0 too), or not there */
    BOOT_PATH_BAD_GUID,
    BOOT_PATH_BAD_LABEL,        /* empty */
    BOOT_PATH_BAD_ADDRESS,      /* not an IPv4 address */
    BOOT_PATH_BAD_HASH_LENGTH,  /* not 64, 128 or 256 digits */
    BOOT_PATH_BAD_HASH_DIGIT,
    BOOT_PATH_BAD_CHARACTER,    /* a control character, or not UTF-8 */
    BOOT_PATH_TOO_LONG,         /* does not fit where it goes */
    BOOT_PATH_STATUSES
};

/* A few words of plain English, lower case, without the path. */
const char *boot_path_status_text(enum boot_path_status status);

/* The name that is written before the argument: "boot"; "" for BOOT_RESOURCE_SAME. */
const char *boot_resource_name(enum boot_resource resource);
const char *boot_hash_name(enum boot_hash hash);

/*
 * Takes text apart; it may hold anything but a NUL byte, and must stay as long as *ret is used. On failure
 * *ret_position is the offset of what is wrong, 0 to `bytes`.
 */
MUST_CHECK enum boot_path_status boot_path_parse(const char *text, size_t bytes, struct boot_path *ret,
                                                 size_t *ret_position);

/*
 * Brings a path into normal form: a slash before each component, no `.`, `..`, empty or doubled ones, NUL-terminated;
 * the root is "/". A relative path (no slash first) starts at `base`, a directory. `..` at the root stays there. A
 * backslash separates like a slash: no file system of a firmware has it in names, and people type it.
 *
 * ret, capacity  room, in bytes; BOOT_PATH_BYTES_MAX is enough for anything that can be opened.
 * ret_bytes      without the terminator.
 *
 * Returns BOOT_PATH_OK, BOOT_PATH_EMPTY, BOOT_PATH_TOO_LONG or BOOT_PATH_BAD_CHARACTER; then ret is undefined.
 */
MUST_CHECK enum boot_path_status boot_path_normalise(const char *path, size_t bytes, const char *base,
                                                     size_t base_bytes, char *ret, size_t capacity, size_t *ret_bytes);

/* Bytes of the directory part of a path in normal form: 5 of "/boot/kernel", 1 of "/kernel". */
size_t boot_path_directory_bytes(const char *path, size_t bytes);

/*
 * A path in normal form for the firmware: UTF-16 with backslashes, NUL-terminated.
 *
 * ret, capacity  room, in units; as many units as the path has bytes, and the terminator, is always enough.
 *
 * Returns BOOT_PATH_OK, BOOT_PATH_TOO_LONG or BOOT_PATH_BAD_CHARACTER (not UTF-8).
 */
MUST_CHECK enum boot_path_status boot_path_to_efi(const char *path, size_t bytes, uint16_t *ret, size_t capacity,
                                                  size_t *ret_units);

#endif
