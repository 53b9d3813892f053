/* Words for what the rest of boot_path.h deals in. */
#include "boot_path.h"

static const char resource_names[BOOT_RESOURCES][8] = {
    [BOOT_RESOURCE_SAME] = "",         [BOOT_RESOURCE_BOOT] = "boot", [BOOT_RESOURCE_HDD] = "hdd",
    [BOOT_RESOURCE_ODD] = "odd",       [BOOT_RESOURCE_GUID] = "guid", [BOOT_RESOURCE_FSLABEL] = "fslabel",
    [BOOT_RESOURCE_TFTP] = "tftp",
};

static const char *const status_texts[BOOT_PATH_STATUSES] = {
    [BOOT_PATH_OK] = "no error",
    [BOOT_PATH_EMPTY] = "empty path",
    [BOOT_PATH_UNKNOWN_RESOURCE] = "unknown resource",
    [BOOT_PATH_OPEN] = "no ):/ after the resource",
    [BOOT_PATH_OLD] = "path in the format before Limine 8",
    [BOOT_PATH_BAD_NUMBER] = "drive or partition is not 1 to 256",
    [BOOT_PATH_BAD_GUID] = "not a GUID",
    [BOOT_PATH_BAD_LABEL] = "empty label",
    [BOOT_PATH_BAD_ADDRESS] = "not an IPv4 address",
    [BOOT_PATH_BAD_HASH_LENGTH] = "hash has not 64, 128 or 256 digits",
    [BOOT_PATH_BAD_HASH_DIGIT] = "hash is not hexadecimal",
    [BOOT_PATH_BAD_CHARACTER] = "bad character in path",
    [BOOT_PATH_TOO_LONG] = "path too long",
};

const char *boot_path_status_text(enum boot_path_status status)
{
    return (unsigned)status < BOOT_PATH_STATUSES ? status_texts[status] : "unknown status";
}

const char *boot_resource_name(enum boot_resource resource)
{
    return (unsigned)resource < BOOT_RESOURCES ? resource_names[resource] : "";
}

const char *boot_hash_name(enum boot_hash hash)
{
    static const char names[][16] = { "none", "BLAKE2b-512", "BLAKE3-256", "BLAKE3-1024" };

    return (unsigned)hash < ARRAY_LENGTH(names) ? names[hash] : "";
}
