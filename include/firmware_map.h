/*
 * The firmware's memory map as plain data: what GetMemoryMap() returned, byte for byte (UEFI 2.10, 7.2.3
 * GetMemoryMap()). The only form in which it leaves efi/; nothing here needs the firmware's headers.
 */
#ifndef FIRMWARE_MAP_H
#define FIRMWARE_MAP_H

#include <stddef.h>
#include <stdint.h>

/* A memory descriptor, version 1 (UEFI 2.10, 7.2.3). Later ones append fields: step by the stride, not by sizeof. */
struct firmware_descriptor {
    uint32_t type; /* enum firmware_type or any other value */
    uint32_t padding;
    uint64_t start; /* physical, bytes; should be 4 KiB aligned */
    uint64_t virtual_start;
    uint64_t pages; /* of 4 KiB */
    uint64_t attributes;
};
_Static_assert(sizeof(struct firmware_descriptor) == 40, "UEFI 2.10, 7.2.3");

#define FIRMWARE_STRIDE_MIN sizeof(struct firmware_descriptor)

/* UEFI 2.10, 7.2.1 AllocatePages(), memory types. From 0x70000000 on they are the OEM's, from 0x80000000 the OS's. */
enum firmware_type {
    FIRMWARE_RESERVED = 0,
    FIRMWARE_LOADER_CODE = 1,
    FIRMWARE_LOADER_DATA = 2,
    FIRMWARE_BOOT_SERVICES_CODE = 3,
    FIRMWARE_BOOT_SERVICES_DATA = 4,
    FIRMWARE_RUNTIME_CODE = 5,
    FIRMWARE_RUNTIME_DATA = 6,
    FIRMWARE_CONVENTIONAL = 7,
    FIRMWARE_UNUSABLE = 8,
    FIRMWARE_ACPI_RECLAIM = 9,
    FIRMWARE_ACPI_NVS = 10,
    FIRMWARE_MMIO = 11,
    FIRMWARE_MMIO_PORT = 12,
    FIRMWARE_PAL_CODE = 13,
    FIRMWARE_PERSISTENT = 14,
    FIRMWARE_UNACCEPTED = 15,
};
#define FIRMWARE_OEM_FIRST 0x70000000u /* and the OS's */

/* UEFI 2.10, 7.2.3, "Memory Attribute Definitions". Those not named here are harmless on RAM. */
#define FIRMWARE_ATTRIBUTE_UC (1ull << 0)
#define FIRMWARE_ATTRIBUTE_WC (1ull << 1)
#define FIRMWARE_ATTRIBUTE_WT (1ull << 2)
#define FIRMWARE_ATTRIBUTE_WB (1ull << 3)
#define FIRMWARE_ATTRIBUTE_UCE (1ull << 4)
#define FIRMWARE_ATTRIBUTE_WP (1ull << 12)
#define FIRMWARE_ATTRIBUTE_RP (1ull << 13)
#define FIRMWARE_ATTRIBUTE_XP (1ull << 14)
#define FIRMWARE_ATTRIBUTE_NV (1ull << 15)
#define FIRMWARE_ATTRIBUTE_MORE_RELIABLE (1ull << 16)
#define FIRMWARE_ATTRIBUTE_RO (1ull << 17)
#define FIRMWARE_ATTRIBUTE_SP (1ull << 18)
#define FIRMWARE_ATTRIBUTE_CPU_CRYPTO (1ull << 19)
#define FIRMWARE_ATTRIBUTE_HOT_PLUGGABLE (1ull << 20)
#define FIRMWARE_ATTRIBUTE_RUNTIME (1ull << 63)

struct firmware_map {
    const void *descriptors;
    uint64_t bytes;  /* used; a last partial descriptor is possible and is an anomaly */
    uint64_t stride; /* DescriptorSize; firmware's word, so it may be anything, 0 included */
};

#endif
