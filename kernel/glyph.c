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

struct packed_font {
    const uint16_t *rows;
    const uint32_t *changes;
    const uint8_t *numbers;
};

/* row_bytes: 1 or 2. */
static void unpack(struct packed_font font, unsigned row_bytes, unsigned height, uint8_t *ret_rows)
{
    for (uint32_t glyph = 0; glyph < font_n_glyphs; glyph++) {
        uint16_t row = 0;

        for (unsigned y = 0; y < height; y++) {
            if (font.changes[glyph] >> y & 1)
                row = font.rows[*font.numbers++];
            if (row_bytes == 2)
                *ret_rows++ = (uint8_t)(row >> 8);
            *ret_rows++ = (uint8_t)row;
        }
    }
}

/* Who comes while another unpacks does so, too: each byte is only ever written with what it is to be. */
const uint8_t *glyph_rows(uint16_t glyph, unsigned scale)
{
    static uint8_t small[FONT_GLYPHS_MAX][FONT_SMALL_GLYPH_BYTES], large[FONT_GLYPHS_MAX][FONT_LARGE_GLYPH_BYTES];
    static atomic_bool unpacked;

    if (!atomic_load_explicit(&unpacked, memory_order_acquire)) {
        ASSERT(font_n_glyphs <= FONT_GLYPHS_MAX);
        unpack((struct packed_font){ font_small_rows, font_small_changes, font_small_numbers }, FONT_SMALL_WIDTH / 8,
               FONT_SMALL_HEIGHT, small[0]);
        unpack((struct packed_font){ font_large_rows, font_large_changes, font_large_numbers }, FONT_LARGE_WIDTH / 8,
               FONT_LARGE_HEIGHT, large[0]);
        atomic_store_explicit(&unpacked, true, memory_order_release);
    }
    return scale_is_large(scale) ? large[glyph] : small[glyph];
}

unsigned glyph_row_bytes(unsigned scale)
{
    return scale_is_large(scale) ? FONT_LARGE_WIDTH / 8 : FONT_SMALL_WIDTH / 8;
}
