#include "memory_picture.h"

#include "format.h"
#include "memory_blocks.h"

#define TITLE_COLOUR 0xE5E9F0
#define TEXT_COLOUR 0xA9B2C0
#define DIM_COLOUR 0x667080
#define LINE_COLOUR 0x2A313B
#define HOLE_COLOUR 0x1C2229
#define FREE_COLOUR 0x35796B

/* Lengths in pixels at scale 1. */
#define MARGIN 8
#define LINE 1
#define SIDE_MIN 8 /* of a square, with the gap behind it */
#define SIDE_MAX 24
#define GAP 1

#define CONSOLE_PERCENT 65 /* of the screen's height, at most, rounded down to whole rows of text */
#define COLUMNS_STEP 4     /* so that rows of squares begin at rounder addresses */
#define ADDRESS_CELLS 14   /* 0x and 13 digits make 52 bits, less than one that no machine has, and a blank */
#define LEGEND_NAME_CELLS 22
#define LEGEND_SIZE_CELLS 8
#define LEGEND_SWATCH_CELLS 2
#define LEGEND_CELLS (LEGEND_SWATCH_CELLS + LEGEND_NAME_CELLS + LEGEND_SIZE_CELLS)
#define TEXT_MAX 64

struct layout {
    const struct framebuffer *fb;
    void *pixels;
    struct fb_area area; /* all of the picture */
    unsigned scale;
    uint32_t margin, cell_width, cell_height; /* of text, px */
    struct fb_area grid; /* room for the squares, labels not included */
    uint32_t legend_x;
    uint32_t side;       /* of a square and its gap, px; 0: there is no room or no memory */
    uint32_t columns;    /* squares in a row */
    unsigned block_shift; /* log2 of the bytes in a square */
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

/* ---- where things go ---- */

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

static uint32_t less(uint32_t a, uint32_t b)
{
    return a > b ? a - b : 0;
}

/* Squares that fit into a row of the grid. */
static uint32_t columns_for(const struct layout *layout, uint32_t side)
{
    const uint32_t columns = layout->grid.width / side;

    return columns > COLUMNS_STEP ? columns - columns % COLUMNS_STEP : columns;
}

/* Chooses the least memory in a square for which squares of a readable size fit, and then the largest such squares. */
static void choose_squares(struct layout *layout, const struct region_map *map)
{
    const uint32_t side_min = SIDE_MIN * layout->scale;
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
}

static struct layout lay_out(const struct framebuffer *fb, void *pixels, const struct region_map *map)
{
    struct layout layout = { .fb = fb, .pixels = pixels, .area = memory_picture_area(fb), .scale = fb_text_scale(fb) };
    const uint32_t bottom = layout.area.y + layout.area.height;

