/* Numbers in tables of the firmware, which lie at any address. */
#ifndef LITTLE_ENDIAN_H
#define LITTLE_ENDIAN_H

#include <stddef.h>
#include <stdint.h>

/* The number in the bytes, 8 at most. */
static inline uint64_t little_endian(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = bytes; i--;)
        value = value << 8 | at[i];
    return value;
}

#endif
