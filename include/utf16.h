/*
 * UTF-16, as the firmware speaks it, to UTF-8 (Unicode 15.0, 3.9 Unicode Encoding Forms). Half of a surrogate pair
 * becomes U+FFFD. Pure.
 */
#ifndef UTF16_H
#define UTF16_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes of UTF-8 that `units` of UTF-16 can become. */
#define UTF16_BYTES_MAX(units) (3 * (units))

/*
 * Converts up to `units` units, fewer if a NUL comes before; the text may be unaligned. What does not fit into
 * `capacity` bytes (>= 1, NUL included) is cut between two characters. Returns the bytes written, without the NUL that
 * always follows.
 */
size_t utf16_to_utf8(const void *text, size_t units, char *ret, size_t capacity);

/* Units before the NUL, `max` at most. */
size_t utf16_length(const void *text, size_t max);

#endif
