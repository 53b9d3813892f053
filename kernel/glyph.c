#include "glyph.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "compiler.h"
#include "font.h"
#include "panic.h"
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

static void unpack(uint8_t (*glyphs)[FONT_LARGE_GLYPH_BYTES])
{
    const uint8_t *number = font_large_numbers;

    ASSERT(font_n_glyphs <= FONT_GLYPHS_MAX);
    for (uint32_t glyph = 0; glyph < font_n_glyphs; glyph++) {
        uint16_t row = 0;

        for (unsigned y = 0; y < FONT_LARGE_HEIGHT; y++) {
            if (font_large_changes[glyph] >> y & 1)
                row = font_large_rows[*number++];
            glyphs[glyph][2 * y] = (uint8_t)(row >> 8);
            glyphs[glyph][2 * y + 1] = (uint8_t)row;
        }
    }
}

/* Who comes while another unpacks does so, too: each byte is only ever written with what it is to be. */
static const uint8_t *large_glyph(uint16_t glyph)
{
    static uint8_t glyphs[FONT_GLYPHS_MAX][FONT_LARGE_GLYPH_BYTES];
    static atomic_bool unpacked;

    if (!atomic_load_explicit(&unpacked, memory_order_acquire)) {
        unpack(glyphs);
        atomic_store_explicit(&unpacked, true, memory_order_release);
    }
    return glyphs[glyph];
}

const uint8_t *glyph_rows(uint16_t glyph, unsigned scale)
{
    return scale_is_large(scale) ? large_glyph(glyph) : font_small[glyph];
}

unsigned glyph_row_bytes(unsigned scale)
{
    return scale_is_large(scale) ? FONT_LARGE_WIDTH / 8 : FONT_SMALL_WIDTH / 8;
}
