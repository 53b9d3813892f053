/* SMBIOS structures for tests (DSP0134 3.6, 7.17 to 7.21). */
#ifndef SMBIOS_FIXTURE_H
#define SMBIOS_FIXTURE_H

#include "inventory_fixture.h"
#include "smbios_memory.h"

/* Strings, each with its NUL, the last with another. */
static inline void put_strings(struct fixture_bytes *t, const char *strings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(t, (uint8_t)strings[i], 1);
    put(t, 0, n ? 1 : 2);
}

static inline size_t strings_bytes(const char *strings)
{
    size_t n = 0;

    while (strings[n])
        n += strlen(strings + n) + 1;
    return n;
}

/* Type 17. strings: slot, bank, maker, serial, asset, part, as far as they go. */
static inline void add_device(struct fixture_bytes *t, uint16_t handle, uint16_t array, uint16_t size,
                              uint32_t extended, const char *strings)
{
    const size_t at = t->n;

    put(t, 17, 1);
    put(t, 0x5C, 1);
    put(t, handle, 2);
    put(t, array, 2);
    put(t, 0xFFFE, 2);
    put(t, 72, 2);
    put(t, 64, 2);
    put(t, size, 2);
    put(t, 9, 1);
    put(t, 0, 1);
    put(t, 1, 1);
    put(t, 2, 1);
    put(t, 0x1A, 1);
    put(t, 0x80, 2);
    put(t, 3200, 2);
    put(t, 3, 1);
    put(t, 4, 1);
    put(t, 5, 1);
    put(t, 6, 1);
    put(t, 2, 1);
    put(t, extended, 4);
    put(t, 2933, 2);
    put(t, 0, 6);
    put(t, 3, 1);
    put(t, 0, at + 0x5C - t->n);
    put_strings(t, strings, strings_bytes(strings));
}

/* Type 16, for system memory. */
static inline void add_array(struct fixture_bytes *t, uint16_t handle, uint8_t ecc, uint16_t n_slots, uint64_t capacity)
{
    put(t, 16, 1);
    put(t, 0x17, 1);
    put(t, handle, 2);
    put(t, 3, 1);
    put(t, 3, 1);
    put(t, ecc, 1);
    put(t, 0x80000000, 4);
    put(t, 0xFFFE, 2);
    put(t, n_slots, 2);
    put(t, capacity, 8);
    put(t, 0, 2);
}

static inline void put_range(struct fixture_bytes *t, uint64_t start, uint64_t end)
{
    const bool is_extended = end > TIB(4);

    put(t, is_extended ? UINT32_MAX : start >> 10, 4);
    put(t, is_extended ? UINT32_MAX : (end - 1) >> 10, 4);
}

static inline void put_extended(struct fixture_bytes *t, uint64_t start, uint64_t end)
{
    const bool is_extended = end > TIB(4);

    put(t, is_extended ? start : 0, 8);
    put(t, is_extended ? end - 1 : 0, 8);
    put(t, 0, 2);
}

/* Type 19. */
static inline void add_array_address(struct fixture_bytes *t, uint16_t array, uint64_t start, uint64_t end)
{
    put(t, 19, 1);
    put(t, 0x1F, 1);
    put(t, 0x1300, 2);
    put_range(t, start, end);
    put(t, array, 2);
    put(t, 1, 1);
    put_extended(t, start, end);
}

/* Type 20. */
static inline void add_device_address(struct fixture_bytes *t, uint16_t device, uint64_t start, uint64_t end)
{
    put(t, 20, 1);
    put(t, 0x23, 1);
    put(t, 0x1400, 2);
    put_range(t, start, end);
    put(t, device, 2);
    put(t, 0x1300, 2);
    put(t, 0xFF, 1);
    put(t, 0, 2);
    put_extended(t, start, end);
}

/* A structure with strings 1, 2 and 3 named at these offsets; 0: nowhere. */
static inline void add_named(struct fixture_bytes *t, uint8_t type, uint8_t bytes, uint8_t first, uint8_t second,
                             uint8_t third, const char *strings)
{
    const size_t at = t->n;

    put(t, type, 1);
    put(t, bytes, 1);
    put(t, 0, bytes - 2);
    poke(t, at + first, 1, 1);
    poke(t, at + second, 2, 1);
    if (third)
        poke(t, at + third, 3, 1);
    put_strings(t, strings, strings_bytes(strings));
}

/* An array of two slots with 2 GiB each. */
static inline struct fixture_bytes two_modules(void)
{
    struct fixture_bytes t = { .n = 0 };

    add_array(&t, 0x1000, SMBIOS_ECC_MULTI_BIT, 2, GIB(64));
    add_device(&t, 0x1100, 0x1000, 0x0800, 0, "DIMM_A1\0");
    add_device(&t, 0x1101, 0x1000, 0x0800, 0, "DIMM_B1\0CH B\0ACME, \"Inc\\.\"\0S3CRET\0TAG\0PN-1  \0");
    return t;
}

#endif
