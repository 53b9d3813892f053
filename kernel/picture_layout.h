/* Where the parts of the memory picture go. Private to the picture. */
#ifndef PICTURE_LAYOUT_H
#define PICTURE_LAYOUT_H

#include "fb_draw.h"
#include "mem_region.h"

/* Characters of a line of the legend. */
#define LEGEND_SWATCH_CELLS 2
#define LEGEND_NAME_CELLS 22
#define LEGEND_SIZE_CELLS 8
#define LEGEND_CELLS (LEGEND_SWATCH_CELLS + LEGEND_NAME_CELLS + LEGEND_SIZE_CELLS)

struct picture_layout {
    struct fb_area area; /* all of the picture */
    unsigned scale;
    uint32_t margin, cell_width, cell_height; /* of text, px */
    struct fb_area grid;  /* room for the squares; the addresses stand to its left */
    uint32_t legend_x;
    uint32_t side;        /* of a square and the gap behind it, px; 0: there is no room, or no memory */
    uint32_t square_px;   /* of the square alone */
    uint32_t columns;     /* squares in a row */
    unsigned block_shift; /* log2 of the bytes in a square */
};

/* area: as wide as the framebuffer. */
struct picture_layout picture_lay_out(const struct framebuffer *fb, struct fb_area area, const struct region_map *map);

/* How far the column's squares are from the left of the grid, px. */
uint32_t picture_column_x(const struct picture_layout *layout, uint32_t column);

/* a - b, or 0: on tiny screens parts may have no room at all. */
static inline uint32_t picture_less(uint32_t a, uint32_t b) { return a > b ? a - b : 0; }

#endif
