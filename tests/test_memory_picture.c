/* The picture of the memory: what its blocks hold, against a byte per page; and where which colour stands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../kernel/memory_blocks.h"
#include "../kernel/picture_layout.h"
#include "compiler.h"
#include "memory_picture.h"
#include "model_screen.h"

#define MODEL_PAGES 8192
#define NO_REGION 0xFF
#define METADATA_START GIB(1) /* outside of all maps here */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

static struct mem_region region(uint64_t start, uint64_t end, enum region_type type)
{
    return (struct mem_region){ phys_addr(start), phys_addr(end), type, 0 };
}

static struct region_map map_of(struct mem_region *regions, size_t n_regions)
{
    struct region_map map = { .regions = regions, .n_regions = n_regions };

    for (size_t i = 0; i < n_regions; i++)
        map.total_bytes += regions[i].end.value - regions[i].start.value;
    return map;
}

/* Random regions up to page MODEL_PAGES, some adjacent, some apart; kinds[page] receives the block_kind. */
static size_t random_regions(struct mem_region *regions, size_t capacity, uint8_t *kinds)
{
    uint64_t page = random_below(2) * random_below(500);
    size_t n = 0;

    memset(kinds, NO_REGION, MODEL_PAGES);
    while (n < capacity) {
        const uint64_t pages = 1 + (random_below(4) ? random_below(20) : random_below(3000));
        const enum region_type type = random_below(3) ? random_below(REGION_TYPES) : REGION_USABLE;

        if (page + pages > MODEL_PAGES)
            break;
        regions[n++] = region(page * PAGE_SIZE, (page + pages) * PAGE_SIZE, type);
        memset(kinds + page, (int)(type == REGION_USABLE ? BLOCK_FREE : block_kind_of(type)), pages);
        page += pages + (random_below(2) ? 0 : random_below(600));
    }
    return n;
}

static bool page_is_dull(uint8_t kind)
{
    return kind == NO_REGION || kind == block_kind_of(REGION_RESERVED) ||
           kind == block_kind_of(REGION_RESERVED_MAPPED) || kind == block_kind_of(REGION_MMIO) ||
           kind == block_kind_of(REGION_FRAMEBUFFER) || kind == block_kind_of(REGION_UNKNOWN);
}

static void expect_block(const struct memory_block *block, const uint8_t *kinds, uint64_t block_pages)
{
    struct block_bytes expected = { 0 };
    const uint64_t first = block->start / PAGE_SIZE;

    for (uint64_t page = first; page < first + block_pages && page < MODEL_PAGES; page++)
        if (kinds[page] != NO_REGION)
            expected.of[kinds[page]] += PAGE_SIZE;
    assert_memory_equal(&block->bytes, &expected, sizeof(expected));
}

/* Blocks [from, to) were left out: they all look alike, and are of a kind that may be cut. */
static void expect_dull(const uint8_t *kinds, uint64_t from, uint64_t to, uint64_t block_pages)
{
    for (uint64_t page = from * block_pages; page < to * block_pages && page < MODEL_PAGES; page++) {
        assert_true(page_is_dull(kinds[page]));
        assert_int_equal(kinds[page], kinds[from * block_pages]);
    }
}

static void blocks_hold_what_the_pages_are(void **state)
{
    static uint8_t kinds[MODEL_PAGES];
    static struct mem_region regions[400];

    (void)state;
    random_state = 1;
    for (unsigned round = 0; round < 500; round++) {
        const struct region_map map = map_of(regions, random_regions(regions, 1 + random_below(400), kinds));
        const unsigned shift = PAGE_SHIFT + random_below(10);
        const uint64_t block_pages = (uint64_t)1 << (shift - PAGE_SHIFT);
        struct block_walk walk;
        struct memory_block block;
        uint64_t next = 0, count = 0;
        bool cut = false;

        block_walk_start(&walk, &map, NULL, NULL, shift);
        while (block_walk_next(&walk, &block)) {
            const uint64_t number = block.start >> shift;

            assert_int_equal(block.start, number << shift);
            assert_true(cut ? number > next : number == next);
            expect_dull(kinds, next, number, block_pages);
            expect_block(&block, kinds, block_pages);
            next = number + 1;
            cut = block.cut;
            count++;
        }
        if (map.n_regions && !cut)
            assert_int_equal(next, (regions[map.n_regions - 1].end.value + (1ull << shift) - 1) >> shift);
        assert_int_equal(count, block_count(&map, shift));
    }
}

