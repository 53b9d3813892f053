/*
 * Text on a framebuffer: a grid of cells in a real console font, UTF-8, line wrap, scrolling.
 *
 * What is on the screen is remembered as cells in RAM; the framebuffer is only ever written, because reading it is
 * slow. Only cells that changed are drawn. Pure: draws into memory it is given, so it runs on the host as well.
 */
#ifndef FB_CONSOLE_H
#define FB_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "framebuffer.h"

struct fb_cell;

/* A rectangle of the screen, in pixels. */
struct fb_area {
    uint32_t x, y, width, height;
};

struct fb_console {
    struct sink sink; /* register this */
    struct framebuffer fb;
    void *pixels;        /* where fb.memory is mapped */
    struct fb_area area; /* the text grid, centred remainder cleared */
    uint32_t columns, rows, column, row;
    uint32_t cell_width, cell_height;
    struct fb_cell *cells; /* what should be there */
    struct fb_cell *drawn; /* what is there */
    uint32_t utf8_code, utf8_left; /* decoder state */
    /* fb_console.c may add private fields below */
    uint64_t private_state[64];
};

/* Bytes, 8-aligned, of cell memory that a console on this area needs. */
size_t fb_console_cell_bytes(const struct framebuffer *fb, struct fb_area area);

/*
 * Clears the area to the background and starts at its top left corner. Glyphs are 8x16, 16x32 on large screens
 * (width >= 2560 or so), doubled beyond that. cell_memory: fb_console_cell_bytes() long, 8-aligned.
 */
void fb_console_init(struct fb_console *console, const struct framebuffer *fb, void *pixels, struct fb_area area,
                     void *cell_memory);

/* The same console, whose framebuffer is now mapped elsewhere. */
void fb_console_move(struct fb_console *console, void *pixels);

/* Colours for what is written from now on, 0xRRGGBB. */
void fb_console_colours(struct fb_console *console, uint32_t foreground, uint32_t background);

/* Clears the area. */
void fb_console_clear(struct fb_console *console);

/* One glyph at a pixel position, scale 1 or 2, in the 8x16 font or 16x32 when `large`: for labels outside the grid. */
void fb_draw_text(const struct framebuffer *fb, void *pixels, uint32_t x, uint32_t y, const char *utf8, uint32_t foreground,
                  uint32_t background, unsigned scale);
void fb_fill(const struct framebuffer *fb, void *pixels, struct fb_area area, uint32_t rgb);

#endif
