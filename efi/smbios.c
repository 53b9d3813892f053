#include "smbios.h"

#include "little_endian.h"

/* Offsets in the entry points (DSP0134 5.2.1 and 5.2.2) and in a structure header (6.1.2). */
enum {
    SM32_CHECKSUMMED_LENGTH = 0x05, SM32_INTERMEDIATE = 0x10, SM32_INTERMEDIATE_BYTES = 0x0f,
    SM32_TABLE_BYTES = 0x16, SM32_TABLE_ADDRESS = 0x18, SM32_BYTES = 0x1f,
    SM64_CHECKSUMMED_LENGTH = 0x06, SM64_TABLE_BYTES = 0x0c, SM64_TABLE_ADDRESS = 0x10, SM64_BYTES = 0x18,
    STRUCTURE_TYPE = 0, STRUCTURE_LENGTH = 1, STRUCTURE_HEADER_BYTES = 4,
};

static bool starts_with(const uint8_t *bytes, const char *anchor)
{
    while (*anchor)
        if (*bytes++ != (uint8_t)*anchor++)
            return false;
    return true;
}

static bool sums_to_zero(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;

    while (n--)
        sum = (uint8_t)(sum + *bytes++);
    return sum == 0;
}

bool smbios_entry_point(const void *entry, size_t readable, struct smbios_table *ret)
{
    const uint8_t *e = entry;

    if (readable >= SM64_BYTES && starts_with(e, "_SM3_")) {
        const uint8_t length = e[SM64_CHECKSUMMED_LENGTH];

        if (length < SM64_BYTES || length > readable || !sums_to_zero(e, length))
            return false;
        *ret = (struct smbios_table){ { phys_addr(little_endian(e + SM64_TABLE_ADDRESS, 8)),
                                        little_endian(e + SM64_TABLE_BYTES, 4) } };
        return true;
    }
    if (readable >= SM32_BYTES && starts_with(e, "_SM_") && starts_with(e + SM32_INTERMEDIATE, "_DMI_")) {
        const uint8_t length = e[SM32_CHECKSUMMED_LENGTH];

        /* Some firmware says 0x1e: an erratum of the specification's version 2.1 (DSP0134 5.2.1). */
        if (length < SM32_BYTES - 1 || length > readable || !sums_to_zero(e, length) ||
            !sums_to_zero(e + SM32_INTERMEDIATE, SM32_INTERMEDIATE_BYTES))
            return false;
        *ret = (struct smbios_table){ { phys_addr(little_endian(e + SM32_TABLE_ADDRESS, 4)),
                                        little_endian(e + SM32_TABLE_BYTES, 2) } };
        return true;
    }
    return false;
}

bool smbios_structure_at(const void *table, size_t bytes, size_t offset, struct smbios_structure *ret)
{
    if (offset >= bytes || bytes - offset < STRUCTURE_HEADER_BYTES)
        return false;

    const uint8_t *s = (const uint8_t *)table + offset;
    const uint8_t length = s[STRUCTURE_LENGTH];
    const size_t left = bytes - offset;

    if (length < STRUCTURE_HEADER_BYTES || length > left || s[STRUCTURE_TYPE] == SMBIOS_TYPE_END)
        return false;
    /* The string-set ends with two NULs, also when there are no strings. */
    for (size_t i = length; i + 1 < left; i++)
        if (!s[i] && !s[i + 1]) {
            *ret = (struct smbios_structure){ s[STRUCTURE_TYPE], s, length, (const char *)s + length, offset + i + 2 };
            return true;
        }
    return false;
}

const char *smbios_string(const struct smbios_structure *structure, unsigned number)
{
    const char *string = structure->strings;

    if (!number)
        return NULL;
    for (; *string; string++) {
        if (!--number)
            return string;
        while (*string)
            string++;
    }
    return NULL;
}
