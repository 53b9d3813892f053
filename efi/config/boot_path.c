#include "boot_path.h"

#define DRIVE_MAX 256     /* as in Limine, for drives and partitions */
#define GUID_DIGITS 36    /* with dashes */

/* Text that is consumed from its front. */
struct reader {
    const char *next, *end;
};

static size_t left(const struct reader *in)
{
    return (size_t)(in->end - in->next);
}

static bool skip(struct reader *in, char c)
{
    if (in->next == in->end || *in->next != c)
        return false;
    in->next++;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* -1: not a hexadecimal digit. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads digits up to max. False, and in->next where they began: none, or too large. */
static bool read_number(struct reader *in, uint32_t max, uint32_t *ret)
{
    const char *const start = in->next;
    uint32_t value = 0;

    for (; in->next < in->end && *in->next >= '0' && *in->next <= '9' && value <= max; in->next++)
        value = value * 10 + (uint32_t)(*in->next - '0');
    *ret = value;
    if (in->next > start && value <= max)
        return true;
    in->next = start;
    return false;
}

/* ---- arguments; each leaves in->next where it stopped understanding ---- */

static enum boot_path_status read_partition(struct reader *in, struct boot_path *path)
{
    if (!left(in))
        return BOOT_PATH_OK;
    path->has_partition = true;
    return read_number(in, DRIVE_MAX, &path->partition) && !left(in) ? BOOT_PATH_OK : BOOT_PATH_BAD_NUMBER;
}

static enum boot_path_status read_drive(struct reader *in, struct boot_path *path)
{
    if (!read_number(in, DRIVE_MAX, &path->drive) || !path->drive || !skip(in, ':'))
        return BOOT_PATH_BAD_NUMBER;
    return read_partition(in, path);
}

static void swap(uint8_t *a, uint8_t *b)
{
    const uint8_t was_a = *a;

    *a = *b;
    *b = was_a;
}

static enum boot_path_status read_guid(struct reader *in, struct boot_path *path)
{
    const char *const start = in->next;

    for (unsigned digit = 0; in->next < in->end; in->next++) {
        const size_t i = (size_t)(in->next - start);
        const int value = hex_digit(*in->next);

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (*in->next != '-')
                return BOOT_PATH_BAD_GUID;
            continue;
        }
        if (i >= GUID_DIGITS || value < 0)
            return BOOT_PATH_BAD_GUID;
        path->uuid[digit / 2] = (uint8_t)(path->uuid[digit / 2] << 4 | value);
        digit++;
    }
    if (in->next - start != GUID_DIGITS)
        return BOOT_PATH_BAD_GUID;
    __builtin_memcpy(path->guid, path->uuid, sizeof path->guid);
    swap(&path->guid[0], &path->guid[3]);
    swap(&path->guid[1], &path->guid[2]);
    swap(&path->guid[4], &path->guid[5]);
    swap(&path->guid[6], &path->guid[7]);
    return BOOT_PATH_OK;
}

static enum boot_path_status read_label(struct reader *in, struct boot_path *path)
{
    path->label = in->next;
    path->label_bytes = left(in);
    return left(in) ? BOOT_PATH_OK : BOOT_PATH_BAD_LABEL;
}

static enum boot_path_status read_address(struct reader *in, struct boot_path *path)
{
    uint32_t byte;

    if (!left(in))
        return BOOT_PATH_OK;
    for (unsigned i = 0; i < sizeof path->ip; i++) {
        if ((i && !skip(in, '.')) || !read_number(in, UINT8_MAX, &byte))
            return BOOT_PATH_BAD_ADDRESS;
        path->ip[i] = (uint8_t)byte;
    }
    path->has_ip = true;
    return left(in) ? BOOT_PATH_BAD_ADDRESS : BOOT_PATH_OK;
}

static enum boot_path_status read_argument(struct reader *in, struct boot_path *path)
{
    switch (path->resource) {
    case BOOT_RESOURCE_BOOT:
        return read_partition(in, path);
    case BOOT_RESOURCE_HDD:
    case BOOT_RESOURCE_ODD:
        return read_drive(in, path);
    case BOOT_RESOURCE_GUID:
        return read_guid(in, path);
    case BOOT_RESOURCE_FSLABEL:
        return read_label(in, path);
    case BOOT_RESOURCE_TFTP:
        return read_address(in, path);
    default:
        return BOOT_PATH_UNKNOWN_RESOURCE;
    }
}

