#include "firmware.h"

/* More entries than any machine has: a bound on what a broken system table can make us read. */
#define CONFIGURATION_TABLES_MAX 1024

/* UEFI 2.10, 4.6 EFI Configuration Table & Properties Table */
static const EFI_GUID acpi20 = { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } };
static const EFI_GUID acpi10 = { 0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
static const EFI_GUID smbios = { 0xeb9d2d31, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
static const EFI_GUID smbios3 = { 0xf2fd1544, 0x9794, 0x4a2c, { 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 } };
static const EFI_GUID device_tree = { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };
static const EFI_GUID memory_attributes = { 0xdcfa911d, 0x26eb, 0x469f,
                                            { 0xa2, 0x20, 0x38, 0xb7, 0xdc, 0x46, 0x12, 0x20 } };

/* An entry point is at most this long (DSP0134 5.2); the firmware's own table says no better. */
#define ENTRY_POINT_READABLE 32

static phys_addr_t find_table(const EFI_SYSTEM_TABLE *system, const EFI_GUID *guid)
{
    const UINTN n = system->NumberOfTableEntries;

    if (!system->ConfigurationTable || n > CONFIGURATION_TABLES_MAX)
        return phys_addr(0);
    for (UINTN i = 0; i < n; i++)
        if (!__builtin_memcmp(&system->ConfigurationTable[i].VendorGuid, guid, sizeof *guid))
            return identity_of(system->ConfigurationTable[i].VendorTable);
    return phys_addr(0);
}

/* Printable ASCII of a vendor string that may be missing or endless. */
static void copy_vendor(char vendor[FIRMWARE_VENDOR_MAX], const CHAR16 *name)
{
    size_t n = 0;

    for (; name && name[n] && n < FIRMWARE_VENDOR_MAX - 1; n++)
        vendor[n] = name[n] >= ' ' && name[n] < 0x7f ? (char)name[n] : '?';
    vendor[n] = 0;
}

void tables_find(const struct firmware *fw, struct boot_info *info)
{
    info->uefi_revision = fw->system->Hdr.Revision;
    copy_vendor(info->firmware_vendor, fw->system->FirmwareVendor);

    info->rsdp = find_table(fw->system, &acpi20);
    if (!info->rsdp.value)
        info->rsdp = find_table(fw->system, &acpi10);
    info->smbios32 = find_table(fw->system, &smbios);
    info->smbios64 = find_table(fw->system, &smbios3);
}

phys_addr_t tables_find_device_tree(const struct firmware *fw) { return find_table(fw->system, &device_tree); }

phys_addr_t tables_find_memory_attributes(const struct firmware *fw)
{
    return find_table(fw->system, &memory_attributes);
}

struct smbios_bytes tables_find_smbios(const struct boot_info *info)
{
    const phys_addr_t entries[] = { info->smbios64, info->smbios32 };
    struct smbios_table table;

    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
        if (entries[i].value && smbios_entry_point(identity_pointer(entries[i]), ENTRY_POINT_READABLE, &table))
            return (struct smbios_bytes){ identity_pointer(table.structures.start), table.structures.bytes };
    return (struct smbios_bytes){ NULL, 0 };
}
