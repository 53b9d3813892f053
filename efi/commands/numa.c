#include "inventory.h"
#include "numa.h"

static EFI_STATUS run_numa(struct command *command)
{
    struct inventory inventory;
    uint64_t n_findings = 0;
    EFI_STATUS status = command_read_format(command, INVENTORY_FORMATS);

    if (!EFI_ERROR(status))
        status = inventory_open(command, numa_buffer_bytes, &inventory);
    if (EFI_ERROR(status))
        return status;

    const struct phys_range scratch = inventory.map.scratch;
    const struct numa_tables tables = { inventory_acpi(&inventory, SRAT_SIGNATURE),
                                        inventory_acpi(&inventory, SLIT_SIGNATURE),
                                        inventory_acpi(&inventory, HMAT_SIGNATURE) };
    const enum report_status report = numa_report(&command->style, &tables, &inventory.map.subject,
                                                  identity_pointer(scratch.start), scratch.bytes, &n_findings);

    return inventory_close(&inventory, report, n_findings);
}

const struct command_description numa_command = {
    .name = "numa",
    .synopsis = "[--csv | --json]",
    .purpose = "which memory is near to which processors",
    .details = "SRAT, SLIT and HMAT: domains with their processors and usable memory, and where\n"
               "they and the map disagree.\n",
    .example = "numa -o fs0:\\numa.txt",
    .run = run_numa,
};
