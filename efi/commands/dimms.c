#include "../text.h"
#include "dimms_report.h"
#include "inventory.h"
#include "numa.h"

static EFI_STATUS read_words(struct command *command, bool *ret_with_serials)
{
    for (size_t i = 0; i < command->n_words; i++) {
        if (text_same(command->words[i], "--serials"))
            *ret_with_serials = true;
        else if (!command_format(command->words[i], INVENTORY_FORMATS, &command->style.format))
            return command_bad_word(command, command->words[i], NULL);
    }
    return EFI_SUCCESS;
}

static EFI_STATUS run_dimms(struct command *command)
{
    struct inventory inventory;
    struct dimms_subject subject = { .memory = &inventory.map.subject };
    uint64_t n_findings = 0;
    EFI_STATUS status = read_words(command, &subject.with_serials);

    if (!EFI_ERROR(status))
        status = inventory_open(command, dimms_buffer_bytes, &inventory);
    if (EFI_ERROR(status))
        return status;
    subject.smbios = inventory_smbios(&inventory);
    subject.srat = inventory_acpi(&inventory, SRAT_SIGNATURE);

    const struct phys_range scratch = inventory.map.scratch;
    const enum report_status report = dimms_report(&command->style, &subject, identity_pointer(scratch.start),
                                                   scratch.bytes, &n_findings);

    return inventory_close(&inventory, report, n_findings);
}

const struct command_description dimms_command = {
    .name = "dimms",
    .synopsis = "[--serials] [--csv | --json]",
    .purpose = "memory modules, and who disagrees about them",
    .details = "Slots and modules by SMBIOS: size, type, speed (MT/s), maker, part, ECC; and\n"
               "where SMBIOS, SRAT and the map disagree. --serials: their numbers and tags, too.\n",
    .example = "dimms --csv >a dimms.csv",
    .run = run_dimms,
};
