/* Any bytes as a path of limine.conf, then its normal form, which must be a fixed point, and the firmware's. */
#include <stdlib.h>
#include <string.h>

#include "boot_path.h"

#define ASSERT(condition) do { if (!(condition)) abort(); } while (0)
#define CAPACITY 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_normal(const char *path, size_t bytes)
{
    char again[CAPACITY];
    uint16_t wide[CAPACITY];
    size_t n;

    ASSERT(bytes && bytes < CAPACITY && path[0] == '/' && !path[bytes] && strlen(path) == bytes);
    ASSERT(bytes == 1 || path[bytes - 1] != '/');
    ASSERT(!strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./") && !strchr(path, '\\'));
    ASSERT(boot_path_normalise(path, bytes, "/x", 2, again, CAPACITY, &n) == BOOT_PATH_OK);
    ASSERT(n == bytes && !memcmp(path, again, n + 1));
    ASSERT(boot_path_directory_bytes(path, bytes) <= bytes);
    if (boot_path_to_efi(path, bytes, wide, bytes + 1, &n) == BOOT_PATH_OK)
        ASSERT(n && n <= bytes && wide[0] == '\\' && !wide[n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const text = (const char *)data;
    struct boot_path path;
    size_t position, n;
    char normal[CAPACITY];

    if (memchr(data, 0, size))
        return 0;
    if (boot_path_parse(text, size, &path, &position) == BOOT_PATH_OK) {
        ASSERT(path.path >= text && path.path_bytes && path.path_bytes <= size - (size_t)(path.path - text));
        ASSERT(path.resource == BOOT_RESOURCE_SAME || path.path[0] == '/');
        ASSERT(path.drive <= 256 && path.partition <= 256 && (path.has_partition || !path.partition));
        ASSERT((path.resource == BOOT_RESOURCE_FSLABEL) == (path.label_bytes != 0));
        if (boot_path_normalise(path.path, path.path_bytes, "/base/dir", 9, normal, CAPACITY, &n) == BOOT_PATH_OK)
            check_normal(normal, n);
    }
    ASSERT(position <= size);
    return 0;
}
