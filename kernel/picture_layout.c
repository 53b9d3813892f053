#include "picture_layout.h"

#include "format.h"
#include "memory_blocks.h"
#include "memory_picture.h"

/* Lengths in pixels at scale 1. */
#define MARGIN 8
#define SIDE_MIN 8 /* of a square, with the gap behind it */
#define SIDE_MAX 24
#define GAP 1
#define GROUP_GAP 3

#define SQUARES_ACROSS_MAX 160 /* on the width of the screen: more would be too small to look at */
#define GROUP_COLUMNS 8    /* squares that stand together, and a little apart from the next */
#define CONSOLE_PERCENT 66 /* of the screen's height, at most, rounded down to whole rows of text */
#define ADDRESS_MAX 32     /* room for an address as text */

struct fb_area memory_picture_console_area(const struct framebuffer *fb)
{
    const uint32_t margin = MARGIN * fb_text_scale(fb);
    const uint32_t row = FB_CELL_HEIGHT * fb_text_scale(fb);
    const uint32_t height = (uint32_t)((uint64_t)fb->height_px * CONSOLE_PERCENT / 100);

    if (fb->width_px <= 2 * margin || height < margin + row)
        return (struct fb_area){ 0, 0, fb->width_px, height };
    return (struct fb_area){ margin, margin, fb->width_px - 2 * margin, (height - margin) / row * row };
}

struct fb_area memory_picture_area(const struct framebuffer *fb)
{
    const struct fb_area console = memory_picture_console_area(fb);
    const uint32_t top = console.y + console.height;

    return (struct fb_area){ 0, top, fb->width_px, fb->height_px - top };
}

static uint32_t column_x(const struct picture_layout *layout, uint32_t side, uint32_t column)
{
    return column * side + column / GROUP_COLUMNS * (GROUP_GAP * layout->scale);
}

uint32_t picture_column_x(const struct picture_layout *layout, uint32_t column)
{
    return column_x(layout, layout->side, column);
}

/* Squares that fit into a row of the grid: whole groups, so that rows begin at round addresses. */
static uint32_t columns_for(const struct picture_layout *layout, uint32_t side)
{
    return layout->grid.width / column_x(layout, side, GROUP_COLUMNS) * GROUP_COLUMNS;
}

/* Chooses the least memory in a square for which squares of a readable size fit, and then the largest such squares. */
static void choose_squares(struct picture_layout *layout, const struct region_map *map)
{
    const uint32_t side_wide = layout->area.width / SQUARES_ACROSS_MAX;
    const uint32_t side_min = side_wide > SIDE_MIN * layout->scale ? side_wide : SIDE_MIN * layout->scale;
    const uint64_t room = (uint64_t)columns_for(layout, side_min) * (layout->grid.height / side_min);
    uint64_t count = 0;

    if (!map->n_regions || !room)
        return;
    for (layout->block_shift = PAGE_SHIFT; layout->block_shift < PHYS_BITS_MAX; layout->block_shift++) {
        count = block_count(map, layout->block_shift);
        if (count <= room)
            break;
    }
    if (count > room)
        return;
    layout->side = side_min;
    for (uint32_t side = side_min; side <= SIDE_MAX * layout->scale; side++)
        if ((uint64_t)columns_for(layout, side) * (layout->grid.height / side) >= count)
            layout->side = side;
    layout->columns = columns_for(layout, layout->side);
    layout->square_px = layout->side - GAP * layout->scale;
}

/* Characters of the longest address in the map. */
static uint32_t address_cells(const struct region_map *map)
{
    const uint64_t last = map->n_regions ? map->regions[map->n_regions - 1].end.value - 1 : 0;
    char text[ADDRESS_MAX];
    size_t length;
    const struct buffer_sink sink = buffer_sink(text, sizeof(text), &length);

    print_hex(&sink.sink, last);
    return (uint32_t)length;
}

struct picture_layout picture_lay_out(const struct framebuffer *fb, struct fb_area area, const struct region_map *map)
{
    struct picture_layout layout = { .area = area, .scale = fb_text_scale(fb) };
    const uint32_t bottom = layout.area.y + layout.area.height;

    layout.margin = MARGIN * layout.scale;
    layout.cell_width = FB_CELL_WIDTH * layout.scale;
    layout.cell_height = FB_CELL_HEIGHT * layout.scale;
    layout.legend_x = picture_less(layout.area.width, layout.margin + LEGEND_CELLS * layout.cell_width);
    layout.grid.x = layout.margin + (address_cells(map) + 1) * layout.cell_width;
    layout.grid.y = layout.area.y + 2 * layout.margin + layout.cell_height;
    layout.grid.width = picture_less(layout.legend_x, layout.grid.x + 2 * layout.margin);
    layout.grid.height = picture_less(bottom, layout.grid.y + layout.margin);
    choose_squares(&layout, map);
    return layout;
}
