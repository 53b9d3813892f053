/* COM1: a 16550 UART at 115200 8N1, polled. Every wait is bounded. Not safe on two processors at once. */
#ifndef SERIAL_H
#define SERIAL_H

#include <stdbool.h>

#include "format.h"

/* Probes and programs the port. False: there is none, and the sink discards. */
bool serial_init(void);

/*
 * Writes text; '\n' becomes CR LF. Discards before serial_init(). A port that stops taking bytes costs
 * its bound once and not for every byte: each wait in vain halves the next, all of them together take twice the first.
 */
const struct sink *serial_sink(void);

#endif
