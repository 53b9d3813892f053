#include "command.h"
#include "frames_report.h"

/* As the loader allocates it; if there is no room now, the report looks for some by itself. */
static void place_metadata(const struct command *command, struct command_map *map)
{
    const struct page_limits limits = { command->fw, command->info, command->info->framebuffer.memory };
    const size_t bytes =
        frames_metadata_bytes(&map->subject, identity_pointer(map->scratch.start), map->scratch.bytes);
    struct phys_range pages;

    if (!bytes || EFI_ERROR(pages_allocate(&limits, bytes, PAGE_SIZE, &pages)))
        return;
    map->subject.metadata = pages;
    pages_free(command->fw, &pages);
}

static EFI_STATUS print_frames(struct command *command)
{
    struct command_map map;
    enum report_status report;
    const EFI_STATUS status = command_map_read(command, frames_report_buffer_bytes, &map);

    if (EFI_ERROR(status))
        return status;
    place_metadata(command, &map);
    report = frames_report(&command->style, &map.subject, identity_pointer(map.scratch.start), map.scratch.bytes);
    command_map_free(command, &map);
    return command_report_result(command, report);
}

static EFI_STATUS run(struct command *command)
{
    const EFI_STATUS status = command_read_format(command, 1u << REPORT_CSV | 1u << REPORT_JSON);

    return EFI_ERROR(status) ? status : print_frames(command);
}

const struct command_description frames_command = {
    .name = "frames",
    .synopsis = "[--csv | --json]",
    .purpose = "what a frame allocator will make of that memory",
    .details = "A dry run of the allocator on a copy of the map, as if the firmware was gone.\n"
               "  --csv, --json for programs\n",
    .example = "frames --unit MiB",
    .run = run,
};
