/*
 * Rectangles and text at any pixel of a framebuffer, in any of its formats. Everything is clipped to the screen, and
 * the framebuffer is only ever written, because reading it is slow. Pure: draws into memory it is given.
 *
 * Text comes in cells of 8 x 16 pixels times a scale: 1 is Spleen 8x16, 2 is Spleen 16x32 (drawn anew, not enlarged),
 * 4 is Spleen 16x32 with every pixel doubled. Colours are 0xRRGGBB.
 */
#ifndef FB_DRAW_H
#define FB_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "framebuffer.h"

#define FB_CELL_WIDTH 8
#define FB_CELL_HEIGHT 16

/* A rectangle of the screen, in pixels. */
struct fb_area {
    uint32_t x, y, width, height;
};

/* The scale for text on this screen: 1; from 2560 pixels of width on 2; from 5120 on 4. */
unsigned fb_text_scale(const struct framebuffer *fb);

/* The part of the area that lies on the screen; width or height is 0 if none does. */
struct fb_area fb_clip(const struct framebuffer *fb, struct fb_area area);

void fb_fill(const struct framebuffer *fb, void *pixels, struct fb_area area, uint32_t rgb);

/* One line of UTF-8 with its top left corner at (x, y). Returns the x where the next character would go. */
uint32_t fb_draw_text(const struct framebuffer *fb, void *pixels, uint32_t x, uint32_t y, const char *utf8,
                      uint32_t foreground, uint32_t background, unsigned scale);

/* Cells that the text takes: its code points. */
uint32_t fb_text_cells(const char *utf8);

/* One cell of glyph.h with its top left corner at (x, y), in pixel values of the framebuffer. */
void fb_draw_glyph(const struct framebuffer *fb, void *pixels, uint32_t x, uint32_t y, uint16_t glyph,
                   uint32_t foreground_pixel, uint32_t background_pixel, unsigned scale);

#endif
