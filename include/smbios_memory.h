/*
 * What SMBIOS says about a machine's memory (DMTF DSP0134 3.6), which may be anything:
 *
 *   array (type 16)  <--  device (17), a slot with or without a module
 *      ^                     ^
 *   addresses of an array (19)  addresses of a device (20), which few machines tell
 *
 * Structures are read where they lie, each time anew: nothing is kept. Pure.
 */
#ifndef SMBIOS_MEMORY_H
#define SMBIOS_MEMORY_H

#include "format.h"
#include "report.h"
#include "smbios.h"

/* More than any machine has; what lies beyond is not to be looked at. */
#define SMBIOS_BYTES_MAX MIB(1)

/* Room that is enough for smbios_dimm_of(); longer names are cut. */
#define DIMM_NAME_BYTES 128

/*
 * Which module an address belongs to: "DIMM_A1", by type 20, unless there are modules that are interleaved or have
 * nominal addresses; else by type 19 "DIMM_A1 or DIMM_B1", if the arrays that may have that address hold one module or
 * a few; "" if nobody says.
 * name  receives printable ASCII, NUL-terminated. capacity  >= 1.
 */
void smbios_dimm_of(const struct smbios_bytes *smbios, phys_addr_t address, char *name, size_t capacity);

/* Firmware, system, board and processors by maker, name and version: a line each, of what there is, for bug reports. */
void smbios_machine_lines(const struct smbios_bytes *smbios, const struct sink *sink);

/* ---- the structures ---- */

enum smbios_memory_type {
    SMBIOS_TYPE_FIRMWARE = 0,
    SMBIOS_TYPE_SYSTEM = 1,
    SMBIOS_TYPE_BOARD = 2,
    SMBIOS_TYPE_PROCESSOR = 4,
    SMBIOS_TYPE_ARRAY = 16,
    SMBIOS_TYPE_DEVICE = 17,
    SMBIOS_TYPE_ARRAY_ADDRESS = 19,
    SMBIOS_TYPE_DEVICE_ADDRESS = 20,
};

/* DSP0134, 7.17.3 Memory Array - Error Correction Types. */
enum smbios_ecc { SMBIOS_ECC_NONE = 3, SMBIOS_ECC_SINGLE_BIT = 5, SMBIOS_ECC_MULTI_BIT = 6 };

/* DSP0134, 7.18.6 Memory Device - Memory Technology. Greater numbers keep their contents, all or in part. */
#define SMBIOS_TECHNOLOGY_DRAM 3

/* DSP0134, 7.17 Physical Memory Array (Type 16). */
struct smbios_array {
    uint16_t handle;
    bool is_system_memory; /* not video memory, flash, a cache */
    uint8_t ecc;           /* enum smbios_ecc, or another number */
    uint16_t n_slots;
    uint64_t capacity_bytes; /* 0: not known */
};

/* DSP0134, 7.18 Memory Device (Type 17). Texts may hold anything, NULL: not said. */
struct smbios_device {
    uint16_t handle, array;
    bool is_empty, is_size_known;
    uint64_t bytes;              /* 0 if empty or not known */
    uint64_t volatile_bytes;     /* == bytes for what has no non-volatile part, whatever else it says */
    uint64_t non_volatile_bytes; /* 0: none, or not known */
    uint16_t total_width, data_width; /* bits; 0: not known. The total has the bits for ECC, too */
    uint32_t speed, configured_speed; /* MT/s; 0: not known */
    uint8_t type, technology, ranks; /* 0 ranks: not known */
    const char *slot, *bank, *maker, *part, *serial, *asset;
};

/* DSP0134, 7.20 and 7.21 Memory Array and Memory Device Mapped Address (Types 19 and 20). */
struct smbios_mapping {
    uint16_t handle;        /* of the array or of the device */
    struct phys_range bytes;
    uint8_t interleave_position, interleave_depth; /* type 20: 0: not interleaved, 0xFF: not known */
    /*
     * It spans the local APIC's addresses, which are never memory on a PC: as much memory, but not where it is. What
     * the hole below 4 GiB hides is somewhere above.
     */
    bool is_nominal;
};

/* False: the structure is of another type, too short, or (a mapping) of addresses that cannot be. */
bool smbios_array_read(const struct smbios_structure *structure, struct smbios_array *ret);
bool smbios_device_read(const struct smbios_structure *structure, struct smbios_device *ret);
bool smbios_mapping_read(const struct smbios_structure *structure, uint8_t type, struct smbios_mapping *ret);

/* The device with this handle; false: there is none. */
bool smbios_device_with(const struct smbios_bytes *smbios, uint16_t handle, struct smbios_device *ret);

/* "DDR4", "single-bit"; numbers that DSP0134 3.6 does not have are "unknown". */
const char *smbios_ecc_name(uint8_t ecc);
const char *smbios_device_type_name(uint8_t type);
const char *smbios_technology_name(uint8_t technology);

#endif
