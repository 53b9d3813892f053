#include "sample.h"

#define BITS_PER_PIXEL 32

/* Whatever order the adapter has its colours in. 0..255 each. */
static uint32_t colour(const struct limine_framebuffer *s, uint64_t red, uint64_t green, uint64_t blue)
{
    return (uint32_t)(red << s->red_shift | green << s->green_shift | blue << s->blue_shift);
}

static uint32_t pixel(const struct limine_framebuffer *s, uint64_t x, uint64_t y, uint64_t free_width)
{
    const bool in_bar = y > s->height * 4 / 9 && y < s->height * 5 / 9;

    if (in_bar)
        return x < free_width ? colour(s, 80, 200, 120) : colour(s, 200, 80, 80);
    return colour(s, 20, 30 + 40 * y / s->height, 60 + 120 * x / s->width);
}

void screen_draw(const struct limine_framebuffer *s, uint64_t free, uint64_t total)
{
    if (!s->address || s->bits_per_pixel != BITS_PER_PIXEL || !total)
        return;
    for (uint64_t y = 0; y < s->height; y++) {
        uint32_t *row = virt_pointer(virt_addr(s->address + y * s->pitch));

        for (uint64_t x = 0; x < s->width; x++)
            row[x] = pixel(s, x, y, s->width * free / total);
    }
}
