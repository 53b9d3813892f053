/*
 * Text on a framebuffer: a grid of cells in a real console font, UTF-8, line wrap, scrolling.
 *
 * What is on the screen is remembered as cells in RAM; the framebuffer is only ever written, because reading it is
 * slow. Only cells that changed are drawn, once at the end of each write. Pure: draws into memory it is given.
 *
 * Where the cells are, for who wants to read them off the screen:
 *   scale    fb_text_scale(fb): 1, 2 or 4 by the screen's width (below 2560, below 5120, beyond)
 *   cell     8 x 16 pixels times the scale: glyphs of Spleen 8x16, 16x32, 16x32 with every pixel doubled
 *   columns  area width / cell width; rows = area height / cell height, rounded down
 *   grid     starts at x = area.x + (area.width - columns * cell width) / 2,
 *                      y = area.y + (area.height - rows * cell height) / 2
 *   colours  FB_CONSOLE_FOREGROUND on FB_CONSOLE_BACKGROUND until fb_console_colours()
 * Whatever of the area lies outside the grid is background.
 *
 * What is written:
 *   \n  start of the next line; from the last line, everything scrolls up by one
 *   \r  start of this line
 *   \t  next column that is a multiple of 8, or behind the last column
 *   any other control character, ill-formed UTF-8 and what the font lacks: U+FFFD
 * A character behind the last column goes to the start of the next line; so a line of exactly `columns` characters and
 * a newline leave no empty line.
 *
 * Context: one caller at a time. An exception handler may write in the middle of another write; text may suffer then.
 */
#ifndef FB_CONSOLE_H
#define FB_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "fb_draw.h"
#include "format.h"
#include "framebuffer.h"
#include "utf8.h"

#define FB_CONSOLE_FOREGROUND 0xD8DEE9
#define FB_CONSOLE_BACKGROUND 0x101418
#define FB_CONSOLE_TAB 8

/* A character and its colours: glyph in bits 0-15, background in 16-39, foreground in 40-63. One compare tells all. */
typedef uint64_t fb_cell_t;

/* Four pixels for each pattern of four bits: how 32-bit pixels are drawn, two stores for four of them. */
struct fb_expansion {
    uint64_t colours; /* of a cell, which the table is for; all zeroed: black on black */
    uint64_t pairs[16][2];
};

struct fb_console {
    struct sink sink; /* register this */
    struct framebuffer fb;
    void *pixels;        /* where fb.memory is mapped */
    struct fb_area area; /* clipped to the screen */
    struct fb_area grid; /* the cells, within the area */
    unsigned scale;
    uint32_t columns, rows; /* either may be 0: then nothing is ever drawn */
    uint32_t column, row;   /* where the next character goes; column == columns: it will wrap */

    /* Private to fb_console.c and fb_render.c. */
    uint32_t top_line;               /* of `lines`, a ring: the one shown in row 0 */
    uint32_t stale_first, stale_end; /* rows [first, end) that may differ from the screen */
    uint64_t colours;                /* of a cell, for what is written from now on */
    fb_cell_t *lines;                /* what should be shown */
    fb_cell_t *drawn;                /* what is shown */
    struct utf8_decoder utf8;
    struct fb_expansion expansion;
};

/* Bytes of cell memory that a console on this area needs. */
size_t fb_console_cell_bytes(const struct framebuffer *fb, struct fb_area area);

/*
 * Clears the area to the background and starts at its top left corner.
 * pixels       where fb->memory is mapped, writable. *fb is copied.
 * cell_memory  fb_console_cell_bytes() long, 8-aligned, contents arbitrary; the console's from now on.
 */
void fb_console_init(struct fb_console *console, const struct framebuffer *fb, void *pixels, struct fb_area area,
                     void *cell_memory);

/* The same console, whose framebuffer is now mapped elsewhere. */
void fb_console_move(struct fb_console *console, void *pixels);

/* Colours for what is written from now on, 0xRRGGBB. */
void fb_console_colours(struct fb_console *console, uint32_t foreground, uint32_t background);

/* Clears the area to the background and goes to its top left corner. */
void fb_console_clear(struct fb_console *console);

#endif