/* ---- the whole ---- */

static bool is_name(const char *text, size_t bytes, const char *name)
{
    size_t i = 0;

    while (i < bytes && name[i] && lower(text[i]) == name[i])
        i++;
    return i == bytes && !name[i];
}

static enum boot_resource find_resource(const char *name, size_t bytes)
{
    for (unsigned r = BOOT_RESOURCE_BOOT; r < BOOT_RESOURCES; r++)
        if (is_name(name, bytes, boot_resource_name((enum boot_resource)r)))
            return (enum boot_resource)r;
    return is_name(name, bytes, "uuid") ? BOOT_RESOURCE_GUID : BOOT_RESOURCE_SAME;
}

/* Letters at the front of the text. */
static size_t count_letters(const struct reader *in)
{
    size_t n = 0;

    while (n < left(in) && lower(in->next[n]) >= 'a' && lower(in->next[n]) <= 'z')
        n++;
    return n;
}

static bool begins(const struct reader *in, size_t offset, const char *with, size_t bytes)
{
    return offset <= left(in) && bytes <= left(in) - offset && !__builtin_memcmp(in->next + offset, with, bytes);
}

/* Reads `resource(argument):` if there is one. */
static enum boot_path_status read_resource(struct reader *in, struct boot_path *path)
{
    const size_t letters = count_letters(in);

    if (letters && begins(in, letters, "://", 3))
        return BOOT_PATH_OLD;
    if (!letters || !begins(in, letters, "(", 1))
        return BOOT_PATH_OK;
    path->resource = find_resource(in->next, letters);
    if (path->resource == BOOT_RESOURCE_SAME)
        return BOOT_PATH_UNKNOWN_RESOURCE;
    in->next += letters + 1;

    size_t argument = 0;

    while (argument < left(in) && !begins(in, argument, "):/", 3))
        argument++;
    if (argument == left(in))
        return BOOT_PATH_OPEN;

    struct reader inside = { in->next, in->next + argument };
    const enum boot_path_status status = read_argument(&inside, path);

    in->next = status == BOOT_PATH_OK ? in->next + argument + 2 : inside.next;
    return status;
}

/* Reads the digits behind the last #. */
static enum boot_path_status read_hash(struct reader *in, struct boot_path *path)
{
    switch (left(in)) {
    case 2 * 32:
        path->hash = BOOT_HASH_BLAKE3_256;
        break;
    case 2 * BOOT_PATH_HASH_BYTES:
        path->hash = BOOT_HASH_BLAKE2B_512;
        break;
    case 2 * 128:
        path->hash = BOOT_HASH_BLAKE3_1024;
        break;
    default:
        return BOOT_PATH_BAD_HASH_LENGTH;
    }
    for (size_t i = 0; left(in); i++, in->next++) {
        const int value = hex_digit(*in->next);

        if (value < 0)
            return BOOT_PATH_BAD_HASH_DIGIT;
        if (path->hash == BOOT_HASH_BLAKE2B_512)
            path->digest[i / 2] = (uint8_t)(path->digest[i / 2] << 4 | value);
    }
    return BOOT_PATH_OK;
}

/* Reads what is behind the resource. */
static enum boot_path_status read_path(struct reader *in, struct boot_path *path)
{
    const char *hash = in->end;

    while (hash > in->next && hash[-1] != '#')
        hash--;
    path->path = in->next;
    path->path_bytes = hash > in->next ? (size_t)(hash - 1 - in->next) : left(in);
    if (!path->path_bytes || (path->resource != BOOT_RESOURCE_SAME && path->path_bytes == 1))
        return BOOT_PATH_EMPTY;
    for (size_t i = 0; i < path->path_bytes; i++, in->next++)
        if ((uint8_t)*in->next < ' ' || *in->next == 0x7f)
            return BOOT_PATH_BAD_CHARACTER;
    return skip(in, '#') ? read_hash(in, path) : BOOT_PATH_OK;
}

enum boot_path_status boot_path_parse(const char *text, size_t bytes, struct boot_path *ret, size_t *ret_position)
{
    struct reader in = { text, text + bytes };
    enum boot_path_status status;

    *ret = (struct boot_path){ 0 };
    ret->gzip = skip(&in, '$');
    status = read_resource(&in, ret);
    if (status == BOOT_PATH_OK)
        status = read_path(&in, ret);
    *ret_position = (size_t)(in.next - text);
    return status;
}
