/* The table of commands, without those that need more of a machine than fake firmware has. */
#include "../efi/commands/command.h"

const struct command_description *command_at(size_t i)
{
    return i == 0 ? &map_command : i == 1 ? &frames_command : NULL;
}
