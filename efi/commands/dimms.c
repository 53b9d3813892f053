#include "../text.h"
#include "dimms_report.h"
#include "inventory.h"
#include "numa.h"

#define SERIALS "--serials"

static bool has_serials(const struct command *command)
{
    for (size_t i = 0; i < command->n_words; i++)
        if (text_same(command->words[i], SERIALS))
            return true;
    return false;
}

static enum report_status report(const struct inventory *inventory, void *buffer, size_t bytes, uint64_t *ret_findings)
{
    const struct dimms_subject subject = { &inventory->map.subject, inventory_smbios(inventory),
                                           inventory_acpi(inventory, SRAT_SIGNATURE), has_serials(inventory->command) };

    return dimms_report(&inventory->command->style, &subject, buffer, bytes, ret_findings);
}

static EFI_STATUS run_dimms(struct command *command)
{
    for (size_t i = 0; i < command->n_words; i++)
        if (!text_same(command->words[i], SERIALS) &&
            !command_format(command->words[i], INVENTORY_FORMATS, &command->style.format))
            return command_bad_word(command, command->words[i], NULL);
    return inventory_run(command, dimms_buffer_bytes, report);
}

const struct command_description dimms_command = {
    .name = "dimms",
    .synopsis = "[--serials] [--csv | --json]",
    .purpose = "memory modules, and who disagrees about them",
    .details = "Modules by SMBIOS (speed in MT/s), and where it, SRAT and map disagree.\n"
               "  --serials     with serial numbers and asset tags\n"
               "  --csv, --json for programs\n",
    .example = "dimms --csv >a dimms.csv",
    .run = run_dimms,
};
