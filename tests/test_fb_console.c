/* Text on the framebuffer against a dumb terminal, pixel by pixel, in every format. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "fb_console.h"
#include "font.h"
#include "model_screen.h"

#define FOREGROUND FB_CONSOLE_FOREGROUND
#define BACKGROUND FB_CONSOLE_BACKGROUND
#define CELL_WIDTH FB_CELL_WIDTH
#define CELL_HEIGHT FB_CELL_HEIGHT

/* A console on a screen of its own. */
struct fixture {
    struct model_screen screen;
    struct fb_console console;
    void *cells;
    struct model_text model;
};

static struct fixture *open_area(enum model_format format, uint32_t width, uint32_t height, uint32_t pitch_extra,
                                 struct fb_area area)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->screen = model_screen_make(format, width, height, pitch_extra);
    f->cells = malloc(fb_console_cell_bytes(&f->screen.fb, area));
    assert_non_null(f->cells);
    fb_console_init(&f->console, &f->screen.fb, f->screen.pixels, area, f->cells);
    f->model = model_text_make(f->console.columns, f->console.rows);
    model_text_show(&f->model, NULL, 0);
    return f;
}

/* A screen of so many narrow cells in the commonest format, all of it for text. */
static struct fixture *open_cells(uint32_t columns, uint32_t rows)
{
    const struct fb_area area = { 0, 0, columns * CELL_WIDTH, rows * CELL_HEIGHT };

    return open_area(MODEL_BGR32, area.width, area.height, 0, area);
}

static void close_fixture(struct fixture *f)
{
    model_text_free(&f->model);
    model_screen_free(&f->screen);
    free(f->cells);
    free(f);
}

static void console_write(struct fixture *f, const void *text, size_t bytes)
{
    f->console.sink.write(&f->console.sink, text, bytes);
}

static void console_print(struct fixture *f, const char *text)
{
    console_write(f, text, strlen(text));
}

/* The colour that the model wants at a pixel of the area. */
static uint32_t wanted_rgb(const struct fixture *f, uint32_t x, uint32_t y)
{
    const struct fb_area *grid = &f->console.grid;
    const uint32_t cell_width = CELL_WIDTH * f->console.scale;
    const uint32_t cell_height = CELL_HEIGHT * f->console.scale;

    if (x < grid->x || x - grid->x >= grid->width || y < grid->y || y - grid->y >= grid->height)
        return BACKGROUND;

    const uint32_t column = (x - grid->x) / cell_width, row = (y - grid->y) / cell_height;
    const uint32_t code = f->model.codes[(size_t)row * f->model.columns + column];

    return model_lit(code, f->console.scale, (x - grid->x) % cell_width, (y - grid->y) % cell_height) ? FOREGROUND
                                                                                                     : BACKGROUND;
}

static bool in_area(const struct fixture *f, uint32_t x, uint32_t y)
{
    const struct fb_area *area = &f->console.area;

    return x >= area->x && x - area->x < area->width && y >= area->y && y - area->y < area->height;
}

/* Compares every pixel: in the area with the model, elsewhere, padding included, with what was there at first. */
static void expect_screen(const struct fixture *f)
{
    struct model_screen expected = f->screen;

    expected.pixels = malloc(expected.n_bytes);
    assert_non_null(expected.pixels);
    model_screen_scramble(&expected, MODEL_FIRST_SEED);
    for (uint32_t y = 0; y < f->screen.fb.height_px; y++)
        for (uint32_t x = 0; x < f->screen.fb.width_px; x++)
            if (in_area(f, x, y)) {
                const size_t pixel_bytes = f->screen.fb.bits_per_pixel / 8;
                const uint32_t pixel = model_pixel(&f->screen, wanted_rgb(f, x, y));

                memcpy(expected.pixels + (size_t)y * f->screen.fb.pitch_bytes + x * pixel_bytes, &pixel, pixel_bytes);
            }
    assert_memory_equal(f->screen.pixels, expected.pixels, f->screen.n_bytes);
    free(expected.pixels);
}

/* Whether exactly this character's glyph stands in a cell of an 8x16 console. */
static bool shows(const struct fixture *f, uint32_t column, uint32_t row, uint32_t code)
{
    for (uint32_t y = 0; y < CELL_HEIGHT; y++)
        for (uint32_t x = 0; x < CELL_WIDTH; x++)
            if (model_screen_pixel(&f->screen, f->console.grid.x + column * CELL_WIDTH + x,
                                   f->console.grid.y + row * CELL_HEIGHT + y) !=
                model_pixel(&f->screen, model_lit(code, 1, x, y) ? FOREGROUND : BACKGROUND))
                return false;
    return true;
}

