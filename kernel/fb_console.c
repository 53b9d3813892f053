#include "fb_console.h"

#include "compiler.h"
#include "fb_render.h"
#include "glyph.h"

/* Rows of cells: the ring of lines starts with the one that is on top of the screen. */
static fb_cell_t *line_of_row(struct fb_console *console, uint32_t row)
{
    uint32_t line = console->top_line + row;

    if (line >= console->rows)
        line -= console->rows;
    return console->lines + (size_t)line * console->columns;
}

static void blank(fb_cell_t *cells, size_t count, uint64_t colours)
{
    const fb_cell_t space = make_cell(colours, glyph_of_code(' '));

    for (size_t i = 0; i < count; i++)
        cells[i] = space;
}

static void mark_stale(struct fb_console *console, uint32_t first, uint32_t end)
{
    if (console->stale_first == console->stale_end) {
        console->stale_first = first;
        console->stale_end = end;
        return;
    }
    if (first < console->stale_first)
        console->stale_first = first;
    if (end > console->stale_end)
        console->stale_end = end;
}

static void render(struct fb_console *console)
{
    for (uint32_t row = console->stale_first; row < console->stale_end; row++)
        fb_render_row(console, row, line_of_row(console, row));
    console->stale_first = console->stale_end = 0;
}

static void next_line(struct fb_console *console)
{
    console->column = 0;
    if (console->row + 1 < console->rows) {
        console->row++;
        return;
    }
    console->top_line = console->top_line + 1 < console->rows ? console->top_line + 1 : 0;
    blank(line_of_row(console, console->row), console->columns, console->colours);
    mark_stale(console, 0, console->rows);
}

static void put_code(struct fb_console *console, uint32_t code)
{
    switch (code) {
    case '\n':
        next_line(console);
        return;
    case '\r':
        console->column = 0;
        return;
    case '\t':
        console->column = (console->column / FB_CONSOLE_TAB + 1) * FB_CONSOLE_TAB;
        if (console->column > console->columns)
            console->column = console->columns;
        return;
    default:
        break;
    }
    if (console->column >= console->columns)
        next_line(console);
    line_of_row(console, console->row)[console->column++] = make_cell(console->colours, glyph_of_code(code));
    mark_stale(console, console->row, console->row + 1);
}

static void write_text(const struct sink *sink, const char *text, size_t bytes)
{
    struct fb_console *console = CONTAINER_OF(sink, struct fb_console, sink);

    if (!console->columns || !console->rows)
        return;
    for (size_t i = 0; i < bytes; i++) {
        uint32_t codes[UTF8_CODES_MAX];
        const unsigned n_codes = utf8_decode(&console->utf8, (uint8_t)text[i], codes);

        for (unsigned k = 0; k < n_codes; k++)
            put_code(console, codes[k]);
    }
    render(console);
}

/* How many cells fit, in *ret_columns and *ret_rows; returns their rectangle, in the middle of the area. */
static struct fb_area place_grid(const struct framebuffer *fb, struct fb_area area, uint32_t *ret_columns,
                                 uint32_t *ret_rows)
{
    const unsigned scale = fb_text_scale(fb);
    const uint32_t columns = area.width / (FB_CELL_WIDTH * scale);
    const uint32_t rows = area.height / (FB_CELL_HEIGHT * scale);
    const uint32_t width = columns * FB_CELL_WIDTH * scale;
    const uint32_t height = rows * FB_CELL_HEIGHT * scale;

    *ret_columns = columns;
    *ret_rows = rows;
    return (struct fb_area){ area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height };
}

size_t fb_console_cell_bytes(const struct framebuffer *fb, struct fb_area area)
{
    uint32_t columns, rows;

    place_grid(fb, fb_clip(fb, area), &columns, &rows);
    return 2 * sizeof(fb_cell_t) * columns * rows; /* lines and drawn */
}

void fb_console_init(struct fb_console *console, const struct framebuffer *fb, void *pixels, struct fb_area area,
                     void *cell_memory)
{
    *console = (struct fb_console){
        .sink = { write_text },
        .fb = *fb,
        .pixels = pixels,
        .area = fb_clip(fb, area),
        .scale = fb_text_scale(fb),
        .colours = make_colours(FB_CONSOLE_FOREGROUND, FB_CONSOLE_BACKGROUND),
    };
    console->grid = place_grid(fb, console->area, &console->columns, &console->rows);
    console->lines = cell_memory;
    console->drawn = console->lines + (size_t)console->columns * console->rows;
    fb_console_clear(console);
}

void fb_console_move(struct fb_console *console, void *pixels)
{
    console->pixels = pixels;
}

void fb_console_colours(struct fb_console *console, uint32_t foreground, uint32_t background)
{
    console->colours = make_colours(foreground, background);
}

void fb_console_clear(struct fb_console *console)
{
    const size_t n_cells = (size_t)console->columns * console->rows;

    fb_fill(&console->fb, console->pixels, console->area, colours_background(console->colours));
    blank(console->lines, n_cells, console->colours);
    blank(console->drawn, n_cells, console->colours);
    console->top_line = console->column = console->row = 0;
    console->stale_first = console->stale_end = 0;
    console->utf8 = (struct utf8_decoder){ 0 };
}