    layout.margin = MARGIN * layout.scale;
    layout.cell_width = FB_CELL_WIDTH * layout.scale;
    layout.cell_height = FB_CELL_HEIGHT * layout.scale;
    layout.legend_x = less(layout.area.width, layout.margin + LEGEND_CELLS * layout.cell_width);
    layout.grid.x = layout.margin + ADDRESS_CELLS * layout.cell_width;
    layout.grid.y = layout.area.y + 2 * layout.margin + layout.cell_height;
    layout.grid.width = less(layout.legend_x, layout.grid.x + 2 * layout.margin);
    layout.grid.height = less(bottom, layout.grid.y + layout.margin);
    choose_squares(&layout, map);
    return layout;
}

/* ---- drawing ---- */

static void fill(const struct layout *layout, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t colour)
{
    fb_fill(layout->fb, layout->pixels, (struct fb_area){ x, y, width, height }, colour);
}

/* Text on the picture's background; nothing if its line does not fit into the picture. */
static uint32_t text(const struct layout *layout, uint32_t x, uint32_t y, const char *utf8, uint32_t colour)
{
    if (y + layout->cell_height > layout->area.y + layout->area.height)
        return x;
    return fb_draw_text(layout->fb, layout->pixels, x, y, utf8, colour, MEMORY_PICTURE_BACKGROUND, layout->scale);
}

/* The same, ending before `right`. */
static void text_right(const struct layout *layout, uint32_t right, uint32_t y, const char *utf8, uint32_t colour)
{
    text(layout, less(right, fb_text_cells(utf8) * layout->cell_width), y, utf8, colour);
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
    const uint64_t least = whole / 4;
    /* Divided first: bytes times 256 could overflow. */
    const uint64_t share = n_allocated / ((n_free + n_allocated) / whole + 1);

    if (!n_allocated)
        return FREE_COLOUR;
    if (!n_free)
        return MEMORY_PICTURE_ALLOCATED;
    return mix(FREE_COLOUR, MEMORY_PICTURE_ALLOCATED, share > least ? share : least, whole);
}

/* A square has the colour of what there is most of; anything else in it, however little, shows in a corner. */
static void draw_square(const struct layout *layout, uint32_t x, uint32_t y, const struct memory_block *block)
{
    const uint64_t *bytes = block->bytes.of;
    const uint32_t size = layout->side - GAP * layout->scale;
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
    fill(layout, x, y, size, size, colour);
    if (other_kind != BLOCK_FREE)
        fill(layout, x + size - size / 2, y + size - size / 2, size / 2, size / 2, kind_colour(other_kind));
    if (block->cut)
        fill(layout, x + size / 3, y + size / 3, size - 2 * (size / 3), size - 2 * (size / 3), TITLE_COLOUR);
}

static void draw_address(const struct layout *layout, uint32_t row_y, uint64_t address)
{
    char address_text[TEXT_MAX];
    size_t length;
    const struct buffer_sink sink = buffer_sink(address_text, sizeof(address_text), &length);

    print_hex(&sink.sink, address);
    text_right(layout, less(layout->grid.x, layout->cell_width), row_y, address_text, DIM_COLOUR);
}

static void draw_squares(const struct layout *layout, const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu)
{
    struct block_walk walk;
    struct memory_block block;
    uint32_t column = 0, y = layout->grid.y, label_y = y;

    if (!layout->side)
        return;
    block_walk_start(&walk, map, pmm, cpu, layout->block_shift);
    while (block_walk_next(&walk, &block)) {
        if (column == layout->columns) {
            column = 0;
            y += layout->side;
        }
        if (column == 0 && y >= label_y) {
            draw_address(layout, y, block.start);
            label_y = y + layout->cell_height;
        }
        draw_square(layout, layout->grid.x + column * layout->side, y, &block);
        column++;
    }
}

static void draw_title(const struct layout *layout, const struct region_map *map)
{
    char title[TEXT_MAX];
    size_t length;
    struct buffer_sink sink = buffer_sink(title, sizeof(title), &length);
    const uint32_t y = layout->area.y + layout->margin;
    uint32_t x;

    print_format(&sink.sink, "Physical memory: %lS", map->total_bytes);
    x = text(layout, layout->margin, y, title, TITLE_COLOUR);
    if (!layout->side)
        return;
    sink = buffer_sink(title, sizeof(title), &length);
    print_format(&sink.sink, "one square is %lS", (uint64_t)1 << layout->block_shift);
    text(layout, x + 2 * layout->cell_width, y, title, TEXT_COLOUR);
}

static void draw_legend_line(const struct layout *layout, uint32_t y, const char *name, uint64_t bytes, uint32_t colour)
{
    const uint32_t swatch = layout->cell_width + layout->cell_width / 4;
    char size[TEXT_MAX];
    size_t length;
    const struct buffer_sink sink = buffer_sink(size, sizeof(size), &length);

    if (y + layout->cell_height > layout->area.y + layout->area.height)
        return;
    print_size(&sink.sink, bytes);
    fill(layout, layout->legend_x, y + (layout->cell_height - swatch) / 2, swatch, swatch, colour);
    text(layout, layout->legend_x + LEGEND_SWATCH_CELLS * layout->cell_width, y, name, TEXT_COLOUR);
    text_right(layout, layout->legend_x + LEGEND_CELLS * layout->cell_width, y, size, TITLE_COLOUR);
}

static const char *kind_name(unsigned kind, bool have_frames)
{
    if (kind == BLOCK_FREE)
        return have_frames ? "USABLE, free" : "USABLE";
    return kind == BLOCK_ALLOCATED ? "USABLE, allocated" : region_type_name(block_kind_type(kind));
}

static void draw_legend(const struct layout *layout, const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu)
{
    const struct block_bytes totals = block_totals(map, pmm, cpu);
    uint32_t y = layout->grid.y;

    for (unsigned kind = 0; kind < BLOCK_KINDS; kind++) {
        if (!totals.of[kind])
            continue;
        draw_legend_line(layout, y, kind_name(kind, pmm), totals.of[kind], kind_colour(kind));
        y += layout->cell_height;
    }
}

void memory_picture_draw(const struct framebuffer *fb, void *pixels, const struct region_map *map, struct pmm *pmm,
                         struct pmm_cpu *cpu)
{
    const struct layout layout = lay_out(fb, pixels, map);

    fb_fill(fb, pixels, layout.area, MEMORY_PICTURE_BACKGROUND);
    fill(&layout, 0, layout.area.y, layout.area.width, LINE * layout.scale, LINE_COLOUR);
    draw_title(&layout, map);
    draw_squares(&layout, map, pmm, cpu);
    draw_legend(&layout, map, pmm, cpu);
}