static void expect_row(const struct fixture *f, uint32_t row, const char *text)
{
    for (uint32_t column = 0; column < f->console.columns; column++)
        assert_true(shows(f, column, row, column < strlen(text) ? (uint32_t)text[column] : ' '));
}

static void text_reads_back_from_the_pixels(void **state)
{
    struct fixture *f = open_cells(40, 3);

    (void)state;
    console_print(f, "Polyglot OS booting... (0.1)\n  0x0 - 0xA0000 (640 KB) USABLE");
    expect_row(f, 0, "Polyglot OS booting... (0.1)");
    expect_row(f, 1, "  0x0 - 0xA0000 (640 KB) USABLE");
    expect_row(f, 2, "");
    close_fixture(f);
}

static void a_line_of_exactly_the_width_leaves_no_empty_line(void **state)
{
    struct fixture *f = open_cells(4, 3);

    (void)state;
    console_print(f, "abcd\nefgh\n");
    expect_row(f, 0, "abcd");
    expect_row(f, 1, "efgh");
    expect_row(f, 2, "");
    close_fixture(f);
}

static void a_longer_line_wraps(void **state)
{
    struct fixture *f = open_cells(4, 3);

    (void)state;
    console_print(f, "abcdefghi");
    expect_row(f, 0, "abcd");
    expect_row(f, 1, "efgh");
    expect_row(f, 2, "i");
    close_fixture(f);
}

static void scrolling_keeps_the_last_lines(void **state)
{
    struct fixture *f = open_cells(8, 3);

    (void)state;
    console_print(f, "one\ntwo\nthree\nfour\nfive");
    expect_row(f, 0, "three");
    expect_row(f, 1, "four");
    expect_row(f, 2, "five");
    console_print(f, "\n");
    expect_row(f, 0, "four");
    expect_row(f, 1, "five");
    expect_row(f, 2, "");
    close_fixture(f);
}

static void tabs_and_returns_move_without_erasing(void **state)
{
    struct fixture *f = open_cells(20, 3);

    (void)state;
    console_print(f, "abcdefghijkl\rX\tY\tZ\nlast\t\t\tW");
    expect_row(f, 0, "XbcdefghYjkl    Z");
    expect_row(f, 1, "last");
    expect_row(f, 2, "W"); /* the third tab stops behind the last column */
    close_fixture(f);
}

static void every_glyph_is_drawn_as_in_the_font(void **state)
{
    static const uint32_t widths[] = { 2048, 2560, 5120 }; /* scales 1, 2 and 4 */

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(widths); i++) {
        struct fixture *f = open_area(MODEL_BGR32, widths[i], 512, 0, (struct fb_area){ 0, 0, widths[i], 512 });

        assert_true(f->console.columns * f->console.rows >= font_n_code_points);
        for (uint32_t k = 0; k < font_n_code_points; k++) {
            const uint32_t code = font_code_points[k];
            char utf8[4] = { 0 };

            if (code < 0x80)
                utf8[0] = (char)code;
            else if (code < 0x800)
                memcpy(utf8, (char[]){ (char)(0xC0 | code >> 6), (char)(0x80 | (code & 0x3F)) }, 2);
            else
                memcpy(utf8, (char[]){ (char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3F)),
                                       (char)(0x80 | (code & 0x3F)) }, 3);
            console_print(f, utf8);
            f->model.codes[k] = code;
        }
        expect_screen(f);
        close_fixture(f);
    }
}

