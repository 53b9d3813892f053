/* What a bug report begins with: versions, firmware, board, processor, time, Secure Boot, screens; a line each. */
#ifndef MACHINE_H
#define MACHINE_H

#include "command.h"

void machine_print(const struct command *command);

#endif
