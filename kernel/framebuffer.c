#include "framebuffer.h"

#define COLOUR_BITS 8
#define COLOUR_MAX 0xFFu
#define PIXEL_BITS_MAX 32

static bool channel_is_byte(struct pixel_channel channel, unsigned byte)
{
    return channel.bits == COLOUR_BITS && channel.shift == byte * COLOUR_BITS;
}

const char *framebuffer_format_name(const struct framebuffer *fb)
{
    if (channel_is_byte(fb->green, 1)) {
        if (channel_is_byte(fb->red, 0) && channel_is_byte(fb->blue, 2))
            return "RGB";
        if (channel_is_byte(fb->blue, 0) && channel_is_byte(fb->red, 2))
            return "BGR";
    }
    return "bit mask";
}

/* A shade of 0-255 in the place of its channel. What the firmware claims beyond the pixel's 32 bits is cut off. */
static uint32_t channel_value(struct pixel_channel channel, uint32_t shade)
{
    if (channel.shift >= PIXEL_BITS_MAX || channel.bits > PIXEL_BITS_MAX)
        return 0;

    const uint64_t shade_max = ((uint64_t)1 << channel.bits) - 1;
    const uint64_t scaled = (shade * shade_max + COLOUR_MAX / 2) / COLOUR_MAX;

    return (uint32_t)(scaled << channel.shift);
}

uint32_t framebuffer_pixel(const struct framebuffer *fb, uint32_t rgb)
{
    return channel_value(fb->red, rgb >> 2 * COLOUR_BITS & COLOUR_MAX) |
           channel_value(fb->green, rgb >> COLOUR_BITS & COLOUR_MAX) | channel_value(fb->blue, rgb & COLOUR_MAX);
}
