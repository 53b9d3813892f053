/*
 * A screen to draw on whose every byte is watched, and a dumb terminal: what text ought to look like, worked out
 * slowly from the whole of it.
 */
#ifndef MODEL_SCREEN_H
#define MODEL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fb_draw.h"
#include "framebuffer.h"

/* Pixel formats that firmware is known to offer. */
enum model_format {
    MODEL_BGR32,
    MODEL_RGB32,
    MODEL_RGB30, /* ten bits a channel */
    MODEL_BGR24,
    MODEL_RGB565,
    MODEL_RGB555,
    MODEL_FORMATS
};

/* The framebuffer's bytes lie on the heap and end with the last pixel, so that the sanitizer sees a byte too many. */
struct model_screen {
    struct framebuffer fb;
    uint8_t *pixels;
    size_t n_bytes;
};

#define MODEL_FIRST_SEED 1

/* All bytes are scrambled with MODEL_FIRST_SEED, so that whatever is not drawn stands out. pitch_extra: bytes between
 * rows. */
struct model_screen model_screen_make(enum model_format format, uint32_t width, uint32_t height, uint32_t pitch_extra);
void model_screen_free(struct model_screen *screen);

/* The screen's memory filled with pseudo-random bytes; the same for the same seed. */
void model_screen_scramble(struct model_screen *screen, uint32_t seed);

uint32_t model_screen_pixel(const struct model_screen *screen, uint32_t x, uint32_t y);

/* What a colour 0xRRGGBB should be as a pixel. */
uint32_t model_pixel(const struct model_screen *screen, uint32_t rgb);

/* Whether pixel (x, y) of the code point's cell is lit. */
bool model_lit(uint32_t code_point, unsigned scale, uint32_t x, uint32_t y);

/* Decodes the first character of n > 0 bytes; returns its length, or 0 if it may go on behind the end. */
size_t model_decode(const uint8_t *text, size_t n, uint32_t *ret_code);

/* A terminal as fb_console.h describes it. */
struct model_text {
    uint32_t columns, rows;
    uint32_t column, row;
    uint32_t *codes; /* rows * columns; blank cells are spaces */
};

struct model_text model_text_make(uint32_t columns, uint32_t rows);
void model_text_free(struct model_text *text);

/* Forgets everything, and takes in all n bytes; a character that the end cuts off is not there yet. */
void model_text_show(struct model_text *text, const uint8_t *bytes, size_t n);

#endif
