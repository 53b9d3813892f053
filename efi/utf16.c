#include "utf16.h"

#include "utf8.h"

static uint32_t unit_at(const void *text, size_t i)
{
    const uint8_t *bytes = (const uint8_t *)text + 2 * i;

    return (uint32_t)(bytes[0] | bytes[1] << 8);
}

size_t utf16_length(const void *text, size_t max)
{
    size_t n = 0;

    while (n < max && unit_at(text, n))
        n++;
    return n;
}

static size_t encode(uint32_t code, uint8_t bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (uint8_t)code;
        return 1;
    }

    const size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = n; --i > 0; code >>= 6)
        bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
    bytes[0] = (uint8_t)(0xf00 >> n | code); /* n ones, a zero, the rest of the code */
    return n;
}

size_t utf16_to_utf8(const void *text, size_t units, char *ret, size_t capacity)
{
    size_t n = 0;

    for (size_t i = 0; i < units; i++) {
        uint32_t code = unit_at(text, i);
        uint8_t bytes[4];

        if (!code)
            break;
        if (code >= 0xd800 && code < 0xe000) {
            const uint32_t low = code < 0xdc00 && i + 1 < units ? unit_at(text, i + 1) : 0;

            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i++;
            } else {
                code = UTF8_REPLACEMENT;
            }
        }

        const size_t length = encode(code, bytes);

        if (length >= capacity - n)
            break;
        __builtin_memcpy(ret + n, bytes, length);
        n += length;
    }
    ret[n] = 0;
    return n;
}
