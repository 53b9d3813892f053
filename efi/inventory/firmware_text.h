/* Text that the firmware gave, made fit to print. */
#ifndef FIRMWARE_TEXT_H
#define FIRMWARE_TEXT_H

#include <stddef.h>

/*
 * Copies text without the blanks around it, and with "?" for what is not printable ASCII.
 * text  NUL-terminated. capacity  >= 1; what does not fit is cut. Returns the length.
 */
size_t firmware_text(const char *text, char *copy, size_t capacity);

#endif
