#include "model_screen.h"

#include <stdlib.h>
#include <string.h>

#include "font.h"
#include "glyph.h"

static const struct {
    uint32_t bits_per_pixel;
    struct pixel_channel red, green, blue;
} formats[MODEL_FORMATS] = {
    [MODEL_BGR32] = { 32, { 16, 8 }, { 8, 8 }, { 0, 8 } },
    [MODEL_RGB32] = { 32, { 0, 8 }, { 8, 8 }, { 16, 8 } },
    [MODEL_RGB30] = { 32, { 20, 10 }, { 10, 10 }, { 0, 10 } },
    [MODEL_BGR24] = { 24, { 16, 8 }, { 8, 8 }, { 0, 8 } },
    [MODEL_RGB565] = { 16, { 11, 5 }, { 5, 6 }, { 0, 5 } },
    [MODEL_RGB555] = { 16, { 10, 5 }, { 5, 5 }, { 0, 5 } },
};

static void *allocate(size_t n_bytes)
{
    void *memory = malloc(n_bytes);

    if (!memory)
        abort();
    return memory;
}

struct model_screen model_screen_make(enum model_format format, uint32_t width, uint32_t height, uint32_t pitch_extra)
{
    const uint32_t pixel_bytes = formats[format].bits_per_pixel / 8;
    struct model_screen screen = { .fb = {
        .width_px = width,
        .height_px = height,
        .pitch_bytes = width * pixel_bytes + pitch_extra,
        .bits_per_pixel = formats[format].bits_per_pixel,
        .red = formats[format].red,
        .green = formats[format].green,
        .blue = formats[format].blue,
    } };

    screen.n_bytes = height ? (size_t)screen.fb.pitch_bytes * (height - 1) + (size_t)width * pixel_bytes : 0;
    screen.fb.memory = (struct phys_range){ phys_addr(0x80000000), screen.n_bytes };
    screen.pixels = allocate(screen.n_bytes);
    model_screen_scramble(&screen, MODEL_FIRST_SEED);
    return screen;
}

void model_screen_free(struct model_screen *screen)
{
    free(screen->pixels);
}

void model_screen_scramble(struct model_screen *screen, uint32_t seed)
{
    for (size_t i = 0; i < screen->n_bytes; i++) {
        seed = seed * 1664525 + 1013904223;
        screen->pixels[i] = (uint8_t)(seed >> 24);
    }
}

uint32_t model_screen_pixel(const struct model_screen *screen, uint32_t x, uint32_t y)
{
    const size_t pixel_bytes = screen->fb.bits_per_pixel / 8;
    uint32_t pixel = 0;

    memcpy(&pixel, screen->pixels + (size_t)y * screen->fb.pitch_bytes + x * pixel_bytes, pixel_bytes);
    return pixel;
}

static uint32_t shade(struct pixel_channel channel, uint32_t value)
{
    return (uint32_t)(value * ((1u << channel.bits) - 1) / 255.0 + 0.5) << channel.shift;
}

uint32_t model_pixel(const struct model_screen *screen, uint32_t rgb)
{
    return shade(screen->fb.red, rgb >> 16 & 255) | shade(screen->fb.green, rgb >> 8 & 255) |
           shade(screen->fb.blue, rgb & 255);
}

static uint16_t find_glyph(uint32_t code_point)
{
    for (uint32_t i = 0; i < font_n_code_points; i++)
        if (font_code_points[i] == code_point)
            return font_code_glyphs[i];
    return find_glyph(0xFFFD);
}

bool model_lit(uint32_t code_point, unsigned scale, uint32_t x, uint32_t y)
{
    const uint16_t glyph = find_glyph(code_point);

    if (scale == 1)
        return glyph_rows(glyph, 1)[y] >> (7 - x) & 1; /* tests/host/test_font.py checks these */
    if (scale == 4) {
        x /= 2;
        y /= 2;
    }
    return glyph_rows(glyph, 2)[y * 2 + x / 8] >> (7 - x % 8) & 1;
}

/* The character in exactly n bytes, or UINT32_MAX if they are not one: bits put together, then judged. */
static uint32_t decode_exactly(const uint8_t *text, size_t n)
{
    static const struct { uint8_t mask, lead; uint32_t least; } forms[] = {
        { 0x80, 0x00, 0 }, { 0xE0, 0xC0, 0x80 }, { 0xF0, 0xE0, 0x800 }, { 0xF8, 0xF0, 0x10000 },
    };
    uint32_t code;

    if ((text[0] & forms[n - 1].mask) != forms[n - 1].lead)
        return UINT32_MAX;
    code = text[0] & (uint8_t)~forms[n - 1].mask;
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return UINT32_MAX;
        code = code << 6 | (text[i] & 0x3F);
    }
    if (code < forms[n - 1].least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return UINT32_MAX;
    return code;
}

/* Whether some well-formed character begins with these n bytes and is longer. */
static bool can_go_on(const uint8_t *text, size_t n)
{
    for (size_t length = n + 1; length <= 4; length++)
        for (unsigned filler = 0x80; filler <= 0xBF; filler += 0x3F) {
            uint8_t whole[4];

            memset(whole, (int)filler, sizeof(whole));
            memcpy(whole, text, n);
            if (decode_exactly(whole, length) != UINT32_MAX)
                return true;
        }
    return false;
}

size_t model_decode(const uint8_t *text, size_t n, uint32_t *ret_code)
{
    size_t length;

    for (length = 1; length <= 4 && length <= n; length++) {
        *ret_code = decode_exactly(text, length);
        if (*ret_code != UINT32_MAX)
            return length;
        if (!can_go_on(text, length))
            break;
    }
    *ret_code = 0xFFFD;
    if (length > n)
        return 0;
    return length > 1 ? length - 1 : 1;
}

struct model_text model_text_make(uint32_t columns, uint32_t rows)
{
    return (struct model_text){ columns, rows, 0, 0, allocate(sizeof(uint32_t) * columns * rows) };
}

void model_text_free(struct model_text *text)
{
    free(text->codes);
}

static void next_line(struct model_text *text)
{
    const size_t line = text->columns;

    text->column = 0;
    if (++text->row < text->rows)
        return;
    text->row--;
    memmove(text->codes, text->codes + line, sizeof(uint32_t) * line * (text->rows - 1));
    for (size_t i = 0; i < line; i++)
        text->codes[line * (text->rows - 1) + i] = ' ';
}

static void put(struct model_text *text, uint32_t code)
{
    if (code == '\n') {
        next_line(text);
    } else if (code == '\r') {
        text->column = 0;
    } else if (code == '\t') {
        do
            text->column++;
        while (text->column % 8 && text->column < text->columns);
        if (text->column > text->columns)
            text->column = text->columns;
    } else {
        if (text->column == text->columns)
            next_line(text);
        text->codes[(size_t)text->row * text->columns + text->column++] = code;
    }
}

void model_text_show(struct model_text *text, const uint8_t *bytes, size_t n)
{
    text->column = text->row = 0;
    for (size_t i = 0; i < (size_t)text->columns * text->rows; i++)
        text->codes[i] = ' ';
    while (n && text->columns && text->rows) {
        uint32_t code;
        const size_t length = model_decode(bytes, n, &code);

        if (!length)
            return;
        put(text, code);
        bytes += length;
        n -= length;
    }
}
