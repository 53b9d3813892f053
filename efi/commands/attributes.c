#include "inventory.h"
#include "memory_attributes.h"

static EFI_STATUS run_attributes(struct command *command)
{
    struct inventory inventory;
    struct phys_range table = { tables_find_memory_attributes(command->fw), MEMORY_ATTRIBUTES_HEADER_BYTES };
    uint64_t n_findings = 0;
    enum report_status report;
    EFI_STATUS status = command_read_format(command, INVENTORY_FORMATS);

    if (!EFI_ERROR(status))
        status = inventory_open(command, memory_attributes_buffer_bytes, &inventory);
    if (EFI_ERROR(status))
        return status;

    const struct phys_range scratch = inventory.map.scratch;
    const uint8_t *bytes = table.start.value ? inventory_reach(&inventory, table) : NULL;

    if (bytes)
        table.bytes = memory_attributes_bytes(bytes);
    if (table.start.value && (!bytes || !inventory_reach(&inventory, table)))
        return inventory_close(&inventory, REPORT_BAD_MAP, 0);
    report = memory_attributes_report(&command->style, bytes, bytes ? table.bytes : 0, &inventory.map.subject,
                                      identity_pointer(scratch.start), scratch.bytes, &n_findings);
    return inventory_close(&inventory, report, n_findings);
}

const struct command_description attributes_command = {
    .name = "attributes",
    .synopsis = "[--csv | --json]",
    .purpose = "what protects the firmware's runtime memory",
    .details = "The EFI memory attributes table and its disagreements with the map: code that\n"
               "is writable, data that is executable, runtime memory that it leaves out.\n",
    .example = "attributes --json >a rt.txt",
    .run = run_attributes,
};
