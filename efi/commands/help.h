/* What BOOTX64.EFI says about itself. */
#ifndef HELP_H
#define HELP_H

#include "command.h"

/* `help [COMMAND]`, and `--version`: not in the table, which they print. */
extern const struct command_description help_command, version_command;

/* `boot` or `selftest`, which are started elsewhere (run: NULL) and are described here; NULL: another word. */
const struct command_description *help_find_starter(const char *name);

/* What `help COMMAND` says, on the command's sink. */
void help_print(const struct command *command, const struct command_description *about);

#endif
