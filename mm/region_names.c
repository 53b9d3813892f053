#include "mem_region.h"

const char *region_type_name(enum region_type type)
{
    static const char *const names[REGION_TYPES] = {
        [REGION_USABLE] = "USABLE",
        [REGION_BOOTLOADER_RECLAIMABLE] = "BOOTLOADER_RECLAIMABLE",
        [REGION_ACPI_RECLAIMABLE] = "ACPI_RECLAIMABLE",
        [REGION_PERSISTENT] = "PERSISTENT",
        [REGION_UNACCEPTED] = "UNACCEPTED",
        [REGION_ACPI_NVS] = "ACPI_NVS",
        [REGION_RUNTIME_SERVICES] = "RUNTIME_SERVICES",
        [REGION_MMIO] = "MMIO",
        [REGION_UNKNOWN] = "UNKNOWN",
        [REGION_RESERVED] = "RESERVED",
        [REGION_RESERVED_MAPPED] = "RESERVED_MAPPED",
        [REGION_EXECUTABLE_AND_MODULES] = "EXECUTABLE_AND_MODULES",
        [REGION_FRAMEBUFFER] = "FRAMEBUFFER",
        [REGION_BAD_MEMORY] = "BAD_MEMORY",
    };

    return (unsigned)type < REGION_TYPES ? names[type] : "?";
}

const char *region_anomaly_text(enum region_anomaly anomaly)
{
    static const char *const texts[ANOMALIES] = {
        [ANOMALY_UNSORTED] = "out of order (sorted)",
        [ANOMALY_OVERLAP] = "overlapping others (bytes go to the stronger type)",
        [ANOMALY_ZERO_PAGES] = "without pages (skipped)",
        [ANOMALY_OUT_OF_RANGE] = "beyond the address space (dropped)",
        [ANOMALY_UNALIGNED] = "not page-aligned (only whole free frames are usable)",
        [ANOMALY_UNKNOWN_TYPE] = "of a type no specification names (kept, not used)",
        [ANOMALY_NOT_WRITE_BACK] = "of free memory without write-back caching (reserved)",
        [ANOMALY_NOT_GENERAL] = "of free memory that is special, persistent, protected or removable (reserved)",
        [ANOMALY_RUNTIME_FREE] = "of free memory that runtime services use (kept for them)",
        [ANOMALY_TRUNCATED] = "cut off by the end of the map (skipped)",
    };

    return (unsigned)anomaly < ANOMALIES ? texts[anomaly] : "?";
}
