/*
 * The kernel's console: one sink that passes everything on to those registered with it (COM1, framebuffer text).
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "format.h"

/* Registers a sink that lives as long as the kernel; at most CONSOLE_SINKS_MAX, more are ignored. */
#define CONSOLE_SINKS_MAX 4
void console_add(const struct sink *sink);

/* The sink that writes to all of them. */
const struct sink *console(void);

#endif
