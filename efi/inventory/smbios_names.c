#include "smbios_memory.h"

#include "compiler.h"

#define NAME_BYTES 12

/* What DSP0134 3.6 leaves out, or calls other or unknown, has no name. */
static const char *name_of(const char (*names)[NAME_BYTES], size_t n, unsigned number)
{
    return number < n && names[number][0] ? names[number] : "unknown";
}

/* DSP0134, 7.17.3 Memory Array - Error Correction Types. */
const char *smbios_ecc_name(uint8_t ecc)
{
    static const char names[][NAME_BYTES] = { [3] = "none", "parity", "single-bit", "multi-bit", "CRC" };

    return name_of(names, ARRAY_LENGTH(names), ecc);
}

/* DSP0134, 7.18.2 Memory Device - Type. */
const char *smbios_device_type_name(uint8_t type)
{
    static const char names[][NAME_BYTES] = {
        [3] = "DRAM", [7] = "RAM", [0x0f] = "SDRAM", "SGRAM", "RDRAM", "DDR", "DDR2", "DDR2 FB",
        [0x18] = "DDR3", "FBD2", "DDR4", "LPDDR", "LPDDR2", "LPDDR3", "LPDDR4", "logical NV", "HBM", "HBM2", "DDR5", "LPDDR5",
    };

    return name_of(names, ARRAY_LENGTH(names), type);
}

/* DSP0134, 7.18.6 Memory Device - Memory Technology. */
const char *smbios_technology_name(uint8_t technology)
{
    static const char names[][NAME_BYTES] = { [3] = "DRAM", "NVDIMM-N", "NVDIMM-F", "NVDIMM-P", "Optane" };

    return name_of(names, ARRAY_LENGTH(names), technology);
}
