#include "smbios_memory.h"

#include "compiler.h"
#include "little_endian.h"

#define HANDLE 2

/* DSP0134, 7.17 Physical Memory Array (Type 16). */
enum {
    ARRAY_USE = 0x05, ARRAY_ECC = 0x06, ARRAY_CAPACITY = 0x07, ARRAY_SLOTS = 0x0d, ARRAY_BYTES = 0x0f,
    ARRAY_EXTENDED_CAPACITY = 0x0f, ARRAY_EXTENDED_BYTES = 0x17,
    USE_SYSTEM_MEMORY = 3,
};
#define CAPACITY_IS_EXTENDED 0x80000000u

/* DSP0134, 7.18 Memory Device (Type 17). */
enum {
    DEVICE_ARRAY = 0x04, DEVICE_TOTAL_WIDTH = 0x08, DEVICE_DATA_WIDTH = 0x0a, DEVICE_SIZE = 0x0c,
    DEVICE_SLOT = 0x10, DEVICE_BANK = 0x11, DEVICE_TYPE = 0x12, DEVICE_BYTES = 0x15,
    DEVICE_SPEED = 0x15, DEVICE_MAKER = 0x17, DEVICE_SERIAL = 0x18, DEVICE_ASSET = 0x19, DEVICE_PART = 0x1a,
    DEVICE_ATTRIBUTES = 0x1b, DEVICE_EXTENDED_SIZE = 0x1c, DEVICE_CONFIGURED_SPEED = 0x20, DEVICE_TECHNOLOGY = 0x28,
    DEVICE_NON_VOLATILE = 0x34, DEVICE_VOLATILE = 0x3c, DEVICE_EXTENDED_SPEED = 0x54,
    DEVICE_EXTENDED_CONFIGURED_SPEED = 0x58,
};
#define SIZE_UNKNOWN 0xffff
#define SIZE_IS_EXTENDED 0x7fff
#define SIZE_IN_KIB 0x8000
#define EXTENDED_SIZE_MASK 0x7fffffff /* MiB */
#define WIDTH_UNKNOWN 0xffff
#define SPEED_IS_EXTENDED 0xffff
#define EXTENDED_SPEED_MASK 0x7fffffff
#define RANKS_MASK 0xf

/* DSP0134, 7.20 Memory Array Mapped Address (Type 19), 7.21 Memory Device Mapped Address (Type 20). */
enum {
    MAPPING_START = 0x04, MAPPING_LAST = 0x08, MAPPING_HANDLE = 0x0c,
    ARRAY_MAPPING_BYTES = 0x0f, ARRAY_MAPPING_EXTENDED = 0x0f,
    DEVICE_INTERLEAVE_POSITION = 0x11, DEVICE_INTERLEAVE_DEPTH = 0x12,
    DEVICE_MAPPING_BYTES = 0x13, DEVICE_MAPPING_EXTENDED = 0x13,
    MAPPING_EXTENDED_BYTES = 16,
};
#define MAPPING_IS_EXTENDED 0xffffffffu
#define LOCAL_APIC 0xfee00000 /* Intel SDM vol 3A, 11.4.1 The Local APIC Block Diagram */

/* The number in a field, or 0 where the structure, of an older version, ends before it. */
static uint64_t field(const struct smbios_structure *s, size_t at, size_t bytes)
{
    return at + bytes <= s->formatted_bytes ? little_endian(s->formatted + at, bytes) : 0;
}

static const char *text(const struct smbios_structure *s, size_t at)
{
    return smbios_string(s, (unsigned)field(s, at, 1));
}

static uint64_t unless(uint64_t value, uint64_t unknown) { return value == unknown ? 0 : value; }

bool smbios_array_read(const struct smbios_structure *s, struct smbios_array *ret)
{
    const uint64_t kib = field(s, ARRAY_CAPACITY, 4);

    if (s->type != SMBIOS_TYPE_ARRAY || s->formatted_bytes < ARRAY_BYTES)
        return false;
    *ret = (struct smbios_array){
        .handle = (uint16_t)field(s, HANDLE, 2),
        .is_system_memory = s->formatted[ARRAY_USE] == USE_SYSTEM_MEMORY,
        .ecc = s->formatted[ARRAY_ECC],
        .n_slots = (uint16_t)field(s, ARRAY_SLOTS, 2),
        .capacity_bytes = kib == CAPACITY_IS_EXTENDED ? field(s, ARRAY_EXTENDED_CAPACITY, 8) : KIB(kib),
    };
    return true;
}

