/* A linear framebuffer, as the firmware's graphics output left it: plain data. */
#ifndef FRAMEBUFFER_H
#define FRAMEBUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/* Where one colour sits in a pixel: `bits` wide, its lowest bit at `shift`. bits == 0: the channel does not exist. */
struct pixel_channel {
    uint8_t shift;
    uint8_t bits;
};

struct framebuffer {
    struct phys_range memory; /* bytes == 0: there is no framebuffer, and nothing else here means anything */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t pitch_bytes;     /* from one row to the next; >= width_px * bits_per_pixel / 8 */
    uint32_t bits_per_pixel;  /* 16, 24 or 32 */
    struct pixel_channel red, green, blue;
};

static inline bool framebuffer_present(const struct framebuffer *fb) { return fb->memory.bytes != 0; }

/* "RGB" or "BGR" (byte order in memory) for 8-bit channels in the usual places, else "bit mask". */
const char *framebuffer_format_name(const struct framebuffer *fb);

/* The pixel value for a colour 0xRRGGBB; channels of other widths than 8 bits get the nearest shade. */
uint32_t framebuffer_pixel(const struct framebuffer *fb, uint32_t rgb);

#endif
