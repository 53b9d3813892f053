/* The table of commands, without those that need more of a machine than fake firmware has; `test` finds errors here. */
#include "../efi/commands/command.h"

static EFI_STATUS find_errors(struct command *command)
{
    print_text(command->style.sink, "errors\n");
    command->is_reported = true;
    return COMMAND_MEMORY_ERRORS;
}

static const struct command_description bad_memory_command = {
    .name = "test",
    .synopsis = "",
    .purpose = "find errors",
    .details = "",
    .example = "test",
    .run = find_errors,
};

const struct command_description *command_at(size_t i)
{
    static const struct command_description *const commands[] = {
        &map_command, &frames_command, &picture_command, &report_command, &bad_memory_command,
    };

    return i < ARRAY_LENGTH(commands) ? commands[i] : NULL;
}
