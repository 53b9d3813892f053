/* The two places a person can read: COM1 and text on the framebuffer. Either may be missing. */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include <stdbool.h>

#include "boot_info.h"
#include "console.h"

/* Starts what the machine has, in the identity map, and registers it with console(). options.console_none: neither. */
void outputs_start(const struct boot_info *info);

/* The same as soon as something is printed: for who shall leave the screen alone unless it has to panic. */
void outputs_start_late(const struct boot_info *info);

/* Before they start: where their memory is reached, if not one to one: at this offset from the physical addresses. */
void outputs_reach_memory_at(uint64_t offset);

bool outputs_have_serial(void);

/* Where the framebuffer is mapped from now on. */
void outputs_move_framebuffer(void *pixels);

#endif
