#include "memory_picture.h"

#include "format.h"
#include "memory_blocks.h"
#include "picture_layout.h"

#define TITLE_COLOUR 0xE5E9F0
#define TEXT_COLOUR 0xA9B2C0
#define DIM_COLOUR 0x667080
#define LINE_COLOUR 0x2A313B
#define HOLE_COLOUR 0x1C2229
#define FREE_COLOUR 0x35796B

#define TEXT_MAX 64 /* bytes in any text of the picture */

/* What everything here draws with. */
struct picture {
    const struct framebuffer *fb;
    void *pixels;
    const struct region_map *map;
    struct pmm *pmm; /* may be NULL, as cpu */
    struct pmm_cpu *cpu;
    struct picture_layout layout;
};

uint32_t memory_picture_colour(enum region_type type)
{
    static const uint32_t colours[REGION_TYPES] = {
        [REGION_USABLE] = FREE_COLOUR,
        [REGION_BOOTLOADER_RECLAIMABLE] = 0x8FBF6A,
        [REGION_ACPI_RECLAIMABLE] = 0x6C9BD2,
        [REGION_PERSISTENT] = 0x3F68C4,
        [REGION_UNACCEPTED] = 0x7A7345,
        [REGION_ACPI_NVS] = 0xB48EAD,
        [REGION_RUNTIME_SERVICES] = 0xD9774E,
        [REGION_MMIO] = 0x8A63D2,
        [REGION_UNKNOWN] = 0xD8DEE9,
        [REGION_RESERVED] = 0x596373,
        [REGION_RESERVED_MAPPED] = 0xA3724F,
        [REGION_EXECUTABLE_AND_MODULES] = 0x7FD5E6,
        [REGION_FRAMEBUFFER] = 0xDD6FB8,
        [REGION_BAD_MEMORY] = 0xE03C3C,
    };

    return type < REGION_TYPES ? colours[type] : colours[REGION_UNKNOWN];
}

static uint32_t kind_colour(unsigned kind)
{
    if (kind == BLOCK_FREE)
        return FREE_COLOUR;
    return kind == BLOCK_ALLOCATED ? MEMORY_PICTURE_ALLOCATED : memory_picture_colour(block_kind_type(kind));
}

static void fill(const struct picture *picture, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
                 uint32_t colour)
{
    fb_fill(picture->fb, picture->pixels, (struct fb_area){ x, y, width, height }, colour);
}

/* Text on the picture's background; nothing if its line does not fit into the picture. */
static uint32_t text(const struct picture *picture, uint32_t x, uint32_t y, const char *utf8, uint32_t colour)
{
    const struct picture_layout *layout = &picture->layout;

    if (y + layout->cell_height > layout->area.y + layout->area.height)
        return x;
    return fb_draw_text(picture->fb, picture->pixels, x, y, utf8, colour, MEMORY_PICTURE_BACKGROUND, layout->scale);
}

/* The same, ending before `right`. */
static void text_right(const struct picture *picture, uint32_t right, uint32_t y, const char *utf8, uint32_t colour)
{
    text(picture, picture_less(right, fb_text_cells(utf8) * picture->layout.cell_width), y, utf8, colour);
}

/* `part` of `whole` of the way from one colour to the other. */
static uint32_t mix(uint32_t from, uint32_t to, uint64_t part, uint64_t whole)
{
    uint32_t mixed = 0;

    for (unsigned shift = 0; shift < 24; shift += 8) {
        const uint64_t a = from >> shift & 0xFF, b = to >> shift & 0xFF;

        mixed |= (uint32_t)((a * (whole - part) + b * part) / whole) << shift;
    }
    return mixed;
}

/* Usable memory by how much of it is allocated. Even a single allocated frame must show. */
static uint32_t usable_colour(uint64_t n_free, uint64_t n_allocated)
{
    const uint64_t whole = 256;
    const uint64_t least = whole / 3;
    /* Divided first: bytes times 256 could overflow. */
    const uint64_t share = n_allocated / ((n_free + n_allocated) / whole + 1);

    if (!n_allocated)
        return FREE_COLOUR;
    if (!n_free)
        return MEMORY_PICTURE_ALLOCATED;
    return mix(FREE_COLOUR, MEMORY_PICTURE_ALLOCATED, share > least ? share : least, whole);
}

