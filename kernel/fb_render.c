#include "fb_render.h"

#include "compiler.h"
#include "font.h"
#include "glyph.h"

/*
 * Cells of one row and one pair of colours that are drawn together, pixel row by pixel row: so the writes go through
 * memory in ascending order, which a write-combining framebuffer turns into whole bursts.
 */
#define BATCH_CELLS 64

struct batch {
    uint32_t n_cells;
    uint64_t colours;
    uint8_t *at[BATCH_CELLS];         /* each cell's top left pixel */
    const uint8_t *rows[BATCH_CELLS]; /* each cell's glyph */

    /* Which bits of any cell change, as glyph rows: a pixel row where none does (most glyphs begin and end with empty
     * ones) is not drawn again. */
    uint64_t changes[FONT_LARGE_GLYPH_BYTES / sizeof(uint64_t)];
};

static void prepare_expansion(struct fb_expansion *expansion, const struct framebuffer *fb, uint64_t colours)
{
    const uint64_t pixels[2] = { framebuffer_pixel(fb, colours_background(colours)),
                                 framebuffer_pixel(fb, colours_foreground(colours)) };

    /* The leftmost pixel is a pattern's highest bit, and the lower half of a little-endian pair. */
    for (unsigned pattern = 0; pattern < ARRAY_LENGTH(expansion->pairs); pattern++) {
        expansion->pairs[pattern][0] = pixels[pattern >> 3 & 1] | pixels[pattern >> 2 & 1] << 32;
        expansion->pairs[pattern][1] = pixels[pattern >> 1 & 1] | pixels[pattern & 1] << 32;
    }
    expansion->colours = colours;
}

static inline void draw_byte(uint8_t *at, const struct fb_expansion *expansion, uint8_t bits)
{
    const uint64_t *left = expansion->pairs[bits >> 4];
    const uint64_t *right = expansion->pairs[bits & 0xF];

    __builtin_memcpy(at, &left[0], sizeof(uint64_t));
    __builtin_memcpy(at + 8, &left[1], sizeof(uint64_t));
    __builtin_memcpy(at + 16, &right[0], sizeof(uint64_t));
    __builtin_memcpy(at + 24, &right[1], sizeof(uint64_t));
}

/* Inlined twice, once for each font, so that row_bytes is a constant in the loops. */
static inline void draw_batch(const struct batch *batch, const struct fb_console *console, unsigned row_bytes)
{
    const uint8_t *changes = (const uint8_t *)batch->changes;
    const unsigned n_rows = FB_CELL_HEIGHT * row_bytes;

    for (unsigned row = 0; row < n_rows; row++) {
        const unsigned first = row * row_bytes;
        const uint64_t offset = (uint64_t)row * console->fb.pitch_bytes;

        if (!changes[first] && !changes[first + row_bytes - 1])
            continue;
        for (uint32_t i = 0; i < batch->n_cells; i++)
            for (unsigned byte = 0; byte < row_bytes; byte++)
                draw_byte(batch->at[i] + offset + byte * 32, &console->expansion, batch->rows[i][first + byte]);
    }
}

static void flush(struct batch *batch, struct fb_console *console)
{
    if (!batch->n_cells)
        return;
    if (console->expansion.colours != batch->colours)
        prepare_expansion(&console->expansion, &console->fb, batch->colours);
    if (glyph_row_bytes(console->scale) == 1)
        draw_batch(batch, console, 1);
    else
        draw_batch(batch, console, 2);
    batch->n_cells = 0;
    __builtin_memset(batch->changes, 0, sizeof(batch->changes));
}

/* Notes which bits of the glyph rows change from one cell to the other. */
static void add_changes(struct batch *batch, fb_cell_t before, const uint8_t *rows, unsigned scale)
{
    const uint8_t *rows_before = glyph_rows(cell_glyph(before), scale);
    const unsigned n_words = FB_CELL_HEIGHT * scale * glyph_row_bytes(scale) / sizeof(uint64_t);
    const bool recoloured = cell_colours(before) != batch->colours;

    for (unsigned i = 0; i < n_words; i++) {
        uint64_t now, then;

        __builtin_memcpy(&now, rows + i * sizeof(now), sizeof(now));
        __builtin_memcpy(&then, rows_before + i * sizeof(then), sizeof(then));
        batch->changes[i] |= recoloured ? UINT64_MAX : now ^ then;
    }
}

/* 32-bit pixels at scale 1 or 2: what nearly every machine has. */
static void render_fast(struct fb_console *console, uint32_t row, const fb_cell_t *wanted, fb_cell_t *drawn)
{
    const uint64_t y = console->grid.y + (uint64_t)row * FB_CELL_HEIGHT * console->scale;
    uint8_t *left = (uint8_t *)console->pixels + y * console->fb.pitch_bytes + (uint64_t)console->grid.x * 4;
    const unsigned cell_bytes = FB_CELL_WIDTH * console->scale * 4;
    struct batch batch;

    batch.n_cells = 0; /* at[] and rows[] need no initial value, and are too large to get one for nothing */
    batch.colours = 0;
    __builtin_memset(batch.changes, 0, sizeof(batch.changes));
    for (uint32_t column = 0; column < console->columns; column++) {
        const fb_cell_t cell = wanted[column];

        if (cell == drawn[column])
            continue;
        if (batch.n_cells == BATCH_CELLS || cell_colours(cell) != batch.colours)
            flush(&batch, console);
        batch.colours = cell_colours(cell);
        batch.at[batch.n_cells] = left + (uint64_t)column * cell_bytes;
        batch.rows[batch.n_cells] = glyph_rows(cell_glyph(cell), console->scale);
        add_changes(&batch, drawn[column], batch.rows[batch.n_cells], console->scale);
        batch.n_cells++;
        drawn[column] = cell;
    }
    flush(&batch, console);
}

static void render_any(struct fb_console *console, uint32_t row, const fb_cell_t *wanted, fb_cell_t *drawn)
{
    const struct framebuffer *fb = &console->fb;

    for (uint32_t column = 0; column < console->columns; column++) {
        const uint64_t colours = cell_colours(wanted[column]);

        if (wanted[column] == drawn[column])
            continue;
        fb_draw_glyph(fb, console->pixels, console->grid.x + column * FB_CELL_WIDTH * console->scale,
                      console->grid.y + row * FB_CELL_HEIGHT * console->scale, cell_glyph(wanted[column]),
                      framebuffer_pixel(fb, colours_foreground(colours)),
                      framebuffer_pixel(fb, colours_background(colours)), console->scale);
        drawn[column] = wanted[column];
    }
}

void fb_render_row(struct fb_console *console, uint32_t row, const fb_cell_t *wanted)
{
    fb_cell_t *drawn = console->drawn + (size_t)row * console->columns;

    if (console->fb.bits_per_pixel == 32 && console->scale <= 2)
        render_fast(console, row, wanted, drawn);
    else
        render_any(console, row, wanted, drawn);
}