static void ill_formed_utf8_becomes_replacement_characters(void **state)
{
    /* Expected: '?' stands for U+FFFD here; one for each maximal part that could have begun a character. */
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "a\xE4z", "a?z" },                            /* Latin-1 */
        { "\x80\xBF", "??" },                           /* continuations alone */
        { "\xC0\xAF" "a", "??a" },                      /* overlong */
        { "\xE0\x80\xAF" "a", "???a" },
        { "\xF0\x80\x80\xAF" "a", "????a" },
        { "\xED\xA0\x80" "a", "???a" },                 /* surrogate */
        { "\xF4\x90\x80\x80" "a", "????a" },            /* above U+10FFFF */
        { "\xF5\xFF\xFE", "???" },
        { "\xE2\x82" "a", "?a" },                       /* cut short */
        { "\xF0\x9F\x98" "a", "?a" },
        { "\xC3\xC3\xA9", "?\xE9" },                    /* cut short by another */
        { "\xF0\x9F\x98\x80" "a", "?a" },               /* well-formed, but not in the font */
        { "a\x01" "b\x1B[0m\x7F", "a?b?[0m?" },         /* control characters */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture *f = open_cells(10, 1);

        console_print(f, cases[i].text);
        for (size_t k = 0; cases[i].expected[k]; k++) {
            const uint8_t expected = (uint8_t)cases[i].expected[k];

            assert_true(shows(f, (uint32_t)k, 0, expected == '?' ? 0xFFFD : expected));
        }
        assert_int_equal(f->console.column, strlen(cases[i].expected));
        close_fixture(f);
    }
}

static void sequences_split_between_writes_are_whole(void **state)
{
    static const char text[] = "\xC3\xA9\xE2\x94\x80x";
    struct fixture *f = open_cells(10, 1);

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        console_write(f, text + i, 1);
    assert_true(shows(f, 0, 0, 0xE9));
    assert_true(shows(f, 1, 0, 0x2500));
    assert_true(shows(f, 2, 0, 'x'));
    close_fixture(f);
}

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

/* Mostly text with newlines, some characters of the font, and now and then any byte at all. */
static size_t random_text(uint8_t *text, size_t n)
{
    static const char others[][4] = { "\n", "\n", "\t", "\r", "\xC3\xA9", "\xE2\x94\x80", "\xEF\xBF\xBD", "\xC2\xA0" };
    size_t length = 0;

    while (length + 4 < n) {
        const uint32_t kind = random_below(20);

        if (kind < 15) {
            text[length++] = (uint8_t)(' ' + random_below(95));
        } else if (kind < 19) {
            const char *other = others[random_below(ARRAY_LENGTH(others))];

            memcpy(text + length, other, strlen(other));
            length += strlen(other);
        } else {
            text[length++] = (uint8_t)random_below(256);
        }
    }
    return length;
}

/* Writes random text in random pieces and compares the screen after some of them. */
static void expect_random_text(struct fixture *f, size_t n, unsigned n_pieces)
{
    uint8_t *text = malloc(n);
    size_t done = 0;

    assert_non_null(text);
    n = random_text(text, n);
    expect_screen(f);
    for (unsigned piece = 0; piece < n_pieces; piece++) {
        const size_t bytes = piece + 1 == n_pieces ? n - done : random_below((uint32_t)(n - done) / 2 + 1);

        console_write(f, text + done, bytes);
        done += bytes;
        model_text_show(&f->model, text, done);
        expect_screen(f);
        assert_int_equal(f->console.column, f->model.column);
        assert_int_equal(f->console.row, f->model.row);
    }
    free(text);
}

static void random_text_agrees_with_the_model_in_every_format(void **state)
{
    static const uint32_t pitch_extras[] = { 0, 1, 4, 60 };

    (void)state;
    random_state = 1;
    for (unsigned format = 0; format < MODEL_FORMATS; format++)
        for (size_t i = 0; i < ARRAY_LENGTH(pitch_extras); i++) {
            struct fixture *f = open_area(format, 171, 93, pitch_extras[i], (struct fb_area){ 0, 0, 171, 93 });

            expect_random_text(f, 600, 12);
            close_fixture(f);
        }
}

static void random_text_agrees_with_the_model_on_every_size_of_screen(void **state)
{
    static const struct { uint32_t width, height; struct fb_area area; } cases[] = {
        { 1, 1, { 0, 0, 1, 1 } },          { 7, 15, { 0, 0, 7, 15 } },        { 8, 16, { 0, 0, 8, 16 } },
        { 9, 17, { 0, 0, 9, 17 } },        { 8, 64, { 0, 0, 8, 64 } },        { 800, 16, { 0, 0, 800, 16 } },
        { 800, 15, { 0, 0, 800, 15 } },    { 200, 100, { 13, 7, 150, 70 } },  { 200, 100, { 150, 50, 999, 999 } },
        { 200, 100, { 199, 99, 1, 1 } },   { 200, 100, { 200, 0, 50, 50 } },  { 200, 100, { 0, 100, 50, 50 } },
        { 200, 100, { 50, 50, 0, 50 } },   { 200, 100, { 50, 50, 50, 0 } },
        { 200, 100, { UINT32_MAX, 5, 5, 5 } },
        { 640, 100, { 0, 0, UINT32_MAX, UINT32_MAX } },
        { 2560, 75, { 8, 3, 600, 72 } }, { 2561, 75, { 0, 0, 2561, 75 } },
        { 5120, 140, { 3, 5, 700, 135 } }, { 1368, 50, { 0, 0, 1366, 50 } },
    };

    (void)state;
    random_state = 2;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (unsigned format = 0; format < MODEL_FORMATS; format += MODEL_BGR24) {
            struct fixture *f = open_area(format, cases[i].width, cases[i].height, 12, cases[i].area);

            expect_random_text(f, 300, 4);
            close_fixture(f);
        }
}

