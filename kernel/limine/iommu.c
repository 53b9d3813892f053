#include "iommu.h"

/* VT-d specification, 8.1 DMA Remapping Reporting Structure; 8.3 DRHD. */
#define DMAR_ENTRIES (ACPI_HEADER_BYTES + 12)
#define DMAR_HEADER_BYTES 4
#define DMAR_DRHD 0
#define DRHD_REGISTERS 8
#define DRHD_BYTES 16

/* AMD IOMMU specification, 5.2.1 I/O Virtualization Reporting Structure; 5.2.2 IVHD. */
#define IVRS_ENTRIES (ACPI_HEADER_BYTES + 12)
#define IVHD_TYPE_10 0x10
#define IVHD_TYPE_11 0x11
#define IVHD_TYPE_40 0x40
#define IVHD_REGISTERS 8
#define IVHD_BYTES 24

#define VTD_GLOBAL_COMMAND 0x18
#define VTD_GLOBAL_STATUS 0x1C
#define VTD_TRANSLATION (1u << 31)
#define VTD_INTERRUPT_REMAPPING (1u << 25)
#define VTD_ONE_SHOT 0x69000000u /* bits of the command register that are no state: 11.4.4 Global Command Register */
#define VTD_READS_MAX 1000000

#define AMD_CONTROL 0x18
#define AMD_ENABLE (1u << 0)

static uint64_t read_little_endian(const uint8_t *at, unsigned n)
{
    uint64_t value = 0;

    while (n--)
        value = value << 8 | at[n];
    return value;
}

/* The entry at *cursor, header of 4 bytes with a length at `length_at`; moves the cursor on. */
static const uint8_t *next_entry(struct acpi_table table, size_t first, size_t *cursor, size_t *ret_bytes)
{
    const size_t at = *cursor ? *cursor : first;
    size_t bytes;

    if (table.n_bytes < at || table.n_bytes - at < DMAR_HEADER_BYTES)
        return NULL;
    bytes = (size_t)read_little_endian(table.bytes + at + 2, 2);
    if (bytes < DMAR_HEADER_BYTES || bytes > table.n_bytes - at)
        return NULL;
    *cursor = at + bytes;
    *ret_bytes = bytes;
    return table.bytes + at;
}

static bool take_registers(const uint8_t *at, phys_addr_t *ret)
{
    *ret = phys_addr(read_little_endian(at, 8));
    return ret->value && !(ret->value & PAGE_MASK);
}

bool iommu_next_intel(struct acpi_table dmar, size_t *cursor, phys_addr_t *ret_registers)
{
    const uint8_t *entry;
    size_t bytes;

    while ((entry = next_entry(dmar, DMAR_ENTRIES, cursor, &bytes)))
        if (read_little_endian(entry, 2) == DMAR_DRHD && bytes >= DRHD_BYTES &&
            take_registers(entry + DRHD_REGISTERS, ret_registers))
            return true;
    return false;
}

bool iommu_next_amd(struct acpi_table ivrs, size_t *cursor, phys_addr_t *ret_registers)
{
    const uint8_t *entry;
    size_t bytes;

    while ((entry = next_entry(ivrs, IVRS_ENTRIES, cursor, &bytes)))
        if ((entry[0] == IVHD_TYPE_10 || entry[0] == IVHD_TYPE_11 || entry[0] == IVHD_TYPE_40) &&
            bytes >= IVHD_BYTES && take_registers(entry + IVHD_REGISTERS, ret_registers))
            return true;
    return false;
}

static bool clear_state(const struct mmio *registers, uint32_t bit)
{
    const uint32_t status = mmio_read(registers, VTD_GLOBAL_STATUS);

    if (!(status & bit) || status == MMIO_NOBODY)
        return true;
    mmio_write(registers, VTD_GLOBAL_COMMAND, status & ~(VTD_ONE_SHOT | bit));
    for (unsigned reads = 0; reads < VTD_READS_MAX; reads++)
        if (!(mmio_read(registers, VTD_GLOBAL_STATUS) & bit))
            return true;
    return false;
}

bool iommu_stop_intel(const struct mmio *registers)
{
    const bool translation = clear_state(registers, VTD_TRANSLATION);

    return clear_state(registers, VTD_INTERRUPT_REMAPPING) && translation;
}

void iommu_stop_amd(const struct mmio *registers)
{
    const uint32_t control = mmio_read(registers, AMD_CONTROL);

    if (control & AMD_ENABLE && control != MMIO_NOBODY)
        mmio_write(registers, AMD_CONTROL, control & ~AMD_ENABLE);
}
