/* Paths in normal form, and as the firmware takes them. */
#include "boot_path.h"

#include "utf8.h"

struct writer {
    char *text;
    size_t bytes, capacity; /* one byte of the capacity is kept for the terminator */
};

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

static bool put(struct writer *out, char c)
{
    if (out->bytes + 1 >= out->capacity)
        return false;
    out->text[out->bytes++] = c;
    return true;
}

static void drop_last_component(struct writer *out)
{
    while (out->bytes && out->text[--out->bytes] != '/')
        ;
}

static enum boot_path_status add_component(struct writer *out, const char *name, size_t bytes)
{
    if (!bytes || (bytes == 1 && name[0] == '.'))
        return BOOT_PATH_OK;
    if (bytes == 2 && name[0] == '.' && name[1] == '.') {
        drop_last_component(out);
        return BOOT_PATH_OK;
    }
    if (!put(out, '/'))
        return BOOT_PATH_TOO_LONG;
    for (size_t i = 0; i < bytes; i++) {
        if ((uint8_t)name[i] < ' ' || name[i] == 0x7f)
            return BOOT_PATH_BAD_CHARACTER;
        if (!put(out, name[i]))
            return BOOT_PATH_TOO_LONG;
    }
    return BOOT_PATH_OK;
}

static enum boot_path_status add_components(struct writer *out, const char *path, size_t bytes)
{
    enum boot_path_status status = BOOT_PATH_OK;

    for (size_t start = 0, end; start < bytes && status == BOOT_PATH_OK; start = end + 1) {
        for (end = start; end < bytes && !is_separator(path[end]); end++)
            ;
        status = add_component(out, path + start, end - start);
    }
    return status;
}

enum boot_path_status boot_path_normalise(const char *path, size_t bytes, const char *base, size_t base_bytes,
                                          char *ret, size_t capacity, size_t *ret_bytes)
{
    struct writer out = { ret, 0, capacity };
    enum boot_path_status status = BOOT_PATH_OK;

    if (!bytes)
        return BOOT_PATH_EMPTY;
    if (!is_separator(path[0]))
        status = add_components(&out, base, base_bytes);
    if (status == BOOT_PATH_OK)
        status = add_components(&out, path, bytes);
    if (status != BOOT_PATH_OK)
        return status;
    if (!out.bytes && !put(&out, '/'))
        return BOOT_PATH_TOO_LONG;
    ret[out.bytes] = 0;
    *ret_bytes = out.bytes;
    return BOOT_PATH_OK;
}

size_t boot_path_directory_bytes(const char *path, size_t bytes)
{
    while (bytes && path[bytes - 1] != '/')
        bytes--;
    return bytes > 1 ? bytes - 1 : bytes;
}

/* Appends a code point; false: there is no room for it and the terminator. */
static bool put_code(uint16_t *text, size_t *n, size_t capacity, uint32_t code)
{
    enum { SURROGATES = 0x10000, HIGH = 0xD800, LOW = 0xDC00, LOW_BITS = 10, LOW_MASK = 0x3FF };
    const size_t units = code < SURROGATES ? 1 : 2;

    if (capacity <= *n || capacity - *n <= units)
        return false;
    if (units == 2) {
        text[(*n)++] = (uint16_t)(HIGH + ((code - SURROGATES) >> LOW_BITS));
        code = LOW + ((code - SURROGATES) & LOW_MASK);
    }
    text[(*n)++] = (uint16_t)code;
    return true;
}

enum boot_path_status boot_path_to_efi(const char *path, size_t bytes, uint16_t *ret, size_t capacity,
                                       size_t *ret_units)
{
    struct utf8_decoder decoder = { 0 };
    uint32_t codes[UTF8_CODES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++) {
        const unsigned completed = utf8_decode(&decoder, (uint8_t)path[i], codes);

        for (unsigned c = 0; c < completed; c++) {
            if (codes[c] == UTF8_REPLACEMENT)
                return BOOT_PATH_BAD_CHARACTER;
            if (!put_code(ret, &n, capacity, codes[c] == '/' ? '\\' : codes[c]))
                return BOOT_PATH_TOO_LONG;
        }
    }
    if (decoder.left)
        return BOOT_PATH_BAD_CHARACTER;
    if (n >= capacity)
        return BOOT_PATH_TOO_LONG;
    ret[n] = 0;
    *ret_units = n;
    return BOOT_PATH_OK;
}
