#include "fb_draw.h"

#include "glyph.h"
#include "utf8.h"

#define LARGE_TEXT_WIDTH_PX 2560   /* screens from this width on get Spleen 16x32 */
#define DOUBLED_TEXT_WIDTH_PX 5120 /* and from this one on 16x32 doubled */

unsigned fb_text_scale(const struct framebuffer *fb)
{
    if (fb->width_px >= DOUBLED_TEXT_WIDTH_PX)
        return 4;
    return fb->width_px >= LARGE_TEXT_WIDTH_PX ? 2 : 1;
}

static uint32_t clip_length(uint32_t start, uint32_t length, uint32_t limit)
{
    if (start >= limit)
        return 0;
    return length < limit - start ? length : limit - start;
}

struct fb_area fb_clip(const struct framebuffer *fb, struct fb_area area)
{
    area.width = clip_length(area.x, area.width, fb->width_px);
    area.height = clip_length(area.y, area.height, fb->height_px);
    return area;
}

static uint8_t *pixel_at(const struct framebuffer *fb, void *pixels, uint32_t x, uint32_t y)
{
    return (uint8_t *)pixels + (uint64_t)y * fb->pitch_bytes + (uint64_t)x * (fb->bits_per_pixel / 8);
}

/* The same pixel `count` times. Rows need not be aligned, hence memcpy, which compiles to plain stores. */
static void put_pixels(uint8_t *at, unsigned bytes_per_pixel, uint32_t pixel, uint32_t count)
{
    const uint64_t pair = (uint64_t)pixel << 32 | pixel;

    switch (bytes_per_pixel) {
    case 4:
        for (; count >= 2; count -= 2, at += sizeof(pair))
            __builtin_memcpy(at, &pair, sizeof(pair));
        if (count)
            __builtin_memcpy(at, &pixel, 4);
        break;
    case 3:
        for (; count; count--, at += 3)
            __builtin_memcpy(at, &pixel, 3);
        break;
    case 2:
        for (; count; count--, at += 2)
            __builtin_memcpy(at, &pixel, 2);
        break;
    default: /* no format that the loader passes on */
        break;
    }
}

void fb_fill(const struct framebuffer *fb, void *pixels, struct fb_area area, uint32_t rgb)
{
    const struct fb_area seen = fb_clip(fb, area);
    const uint32_t pixel = framebuffer_pixel(fb, rgb);

    for (uint32_t row = 0; row < seen.height; row++)
        put_pixels(pixel_at(fb, pixels, seen.x, seen.y + row), fb->bits_per_pixel / 8, pixel, seen.width);
}

void fb_draw_glyph(const struct framebuffer *fb, void *pixels, uint32_t x, uint32_t y, uint16_t glyph,
                   uint32_t foreground_pixel, uint32_t background_pixel, unsigned scale)
{
    const struct fb_area cell = { x, y, FB_CELL_WIDTH * scale, FB_CELL_HEIGHT * scale };
    const struct fb_area seen = fb_clip(fb, cell);
    const uint8_t *rows = glyph_rows(glyph, scale);
    const unsigned row_bytes = glyph_row_bytes(scale);
    const unsigned enlarged = FB_CELL_WIDTH * scale / (row_bytes * 8);

    for (uint32_t row = 0; row < seen.height; row++) {
        const uint8_t *bits = rows + row / enlarged * row_bytes;

        for (uint32_t column = 0; column < seen.width; column++) {
            const uint32_t bit = column / enlarged;
            const bool lit = bits[bit / 8] >> (7 - bit % 8) & 1;

            put_pixels(pixel_at(fb, pixels, x + column, y + row), fb->bits_per_pixel / 8,
                       lit ? foreground_pixel : background_pixel, 1);
        }
    }
}

uint32_t fb_draw_text(const struct framebuffer *fb, void *pixels, uint32_t x, uint32_t y, const char *utf8,
                      uint32_t foreground, uint32_t background, unsigned scale)
{
    const uint32_t foreground_pixel = framebuffer_pixel(fb, foreground);
    const uint32_t background_pixel = framebuffer_pixel(fb, background);
    struct utf8_decoder decoder = { 0 };

    for (; *utf8; utf8++) {
        uint32_t codes[UTF8_CODES_MAX];
        const unsigned n_codes = utf8_decode(&decoder, (uint8_t)*utf8, codes);

        for (unsigned i = 0; i < n_codes && x < fb->width_px; i++) {
            fb_draw_glyph(fb, pixels, x, y, glyph_of_code(codes[i]), foreground_pixel, background_pixel, scale);
            x += FB_CELL_WIDTH * scale;
        }
    }
    return x;
}

uint32_t fb_text_cells(const char *utf8)
{
    struct utf8_decoder decoder = { 0 };
    uint32_t cells = 0;

    for (; *utf8; utf8++) {
        uint32_t codes[UTF8_CODES_MAX];

        cells += utf8_decode(&decoder, (uint8_t)*utf8, codes);
    }
    return cells;
}