static void draw_cut_mark(const struct picture *picture, uint32_t x, uint32_t y)
{
    const struct picture_layout *layout = &picture->layout;
    const uint32_t size = layout->square_px;
    const uint32_t inset = size / 3;

    fill(picture, x + inset, y + inset, size - 2 * inset, size - 2 * inset, TITLE_COLOUR);
}

/* A square has the colour of what there is most of; anything else in it, however little, shows in a corner. */
static void draw_square(const struct picture *picture, uint32_t x, uint32_t y, const struct memory_block *block)
{
    const uint64_t *bytes = block->bytes.of;
    const uint32_t size = picture->layout.square_px;
    const uint64_t usable = bytes[BLOCK_FREE] + bytes[BLOCK_ALLOCATED];
    uint32_t colour = usable ? usable_colour(bytes[BLOCK_FREE], bytes[BLOCK_ALLOCATED]) : HOLE_COLOUR;
    uint64_t most = usable;
    unsigned main_kind = BLOCK_FREE, other_kind = BLOCK_FREE;

    for (unsigned kind = BLOCK_ALLOCATED + 1; kind < BLOCK_KINDS; kind++)
        if (bytes[kind] > most) {
            most = bytes[kind];
            main_kind = kind;
            colour = kind_colour(kind);
        }
    for (unsigned kind = BLOCK_ALLOCATED + 1; kind < BLOCK_KINDS; kind++)
        if (bytes[kind] && kind != main_kind)
            other_kind = kind; /* of several the one that wins conflicts: they are in that order */
    fill(picture, x, y, size, size, colour);
    if (other_kind != BLOCK_FREE)
        fill(picture, x + size - size / 2, y + size - size / 2, size / 2, size / 2, kind_colour(other_kind));
    if (block->cut)
        draw_cut_mark(picture, x, y);
}

/* Beside the middle of its row of squares, if those are lower than text. */
static void draw_address(const struct picture *picture, uint32_t row_y, uint64_t address)
{
    const struct picture_layout *layout = &picture->layout;
    char address_text[TEXT_MAX];
    size_t length;
    const struct buffer_sink sink = buffer_sink(address_text, sizeof(address_text), &length);

    print_hex(&sink.sink, address);
    text_right(picture, layout->grid.x - layout->cell_width, row_y + layout->side / 2 - layout->cell_height / 2,
               address_text, DIM_COLOUR);
}

/* Returns whether any stretch of addresses was cut short. */
static bool draw_squares(const struct picture *picture)
{
    const struct picture_layout *layout = &picture->layout;
    struct block_walk walk;
    struct memory_block block;
    uint32_t column = 0, y = layout->grid.y, label_y = y;
    bool any_cut = false;

    if (!layout->side)
        return false;
    block_walk_start(&walk, picture->map, picture->pmm, picture->cpu, layout->block_shift);
    while (block_walk_next(&walk, &block)) {
        if (column == layout->columns) {
            column = 0;
            y += layout->side;
        }
        if (column == 0 && y >= label_y) {
            draw_address(picture, y, block.start);
            label_y = y + layout->cell_height;
        }
        draw_square(picture, layout->grid.x + picture_column_x(layout, column), y, &block);
        any_cut = any_cut || block.cut;
        column++;
    }
    return any_cut;
}

