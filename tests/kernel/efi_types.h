/* The firmware's memory map as it lies in memory: UEFI 2.10, 7.2.3 GetMemoryMap(). */
#ifndef TEST_KERNEL_EFI_TYPES_H
#define TEST_KERNEL_EFI_TYPES_H

#include <stdint.h>

/* Named as the specification does, without the prefix that would make them types of the firmware's headers. */
enum firmware_type {
    FIRMWARE_RESERVED,
    FIRMWARE_LOADER_CODE,
    FIRMWARE_LOADER_DATA,
    FIRMWARE_BOOT_CODE,
    FIRMWARE_BOOT_DATA,
    FIRMWARE_RUNTIME_CODE,
    FIRMWARE_RUNTIME_DATA,
    FIRMWARE_CONVENTIONAL,
    FIRMWARE_UNUSABLE,
    FIRMWARE_ACPI_RECLAIM,
    FIRMWARE_ACPI_NVS,
};

#define FIRMWARE_ATTRIBUTE_RUNTIME (1ull << 63)

struct firmware_descriptor {
    uint32_t type, unused;
    uint64_t start, virt;
    uint64_t n_pages;
    uint64_t attributes;
};

#endif
