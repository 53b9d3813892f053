#include "report_text.h"
#include "smbios_memory.h"

/*
 * Of strings one after the other, each with its NUL: the nth, counted from `first` on. What DSP0134 3.6 leaves out, or
 * calls other or unknown, has no name.
 */
static const char *name_of(const char *names, unsigned n_names, unsigned number, unsigned first)
{
    const char *name = number - first < n_names ? nth_string(names, number - first) : "";

    return *name ? name : "unknown";
}

/* DSP0134, 7.17.3 Memory Array - Error Correction Types. */
const char *smbios_ecc_name(uint8_t ecc) { return name_of("none\0parity\0single-bit\0multi-bit\0CRC", 5, ecc, 3); }

/* DSP0134, 7.18.2 Memory Device - Type: 0x03 to 0x23. */
const char *smbios_device_type_name(uint8_t type)
{
    return name_of("DRAM\0EDRAM\0VRAM\0SRAM\0RAM\0ROM\0flash\0\0\0\0\0\0SDRAM\0SGRAM\0RDRAM\0DDR\0DDR2\0DDR2 FB\0\0\0\0"
                   "DDR3\0FBD2\0DDR4\0LPDDR\0LPDDR2\0LPDDR3\0LPDDR4\0logical NV\0HBM\0HBM2\0DDR5\0LPDDR5", 33, type, 3);
}

/* DSP0134, 7.18.6 Memory Device - Memory Technology. */
const char *smbios_technology_name(uint8_t technology)
{
    return name_of("DRAM\0NVDIMM-N\0NVDIMM-F\0NVDIMM-P\0Optane", 5, technology, 3);
}
