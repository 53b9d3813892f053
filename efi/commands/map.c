#include "command.h"
#include "map_report.h"

static EFI_STATUS print_map(struct command *command)
{
    struct command_map map;
    uint64_t anomalies = 0;
    enum report_status report;
    EFI_STATUS status = command_map_read(command, map_report_buffer_bytes, &map);

    if (EFI_ERROR(status))
        return status;
    report = map_report(&command->style, &map.subject, identity_pointer(map.scratch.start), map.scratch.bytes,
                        &anomalies);
    command_map_free(command, &map);
    status = command_report_result(command, report);
    return !EFI_ERROR(status) && anomalies ? COMMAND_ANOMALIES : status;
}

static EFI_STATUS run(struct command *command)
{
    const unsigned formats = 1u << REPORT_RAW | 1u << REPORT_SFO | 1u << REPORT_CSV | 1u << REPORT_JSON;
    const EFI_STATUS status = command_read_format(command, formats);

    return EFI_ERROR(status) ? status : print_map(command);
}

const struct command_description map_command = {
    .name = "map",
    .synopsis = "[--raw | -sfo | --csv | --json]",
    .purpose = "the firmware's memory map, and what is wrong with it",
    .details = "  --raw         the descriptors alone, as memmap-report reads them\n"
               "  -sfo          as the shell's memmap -sfo\n"
               "  --csv, --json for programs\n",
    .example = "map -sfo >a map.txt",
    .run = run,
};
