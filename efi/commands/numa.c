#include "inventory.h"
#include "numa.h"

static enum report_status report(const struct inventory *inventory, void *buffer, size_t bytes, uint64_t *ret_findings)
{
    const struct numa_tables tables = { inventory_acpi(inventory, SRAT_SIGNATURE),
                                        inventory_acpi(inventory, SLIT_SIGNATURE),
                                        inventory_acpi(inventory, HMAT_SIGNATURE) };

    return numa_report(&inventory->command->style, &tables, &inventory->map.subject, buffer, bytes, ret_findings);
}

static EFI_STATUS run_numa(struct command *command)
{
    const EFI_STATUS status = command_read_format(command, INVENTORY_FORMATS);

    return EFI_ERROR(status) ? status : inventory_run(command, numa_buffer_bytes, report);
}

const struct command_description numa_command = {
    .name = "numa",
    .synopsis = "[--csv | --json]",
    .purpose = "which memory is near to which processors",
    .details = "Domains by SRAT, SLIT and HMAT, and where these and the map disagree.\n"
               "  --csv, --json for programs\n",
    .example = "numa -o fs0:\\numa.txt",
    .run = run_numa,
};
