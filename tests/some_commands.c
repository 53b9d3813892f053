/* The table of commands, without those that need more of a machine than fake firmware has. */
#include "../efi/commands/command.h"

const struct command_description *command_at(size_t i)
{
    static const struct command_description *const commands[] = {
        &map_command, &frames_command, &picture_command, &report_command,
    };

    return i < ARRAY_LENGTH(commands) ? commands[i] : NULL;
}
