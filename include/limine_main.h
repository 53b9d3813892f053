/* Where the loader goes on for a Limine kernel once boot services are gone. */
#ifndef LIMINE_MAIN_H
#define LIMINE_MAIN_H

#include "addr.h"
#include "boot_info.h"
#include "compiler.h"

/*
 * Does all that remains for info->handover, and starts the kernel. What fails now is a panic.
 * Interrupts off, in the firmware's tables, on any stack; goes on in info->loader[LOADER_STACK].
 */
NORETURN void limine_start(const struct boot_info *info);

#endif
