/*
 * UTF-8 one byte at a time (Unicode 15.0, 3.9 Unicode Encoding Forms, table 3-7 Well-Formed UTF-8 Byte Sequences).
 * What is ill-formed becomes U+FFFD, one for each maximal part that could have begun a character, as browsers do.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFD

/* Zeroed: between two characters. */
struct utf8_decoder {
    uint32_t code; /* bits so far */
    uint8_t left;  /* bytes still to come */
    uint8_t low, high; /* bounds, inclusive, of the next byte */
};

/* Most code points that one byte can complete: the replacement of a character cut short, and one of its own. */
#define UTF8_CODES_MAX 2

/* Takes a byte; returns how many code points it completed, in ret_codes[]. */
unsigned utf8_decode(struct utf8_decoder *decoder, uint8_t byte, uint32_t ret_codes[UTF8_CODES_MAX]);

#endif
