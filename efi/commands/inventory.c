#include "inventory.h"

#include "acpi_place.h"
#include "smbios_memory.h"

const void *inventory_reach(const struct inventory *inventory, struct phys_range bytes)
{
    if (!bytes.bytes || bytes.bytes > UINT64_MAX - bytes.start.value || !acpi_may_lie_in(&inventory->regions, bytes))
        return NULL;
    return identity_pointer(bytes.start);
}

static const void *reach(void *context, struct phys_range bytes) { return inventory_reach(context, bytes); }

struct acpi_table inventory_acpi(const struct inventory *inventory, const char signature[4])
{
    const struct acpi_memory memory = { (void *)(uintptr_t)virt_of(inventory).value, reach };
    struct acpi_table table = { NULL, 0 };
    const enum acpi_status status = acpi_find_table(&memory, inventory->command->info->rsdp, signature, &table);

    if (status == ACPI_BAD_TABLE)
        table.bytes = (const uint8_t *)signature; /* there is something, nothing of it to look at */
    return table;
}

struct smbios_bytes inventory_smbios(const struct inventory *inventory)
{
    const struct boot_info *info = inventory->command->info;
    struct smbios_bytes smbios = tables_find_smbios(info);

    if (smbios.n_bytes > SMBIOS_BYTES_MAX)
        smbios.n_bytes = SMBIOS_BYTES_MAX;
    if (!inventory_reach(inventory, (struct phys_range){ identity_of(smbios.structures), smbios.n_bytes }))
        smbios = (struct smbios_bytes){ identity_pointer(info->smbios64.value ? info->smbios64 : info->smbios32), 0 };
    return smbios;
}

EFI_STATUS inventory_run(const struct command *command, size_t (*buffer_bytes)(const struct map_subject *),
                         inventory_report *report)
{
    struct inventory inventory = { .command = command };
    const struct map_subject *subject = &inventory.map.subject;
    enum report_status result = REPORT_BAD_MAP;
    uint64_t n_findings = 0;
    EFI_STATUS status = command_map_read(command, buffer_bytes, &inventory.map);

    if (EFI_ERROR(status))
        return status;

    const struct phys_range scratch = inventory.map.scratch;
    const struct region_parameters parameters = { subject->claims, subject->n_claims, subject->phys_bits,
                                                  REGION_VIEW_BOOT };

    void *buffer = identity_pointer(scratch.start);

    if (region_normalize(&subject->map, &parameters, buffer, scratch.bytes, &inventory.regions) == REGION_OK)
        result = report(&inventory, buffer, scratch.bytes, &n_findings);
    command_map_free(command, &inventory.map);
    status = command_report_result(command, result);
    return !EFI_ERROR(status) && n_findings ? COMMAND_ANOMALIES : status;
}
