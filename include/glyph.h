/*
 * The console font's glyphs by code point and scale (see fb_draw.h), with their pixels as in font.h.
 */
#ifndef GLYPH_H
#define GLYPH_H

#include <stdint.h>

/* The glyph of a code point, or that of U+FFFD if the font has none. */
uint16_t glyph_of_code(uint32_t code_point);

/*
 * Its pixels: rows of glyph_row_bytes(scale), to be enlarged if the scale is neither 1 nor 2. The fonts are
 * unpacked when a glyph is first asked for; on several processors at once that does no harm.
 */
const uint8_t *glyph_rows(uint16_t glyph, unsigned scale);
unsigned glyph_row_bytes(unsigned scale);

#endif
