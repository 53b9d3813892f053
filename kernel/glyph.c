#include "glyph.h"

#include <stdbool.h>

#include "font.h"
#include "utf8.h"

#define FIRST_CODE ' '

/* Where the code point stands in the font's list, or font_n_code_points. */
static uint32_t find_code(uint32_t code_point)
{
    uint32_t low = 0, high = font_n_code_points;

    /* Printable ASCII stands at the start without a gap. */
    if (code_point >= FIRST_CODE && code_point < '\x7F')
        return code_point - FIRST_CODE;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;

        if (font_code_points[middle] == code_point)
            return middle;
        if (font_code_points[middle] < code_point)
            low = middle + 1;
        else
            high = middle;
    }
    return font_n_code_points;
}

uint16_t glyph_of_code(uint32_t code_point)
{
    uint32_t found = find_code(code_point);

    if (found == font_n_code_points)
        found = find_code(UTF8_REPLACEMENT);
    if (found == font_n_code_points)
        found = find_code('?');
    return font_code_glyphs[found];
}

/* Even scales use the large font, so that a doubled screen gets a drawn glyph and not a doubled one. */
static bool scale_is_large(unsigned scale)
{
    return scale % 2 == 0;
}

const uint8_t *glyph_rows(uint16_t glyph, unsigned scale)
{
    return scale_is_large(scale) ? font_large[glyph] : font_small[glyph];
}

unsigned glyph_row_bytes(unsigned scale)
{
    return scale_is_large(scale) ? FONT_LARGE_WIDTH / 8 : FONT_SMALL_WIDTH / 8;
}