static void draw_title(const struct picture *picture, bool any_cut)
{
    const struct picture_layout *layout = &picture->layout;
    char title[TEXT_MAX];
    size_t length;
    struct buffer_sink sink = buffer_sink(title, sizeof(title), &length);
    const uint32_t y = layout->area.y + layout->margin;
    uint32_t x;

    if (layout->area.height < layout->margin + layout->cell_height)
        return;
    print_format(&sink.sink, "Physical memory: %lS", picture->map->total_bytes);
    x = text(picture, layout->margin, y, title, TITLE_COLOUR);
    if (!layout->side)
        return;
    sink = buffer_sink(title, sizeof(title), &length);
    print_format(&sink.sink, "one square is %lS", (uint64_t)1 << layout->block_shift);
    x = text(picture, x + 2 * layout->cell_width, y, title, TEXT_COLOUR) + 2 * layout->cell_width;
    if (!any_cut)
        return;

    const uint32_t size = layout->square_px;
    const uint32_t square_y = y + picture_less(layout->cell_height, size) / 2;

    fill(picture, x, square_y, size, size, HOLE_COLOUR);
    draw_cut_mark(picture, x, square_y);
    text(picture, x + size + layout->cell_width, y, "long stretch cut short", TEXT_COLOUR);
}

static void draw_legend_line(const struct picture *picture, uint32_t y, const char *name, uint64_t bytes,
                             uint32_t colour)
{
    const struct picture_layout *layout = &picture->layout;
    const uint32_t swatch = layout->cell_width + layout->cell_width / 4;
    char size[TEXT_MAX];
    size_t length;
    const struct buffer_sink sink = buffer_sink(size, sizeof(size), &length);

    print_size(&sink.sink, bytes);
    fill(picture, layout->legend_x, y + (layout->cell_height - swatch) / 2, swatch, swatch, colour);
    text(picture, layout->legend_x + LEGEND_SWATCH_CELLS * layout->cell_width, y, name, TEXT_COLOUR);
    text_right(picture, layout->legend_x + LEGEND_CELLS * layout->cell_width, y, size, TITLE_COLOUR);
}

static const char *kind_name(unsigned kind, bool have_frames)
{
    if (kind == BLOCK_FREE)
        return have_frames ? "USABLE, free" : "USABLE";
    return kind == BLOCK_ALLOCATED ? "USABLE, allocated" : region_type_name(block_kind_type(kind));
}

/* Bytes of this kind and all that come after it. */
static uint64_t sum_from(const struct block_bytes *bytes, unsigned first_kind)
{
    uint64_t sum = 0;

    for (unsigned kind = first_kind; kind < BLOCK_KINDS; kind++)
        sum += bytes->of[kind];
    return sum;
}

/* A line for each kind there is; if they are too many, the last line is for the rest. */
static void draw_legend(const struct picture *picture)
{
    const struct picture_layout *layout = &picture->layout;
    const struct block_bytes totals = block_totals(picture->map, picture->pmm, picture->cpu);
    uint32_t lines = layout->grid.height / layout->cell_height;
    uint32_t y = layout->grid.y;
    unsigned n_kinds = 0;

    for (unsigned kind = 0; kind < BLOCK_KINDS; kind++)
        n_kinds += totals.of[kind] != 0;
    for (unsigned kind = 0; kind < BLOCK_KINDS && lines; kind++) {
        if (!totals.of[kind])
            continue;
        if (lines == 1 && n_kinds > 1) {
            draw_legend_line(picture, y, "others", sum_from(&totals, kind), MEMORY_PICTURE_BACKGROUND);
            return;
        }
        draw_legend_line(picture, y, kind_name(kind, picture->pmm), totals.of[kind], kind_colour(kind));
        y += layout->cell_height;
        lines--;
        n_kinds--;
    }
}

void memory_picture_draw_area(const struct framebuffer *fb, void *pixels, struct fb_area area,
                              const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu)
{
    const struct picture picture = { fb, pixels, map, pmm, cpu, picture_lay_out(fb, area, map) };

    fb_fill(fb, pixels, area, MEMORY_PICTURE_BACKGROUND);
    fill(&picture, area.x, area.y, area.width, picture.layout.scale, LINE_COLOUR);
    draw_title(&picture, draw_squares(&picture));
    draw_legend(&picture);
}

void memory_picture_draw(const struct framebuffer *fb, void *pixels, const struct region_map *map, struct pmm *pmm,
                         struct pmm_cpu *cpu)
{
    memory_picture_draw_area(fb, pixels, memory_picture_area(fb), map, pmm, cpu);
}
