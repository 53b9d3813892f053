#include "command.h"

/* In the order of `help`. */
static const struct command_description *const commands[] = {
    &map_command,
    &frames_command,
    &attributes_command,
    &numa_command,
    &dimms_command,
    &test_command,
    &picture_command,
    &report_command,
};

const struct command_description *command_at(size_t i)
{
    return i < ARRAY_LENGTH(commands) ? commands[i] : NULL;
}
