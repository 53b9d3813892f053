#include "inventory.h"
#include "memory_attributes.h"

static enum report_status report(const struct inventory *inventory, void *buffer, size_t bytes, uint64_t *ret_findings)
{
    const struct command *command = inventory->command;
    struct phys_range table = { tables_find_memory_attributes(command->fw), MEMORY_ATTRIBUTES_HEADER_BYTES };
    const uint8_t *reached = table.start.value ? inventory_reach(inventory, table) : NULL;
    uint64_t whole = reached ? memory_attributes_bytes(reached) : 0;

    /* Of what lies where no memory is, nothing is there but the firmware's word for it. */
    if (!reached)
        table.bytes = table.start.value ? 1 : 0;
    else if (whole && inventory_reach(inventory, (struct phys_range){ table.start, whole }))
        table.bytes = whole;
    return memory_attributes_report(&command->style, reached, table.bytes, &inventory->map.subject, buffer, bytes,
                                    ret_findings);
}

static EFI_STATUS run_attributes(struct command *command)
{
    const EFI_STATUS status = command_read_format(command, INVENTORY_FORMATS);

    return EFI_ERROR(status) ? status : inventory_run(command, memory_attributes_buffer_bytes, report);
}

const struct command_description attributes_command = {
    .name = "attributes",
    .synopsis = "[--csv | --json]",
    .purpose = "what protects the firmware's runtime memory",
    .details = "The EFI memory attributes table: what is writable and executable, data that is\n"
               "executable, and where it and the map disagree.\n"
               "  --csv, --json for programs\n",
    .example = "attributes --json >a rt.txt",
    .run = run_attributes,
};