static void totals_are_the_sums_of_the_pages(void **state)
{
    static uint8_t kinds[MODEL_PAGES];
    static struct mem_region regions[400];

    (void)state;
    random_state = 2;
    for (unsigned round = 0; round < 100; round++) {
        const struct region_map map = map_of(regions, random_regions(regions, 400, kinds));
        const struct block_bytes totals = block_totals(&map, NULL, NULL);
        struct block_bytes expected = { 0 };

        for (uint64_t page = 0; page < MODEL_PAGES; page++)
            if (kinds[page] != NO_REGION)
                expected.of[kinds[page]] += PAGE_SIZE;
        assert_memory_equal(&totals, &expected, sizeof(expected));
    }
}

/* Memory from 0 to 4 TiB with a hole of 3 TiB in it: its 16 blocks of 64 GiB must not become 64. */
static void a_large_hole_takes_few_blocks(void **state)
{
    struct mem_region regions[] = { region(0, GIB(512), REGION_USABLE),
                                    region(GIB(3584), GIB(4096), REGION_USABLE) };
    const struct region_map map = map_of(regions, ARRAY_LENGTH(regions));

    (void)state;
    assert_int_equal(block_count(&map, 36), 16 + BLOCKS_SHOWN_OF_CUT);
    assert_int_equal(block_count(&map, 38), 4 + 12);
}

static void stretches_up_to_the_limit_are_whole(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 40; n++) {
        struct mem_region regions[] = { region(0, MIB(1), REGION_USABLE), region(MIB(1 + n), MIB(2 + n), REGION_USABLE),
                                        region(MIB(2 + n), MIB(2 + 2 * n), REGION_MMIO) };
        const struct region_map map = map_of(regions, ARRAY_LENGTH(regions));
        const uint64_t shown = n <= BLOCKS_DULL_MAX ? n : BLOCKS_SHOWN_OF_CUT;

        assert_int_equal(block_count(&map, 20), 2 + 2 * shown);
    }
}

/* An allocator over the map, its metadata elsewhere. */
struct allocator {
    void *metadata;
    struct pmm *pmm;
    struct pmm_cpu cpu;
};

static void allocator_open(struct allocator *a, const struct region_map *map)
{
    const size_t bytes = pmm_metadata_bytes(map->regions, map->n_regions);

    a->metadata = aligned_alloc(64, align_up(bytes, 64));
    assert_non_null(a->metadata);
    assert_int_equal(pmm_init(a->metadata, bytes, phys_addr(METADATA_START), map->regions, map->n_regions, &a->pmm),
                     PMM_OK);
    pmm_cpus_init(a->pmm, &a->cpu, 1, (struct pmm_barrier){ 0 });
}

static void allocated_frames_count_in_their_blocks(void **state)
{
    struct mem_region regions[] = { region(0, MIB(1), REGION_USABLE), region(MIB(1), MIB(2), REGION_ACPI_NVS),
                                    region(MIB(2), MIB(16), REGION_USABLE) };
    const struct region_map map = map_of(regions, ARRAY_LENGTH(regions));
    static bool allocated[MIB(16) / PAGE_SIZE];
    struct allocator a;
    struct block_walk walk;
    struct memory_block block;

    (void)state;
    random_state = 3;
    memset(allocated, 0, sizeof(allocated));
    allocator_open(&a, &map);
    allocated[0] = true; /* for ever */
    for (unsigned i = 0; i < 300; i++) {
        const struct frame_range range = { frame(random_below(ARRAY_LENGTH(allocated))), 1 + random_below(40) };

        if (pmm_reserve(a.pmm, &a.cpu, range) == PMM_OK)
            memset(allocated + range.first.value, true, range.count);
    }
    block_walk_start(&walk, &map, a.pmm, &a.cpu, 16);
    while (block_walk_next(&walk, &block)) {
        const bool usable = block.start < MIB(1) || block.start >= MIB(2);
        uint64_t n = 0;

        for (uint64_t f = block.start / PAGE_SIZE; f < (block.start + KIB(64)) / PAGE_SIZE; f++)
            n += allocated[f];
        assert_int_equal(block.bytes.of[BLOCK_ALLOCATED], n * PAGE_SIZE);
        assert_int_equal(block.bytes.of[BLOCK_FREE], usable ? KIB(64) - n * PAGE_SIZE : 0);
    }
    assert_int_equal(block_totals(&map, a.pmm, &a.cpu).of[BLOCK_FREE], pmm_free_frames(a.pmm, &a.cpu) * PAGE_SIZE);
    free(a.metadata);
}

