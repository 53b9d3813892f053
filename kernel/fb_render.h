/* From cells to pixels: the part of the console that knows the framebuffer. Private to fb_console.c. */
#ifndef FB_RENDER_H
#define FB_RENDER_H

#include "fb_console.h"

#define CELL_GLYPH_BITS 16
#define CELL_COLOUR_BITS 24

static inline uint16_t cell_glyph(fb_cell_t cell) { return (uint16_t)cell; }
static inline uint64_t cell_colours(fb_cell_t cell) { return cell >> CELL_GLYPH_BITS; }

static inline fb_cell_t make_cell(uint64_t colours, uint16_t glyph) { return colours << CELL_GLYPH_BITS | glyph; }

static inline uint64_t make_colours(uint32_t foreground, uint32_t background)
{
    const uint32_t mask = (1u << CELL_COLOUR_BITS) - 1;

    return (uint64_t)(foreground & mask) << CELL_COLOUR_BITS | (background & mask);
}

static inline uint32_t colours_background(uint64_t colours) { return colours & ((1u << CELL_COLOUR_BITS) - 1); }
static inline uint32_t colours_foreground(uint64_t colours) { return (uint32_t)(colours >> CELL_COLOUR_BITS); }

/* Draws what differs between wanted[] and console->drawn in one row of the grid, and notes it as drawn. */
void fb_render_row(struct fb_console *console, uint32_t row, const fb_cell_t *wanted);

#endif