static void read_size(const struct smbios_structure *s, struct smbios_device *d)
{
    const uint64_t size = field(s, DEVICE_SIZE, 2);

    d->is_empty = !size;
    d->is_size_known = size != SIZE_UNKNOWN;
    if (size == SIZE_IS_EXTENDED)
        d->bytes = MIB(field(s, DEVICE_EXTENDED_SIZE, 4) & EXTENDED_SIZE_MASK);
    else if (d->is_size_known)
        d->bytes = size & SIZE_IN_KIB ? KIB(size & ~(uint64_t)SIZE_IN_KIB) : MIB(size);
    d->non_volatile_bytes = unless(field(s, DEVICE_NON_VOLATILE, 8), UINT64_MAX);
    d->volatile_bytes = d->non_volatile_bytes ? unless(field(s, DEVICE_VOLATILE, 8), UINT64_MAX) : d->bytes;
}

static uint32_t speed(const struct smbios_structure *s, size_t at, size_t extended_at)
{
    const uint64_t value = field(s, at, 2);

    return (uint32_t)(value == SPEED_IS_EXTENDED ? field(s, extended_at, 4) & EXTENDED_SPEED_MASK : value);
}

bool smbios_device_read(const struct smbios_structure *s, struct smbios_device *ret)
{
    if (s->type != SMBIOS_TYPE_DEVICE || s->formatted_bytes < DEVICE_BYTES)
        return false;
    *ret = (struct smbios_device){
        .handle = (uint16_t)field(s, HANDLE, 2),
        .array = (uint16_t)field(s, DEVICE_ARRAY, 2),
        .total_width = (uint16_t)unless(field(s, DEVICE_TOTAL_WIDTH, 2), WIDTH_UNKNOWN),
        .data_width = (uint16_t)unless(field(s, DEVICE_DATA_WIDTH, 2), WIDTH_UNKNOWN),
        .speed = speed(s, DEVICE_SPEED, DEVICE_EXTENDED_SPEED),
        .configured_speed = speed(s, DEVICE_CONFIGURED_SPEED, DEVICE_EXTENDED_CONFIGURED_SPEED),
        .type = s->formatted[DEVICE_TYPE],
        .technology = (uint8_t)field(s, DEVICE_TECHNOLOGY, 1),
        .ranks = (uint8_t)field(s, DEVICE_ATTRIBUTES, 1) & RANKS_MASK,
        .slot = text(s, DEVICE_SLOT),
        .bank = text(s, DEVICE_BANK),
        .maker = text(s, DEVICE_MAKER),
        .part = text(s, DEVICE_PART),
        .serial = text(s, DEVICE_SERIAL),
        .asset = text(s, DEVICE_ASSET),
    };
    read_size(s, ret);
    return true;
}

bool smbios_mapping_read(const struct smbios_structure *s, uint8_t type, struct smbios_mapping *ret)
{
    const bool of_device = type == SMBIOS_TYPE_DEVICE_ADDRESS;
    const size_t extended = of_device ? DEVICE_MAPPING_EXTENDED : ARRAY_MAPPING_EXTENDED;
    uint64_t start = field(s, MAPPING_START, 4), last = field(s, MAPPING_LAST, 4);

    if (s->type != type || s->formatted_bytes < (of_device ? DEVICE_MAPPING_BYTES : ARRAY_MAPPING_BYTES))
        return false;
    if (start == MAPPING_IS_EXTENDED) {
        start = field(s, extended, 8);
        last = field(s, extended + 8, 8);
    } else {
        start = KIB(start);
        last = KIB(last) + KIB(1) - 1;
    }
    if (last <= start || last >> PHYS_BITS_MAX)
        return false;
    *ret = (struct smbios_mapping){ (uint16_t)field(s, MAPPING_HANDLE, 2),
                                    { phys_addr(start), last - start + 1 }, 0, 0,
                                    start <= LOCAL_APIC && last >= LOCAL_APIC };
    if (of_device) {
        ret->interleave_position = s->formatted[DEVICE_INTERLEAVE_POSITION];
        ret->interleave_depth = s->formatted[DEVICE_INTERLEAVE_DEPTH];
    }
    return true;
}
