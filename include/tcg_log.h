/*
 * TPM event logs (TCG PC Client Platform Firmware Profile Specification 1.05, 10 Event Logging): where one ends, which
 * the firmware tells only by where the last event begins. Pure; a log may hold anything.
 */
#ifndef TCG_LOG_H
#define TCG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tcg_log_format { TCG_LOG_1_2 = 1, TCG_LOG_2 = 2 };

/*
 * Bytes of a log of which `bytes_max` can be read.
 * last   offset of the last event.
 * Returns 0 if the last event does not fit, or is none.
 */
size_t tcg_log_bytes(enum tcg_log_format format, const void *log, size_t bytes_max, size_t last);

#endif