static void the_areas_share_the_screen(void **state)
{
    (void)state;
    for (uint32_t width = 0; width < 8000; width += 1 + width / 7)
        for (uint32_t height = 0; height < 5000; height += 1 + height / 5) {
            const struct framebuffer fb = { .width_px = width, .height_px = height };
            const struct fb_area console = memory_picture_console_area(&fb);
            const struct fb_area picture = memory_picture_area(&fb);

            assert_true(console.x + console.width <= width);
            assert_true(console.y + console.height <= picture.y);
            assert_int_equal(picture.x, 0);
            assert_int_equal(picture.width, width);
            assert_int_equal(picture.y + picture.height, height);
        }
}

static void a_small_screen_has_24_rows_of_text_and_more_have_more(void **state)
{
    static const struct { uint32_t width, height, columns, rows; } screens[] = {
        { 800, 600, 98, 24 }, { 1024, 768, 126, 30 }, { 1280, 800, 158, 32 }, { 1920, 1200, 238, 48 },
        { 3840, 2160, 238, 40 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(screens); i++) {
        const struct framebuffer fb = { .width_px = screens[i].width, .height_px = screens[i].height };
        const struct fb_area area = memory_picture_console_area(&fb);

        assert_true(area.width / (FB_CELL_WIDTH * fb_text_scale(&fb)) >= screens[i].columns);
        assert_true(area.height / (FB_CELL_HEIGHT * fb_text_scale(&fb)) >= screens[i].rows);
    }
}

/* The colour in the upper left of the square of the block that holds the address. */
static uint32_t square_pixel(const struct model_screen *screen, const struct region_map *map, uint64_t address)
{
    const struct picture_layout layout = picture_lay_out(&screen->fb, memory_picture_area(&screen->fb), map);
    struct block_walk walk;
    struct memory_block block;
    uint32_t n = 0;

    assert_true(layout.side > 0);
    block_walk_start(&walk, map, NULL, NULL, layout.block_shift);
    while (block_walk_next(&walk, &block) && block.start >> layout.block_shift != address >> layout.block_shift)
        n++;
    assert_int_equal(block.start >> layout.block_shift, address >> layout.block_shift);
    return model_screen_pixel(screen, layout.grid.x + picture_column_x(&layout, n % layout.columns),
                              layout.grid.y + n / layout.columns * layout.side);
}

static void every_type_has_its_colour_in_every_format(void **state)
{
    struct mem_region regions[REGION_TYPES];

    (void)state;
    for (unsigned type = 0; type < REGION_TYPES; type++)
        regions[type] = region(MIB(4) * type, MIB(4) * (type + 1), type);
    for (unsigned format = 0; format < MODEL_FORMATS; format++) {
        struct model_screen screen = model_screen_make(format, 800, 600, 20);
        const struct region_map map = map_of(regions, REGION_TYPES);

        memory_picture_draw(&screen.fb, screen.pixels, &map, NULL, NULL);
        for (unsigned type = 0; type < REGION_TYPES; type++)
            assert_int_equal(square_pixel(&screen, &map, MIB(4) * type),
                             model_pixel(&screen, memory_picture_colour(type)));
        model_screen_free(&screen);
    }
}

static void types_have_colours_of_their_own(void **state)
{
    (void)state;
    for (unsigned a = 0; a < REGION_TYPES; a++) {
        assert_int_not_equal(memory_picture_colour(a), MEMORY_PICTURE_ALLOCATED);
        assert_int_not_equal(memory_picture_colour(a), MEMORY_PICTURE_BACKGROUND);
        for (unsigned b = 0; b < a; b++)
            assert_int_not_equal(memory_picture_colour(a), memory_picture_colour(b));
    }
}

static void allocated_memory_shows(void **state)
{
    struct mem_region regions[] = { region(0, MIB(256), REGION_USABLE) };
    const struct region_map map = map_of(regions, 1);
    struct model_screen screen = model_screen_make(MODEL_BGR32, 1280, 800, 0);
    const uint32_t free_colour = memory_picture_colour(REGION_USABLE);
    struct allocator a;

    (void)state;
    allocator_open(&a, &map);
    assert_int_equal(pmm_reserve(a.pmm, &a.cpu, (struct frame_range){ frame(0x4000), 0x400 }), PMM_OK);
    assert_int_equal(pmm_reserve(a.pmm, &a.cpu, (struct frame_range){ frame(0x8000), 1 }), PMM_OK);
    memory_picture_draw(&screen.fb, screen.pixels, &map, a.pmm, &a.cpu);
    assert_int_equal(square_pixel(&screen, &map, 0x4000 * PAGE_SIZE), MEMORY_PICTURE_ALLOCATED);
    assert_int_equal(square_pixel(&screen, &map, 0x5000 * PAGE_SIZE), free_colour);
    /* One frame of many gives a colour between the two. */
    assert_int_not_equal(square_pixel(&screen, &map, 0x8000 * PAGE_SIZE), free_colour);
    assert_int_not_equal(square_pixel(&screen, &map, 0x8000 * PAGE_SIZE), MEMORY_PICTURE_ALLOCATED);
    free(a.metadata);
    model_screen_free(&screen);
}

/* The legend's text, found by its pixels. */
static bool text_stands_at(const struct model_screen *screen, const char *text, uint32_t x, uint32_t y)
{
    const uint32_t background = model_pixel(screen, MEMORY_PICTURE_BACKGROUND);

    for (uint32_t i = 0; text[i]; i++)
        for (uint32_t dy = 0; dy < FB_CELL_HEIGHT; dy++)
            for (uint32_t dx = 0; dx < FB_CELL_WIDTH; dx++)
                if (model_lit((uint8_t)text[i], 1, dx, dy) !=
                    (model_screen_pixel(screen, x + i * FB_CELL_WIDTH + dx, y + dy) != background))
                    return false;
    return true;
}

static void the_legend_names_types_and_sizes(void **state)
{
    struct mem_region regions[] = { region(0, KIB(640), REGION_USABLE), region(MIB(1), MIB(200), REGION_USABLE),
                                    region(MIB(200), MIB(212), REGION_ACPI_NVS) };
    const struct region_map map = map_of(regions, ARRAY_LENGTH(regions));
    struct model_screen screen = model_screen_make(MODEL_BGR32, 800, 600, 0);
    const struct picture_layout layout = picture_lay_out(&screen.fb, memory_picture_area(&screen.fb), &map);
    const uint32_t name_x = layout.legend_x + LEGEND_SWATCH_CELLS * FB_CELL_WIDTH;
    const uint32_t end_x = layout.legend_x + LEGEND_CELLS * FB_CELL_WIDTH;

    (void)state;
    memory_picture_draw(&screen.fb, screen.pixels, &map, NULL, NULL);
    assert_true(text_stands_at(&screen, "USABLE ", name_x, layout.grid.y));
    assert_true(text_stands_at(&screen, " 199 MB", end_x - 7 * FB_CELL_WIDTH, layout.grid.y));
    assert_true(text_stands_at(&screen, "ACPI_NVS ", name_x, layout.grid.y + FB_CELL_HEIGHT));
    assert_true(text_stands_at(&screen, " 12 MB", end_x - 6 * FB_CELL_WIDTH, layout.grid.y + FB_CELL_HEIGHT));
    assert_true(text_stands_at(&screen, "Physical memory: 211 MB", layout.margin, layout.area.y + layout.margin));
    model_screen_free(&screen);
}

/* Draws, and compares every byte outside of the picture's area with what was there before. */
static void expect_stays_inside(const struct region_map *map, enum model_format format, uint32_t width,
                                uint32_t height, uint32_t pitch_extra)
{
    struct model_screen screen = model_screen_make(format, width, height, pitch_extra);
    struct model_screen before = model_screen_make(format, width, height, pitch_extra);
    const struct fb_area area = memory_picture_area(&screen.fb);
    const size_t row_bytes = (size_t)width * screen.fb.bits_per_pixel / 8;
    const size_t pitch = screen.fb.pitch_bytes;

    memory_picture_draw(&screen.fb, screen.pixels, map, NULL, NULL);
    for (uint32_t y = 0; y < height; y++) {
        if (y < area.y)
            assert_memory_equal(screen.pixels + y * pitch, before.pixels + y * pitch, row_bytes);
        if (y + 1 < height)
            assert_memory_equal(screen.pixels + y * pitch + row_bytes, before.pixels + y * pitch + row_bytes,
                                pitch_extra);
    }
    model_screen_free(&screen);
    model_screen_free(&before);
}

static void nothing_is_drawn_outside_the_area_on_any_screen(void **state)
{
    static const uint32_t sizes[][2] = { { 0, 0 },     { 1, 1 },     { 8, 16 },    { 64, 40 },   { 100, 50 },
                                         { 320, 200 }, { 300, 900 }, { 640, 480 }, { 801, 603 }, { 2560, 400 },
                                         { 5120, 400 } };
    static uint8_t kinds[MODEL_PAGES];
    static struct mem_region regions[400];

    (void)state;
    random_state = 4;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        for (unsigned format = 0; format < MODEL_FORMATS; format += MODEL_BGR24) {
            const struct region_map map = map_of(regions, random_regions(regions, 400, kinds));

            expect_stays_inside(&map, format, sizes[i][0], sizes[i][1], 0);
            expect_stays_inside(&map, format, sizes[i][0], sizes[i][1], 7);
        }
}

static void an_area_holds_the_same_picture_wherever_it_lies(void **state)
{
    static uint8_t kinds[MODEL_PAGES];
    static struct mem_region regions[60];
    const struct region_map map = map_of(regions, random_regions(regions, 60, kinds));
    struct model_screen alone = model_screen_make(MODEL_BGR32, 1024, 400, 0);
    struct model_screen part = model_screen_make(MODEL_BGR32, 1024, 768, 12);
    struct model_screen before = model_screen_make(MODEL_BGR32, 1024, 768, 12);
    const struct fb_area all = { 0, 0, 1024, 400 }, middle = { 0, 300, 1024, 400 };

    (void)state;
    memory_picture_draw_area(&alone.fb, alone.pixels, all, &map, NULL, NULL);
    memory_picture_draw_area(&part.fb, part.pixels, middle, &map, NULL, NULL);
    for (uint32_t y = 0; y < 768; y++)
        for (uint32_t x = 0; x < 1024; x++)
            assert_int_equal(model_screen_pixel(&part, x, y), y < 300 || y >= 700
                                                                  ? model_screen_pixel(&before, x, y)
                                                                  : model_screen_pixel(&alone, x, y - 300));
    model_screen_free(&alone);
    model_screen_free(&part);
    model_screen_free(&before);
}

static void any_map_can_be_drawn(void **state)
{
    enum { MANY = 5000 };
    struct mem_region *many = malloc(MANY * sizeof(*many));
    struct mem_region one[] = { region(GIB(700), GIB(700) + PAGE_SIZE, REGION_USABLE) };
    struct mem_region widest[] = { region(0, PAGE_SIZE, REGION_USABLE),
                                   region((UINT64_C(1) << PHYS_BITS_MAX) - PAGE_SIZE, UINT64_C(1) << PHYS_BITS_MAX,
                                          REGION_MMIO) };
    struct mem_region all[] = { region(0, UINT64_C(1) << PHYS_BITS_MAX, REGION_USABLE) };
    struct mem_region dull[] = { region(0, TIB(1), REGION_RESERVED) };

    (void)state;
    assert_non_null(many);
    for (uint64_t i = 0; i < MANY; i++)
        many[i] = region(i * GIB(2), i * GIB(2) + PAGE_SIZE * (1 + i % 7), i % REGION_TYPES);

    const struct region_map maps[] = { map_of(NULL, 0), map_of(one, 1),  map_of(many, MANY),
                                       map_of(widest, 2), map_of(all, 1), map_of(dull, 1) };

    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++) {
        expect_stays_inside(&maps[i], MODEL_BGR32, 800, 600, 0);
        expect_stays_inside(&maps[i], MODEL_BGR32, 1280, 800, 0);
    }
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_hold_what_the_pages_are),
        cmocka_unit_test(totals_are_the_sums_of_the_pages),
        cmocka_unit_test(a_large_hole_takes_few_blocks),
        cmocka_unit_test(stretches_up_to_the_limit_are_whole),
        cmocka_unit_test(allocated_frames_count_in_their_blocks),
        cmocka_unit_test(the_areas_share_the_screen),
        cmocka_unit_test(a_small_screen_has_24_rows_of_text_and_more_have_more),
        cmocka_unit_test(every_type_has_its_colour_in_every_format),
        cmocka_unit_test(types_have_colours_of_their_own),
        cmocka_unit_test(allocated_memory_shows),
        cmocka_unit_test(the_legend_names_types_and_sizes),
        cmocka_unit_test(nothing_is_drawn_outside_the_area_on_any_screen),
        cmocka_unit_test(an_area_holds_the_same_picture_wherever_it_lies),
        cmocka_unit_test(any_map_can_be_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