static void random_text_agrees_with_the_model_for_long(void **state)
{
    (void)state;
    for (random_state = 100; random_state < 140;) {
        struct fixture *f = open_cells(1 + random_below(90), 1 + random_below(9));

        expect_random_text(f, 3000, 20);
        close_fixture(f);
    }
}

/* Scrambles the screen before each write: a pixel is then either as scrambled, or as the model wants it. */
static void the_framebuffer_is_never_read_and_only_changes_are_drawn(void **state)
{
    static const char *const writes[] = { "first\n", "second\n", "third line\n", "fourth", " etc.\n", "fifth\nsixth" };
    struct fixture *f = open_cells(20, 4);
    uint8_t text[200];
    size_t length = 0;

    (void)state;
    for (uint32_t i = 0; i < ARRAY_LENGTH(writes); i++) {
        struct model_screen before = f->screen;
        uint32_t *codes_before = malloc(sizeof(uint32_t) * 80);

        assert_non_null(codes_before);
        memcpy(codes_before, f->model.codes, sizeof(uint32_t) * 80);
        before.pixels = malloc(before.n_bytes);
        assert_non_null(before.pixels);
        model_screen_scramble(&before, i + 7);
        model_screen_scramble(&f->screen, i + 7);
        memcpy(text + length, writes[i], strlen(writes[i]));
        length += strlen(writes[i]);
        console_print(f, writes[i]);
        model_text_show(&f->model, text, length);
        for (uint32_t y = 0; y < f->screen.fb.height_px; y++)
            for (uint32_t x = 0; x < f->screen.fb.width_px; x++) {
                const uint32_t cell = y / CELL_HEIGHT * 20 + x / CELL_WIDTH;
                const uint32_t pixel = model_screen_pixel(&f->screen, x, y);
                const bool changes = model_lit(codes_before[cell], 1, x % CELL_WIDTH, y % CELL_HEIGHT) !=
                                     model_lit(f->model.codes[cell], 1, x % CELL_WIDTH, y % CELL_HEIGHT);

                if (f->model.codes[cell] == codes_before[cell])
                    assert_int_equal(pixel, model_screen_pixel(&before, x, y));
                else if (changes || pixel != model_screen_pixel(&before, x, y))
                    assert_int_equal(pixel, model_pixel(&f->screen, wanted_rgb(f, x, y)));
            }
        free(before.pixels);
        free(codes_before);
    }
    close_fixture(f);
}

static void expect_cell_colours(const struct fixture *f, uint32_t column, uint32_t code, uint32_t foreground,
                                uint32_t background)
{
    for (uint32_t y = 0; y < CELL_HEIGHT; y++)
        for (uint32_t x = 0; x < CELL_WIDTH; x++)
            assert_int_equal(model_screen_pixel(&f->screen, column * CELL_WIDTH + x, y),
                             model_pixel(&f->screen, model_lit(code, 1, x, y) ? foreground : background));
}

static void colours_apply_to_what_is_written_later(void **state)
{
    (void)state;
    for (unsigned format = 0; format < MODEL_FORMATS; format++) {
        struct fixture *f = open_area(format, 64, 16, 0, (struct fb_area){ 0, 0, 64, 16 });

        console_print(f, "ab");
        fb_console_colours(&f->console, 0xFF8000, 0x000040);
        console_print(f, "cd");
        fb_console_colours(&f->console, 0, 0xFFFFFF);
        console_print(f, "e\rf");
        expect_cell_colours(f, 0, 'f', 0, 0xFFFFFF);
        expect_cell_colours(f, 1, 'b', FOREGROUND, BACKGROUND);
        expect_cell_colours(f, 2, 'c', 0xFF8000, 0x000040);
        expect_cell_colours(f, 3, 'd', 0xFF8000, 0x000040);
        expect_cell_colours(f, 4, 'e', 0, 0xFFFFFF);
        /* The same character in other colours is a change. */
        fb_console_colours(&f->console, 0x00FF00, 0);
        console_print(f, "\rf");
        expect_cell_colours(f, 0, 'f', 0x00FF00, 0);
        close_fixture(f);
    }
}

static void lines_of_several_colours_scroll(void **state)
{
    struct fixture *f = open_cells(8, 2);

    (void)state;
    console_print(f, "\n.a.");
    fb_console_colours(&f->console, 0xFF8000, 0x000040);
    console_print(f, ".b.");
    fb_console_colours(&f->console, FOREGROUND, BACKGROUND);
    console_print(f, ".\n");
    expect_cell_colours(f, 1, 'a', FOREGROUND, BACKGROUND);
    expect_cell_colours(f, 2, '.', FOREGROUND, BACKGROUND);
    expect_cell_colours(f, 3, '.', 0xFF8000, 0x000040);
    expect_cell_colours(f, 4, 'b', 0xFF8000, 0x000040);
    expect_cell_colours(f, 5, '.', 0xFF8000, 0x000040);
    expect_cell_colours(f, 6, '.', FOREGROUND, BACKGROUND);
    close_fixture(f);
}

static void clearing_starts_over(void **state)
{
    struct fixture *f = open_area(MODEL_BGR32, 100, 50, 0, (struct fb_area){ 0, 0, 100, 50 });

    (void)state;
    console_print(f, "one\ntwo\nthree\nfour\xE2\x94"); /* scrolled, and in the middle of a character */
    fb_console_clear(&f->console);
    model_text_show(&f->model, NULL, 0);
    expect_screen(f);
    console_print(f, "again");
    model_text_show(&f->model, (const uint8_t *)"again", 5);
    expect_screen(f);
    close_fixture(f);
}

static void a_moved_framebuffer_takes_what_comes_later(void **state)
{
    struct fixture *f = open_cells(10, 2);
    uint8_t *elsewhere = malloc(f->screen.n_bytes);

    (void)state;
    assert_non_null(elsewhere);
    console_print(f, "one\ntwo");
    memcpy(elsewhere, f->screen.pixels, f->screen.n_bytes);
    model_screen_scramble(&f->screen, 5);
    fb_console_move(&f->console, elsewhere);
    free(f->screen.pixels);
    f->screen.pixels = elsewhere;
    console_print(f, "\nthree");
    expect_row(f, 0, "two");
    expect_row(f, 1, "three");
    close_fixture(f);
}

static void code_points_ascend_and_glyphs_are_shared_where_they_look_the_same(void **state)
{
    (void)state;
    assert_true(font_n_code_points > 500);
    for (uint32_t i = 1; i < font_n_code_points; i++)
        assert_true(font_code_points[i - 1] < font_code_points[i]);
    for (uint32_t code = ' '; code <= '~'; code++)
        assert_int_equal(font_code_points[code - ' '], code);
    for (uint32_t i = 0; i < font_n_code_points; i++)
        assert_true(font_code_glyphs[i] <= i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_reads_back_from_the_pixels),
        cmocka_unit_test(a_line_of_exactly_the_width_leaves_no_empty_line),
        cmocka_unit_test(a_longer_line_wraps),
        cmocka_unit_test(scrolling_keeps_the_last_lines),
        cmocka_unit_test(tabs_and_returns_move_without_erasing),
        cmocka_unit_test(every_glyph_is_drawn_as_in_the_font),
        cmocka_unit_test(ill_formed_utf8_becomes_replacement_characters),
        cmocka_unit_test(sequences_split_between_writes_are_whole),
        cmocka_unit_test(random_text_agrees_with_the_model_in_every_format),
        cmocka_unit_test(random_text_agrees_with_the_model_on_every_size_of_screen),
        cmocka_unit_test(random_text_agrees_with_the_model_for_long),
        cmocka_unit_test(the_framebuffer_is_never_read_and_only_changes_are_drawn),
        cmocka_unit_test(colours_apply_to_what_is_written_later),
        cmocka_unit_test(lines_of_several_colours_scroll),
        cmocka_unit_test(clearing_starts_over),
        cmocka_unit_test(a_moved_framebuffer_takes_what_comes_later),
        cmocka_unit_test(code_points_ascend_and_glyphs_are_shared_where_they_look_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
