#include "memory_picture.h"

#define BACKGROUND 0x10141C
#define PICTURE_PERCENT 36 /* of the screen's height */

struct fb_area memory_picture_area(const struct framebuffer *fb)
{
    const uint32_t height = (uint32_t)((uint64_t)fb->height_px * PICTURE_PERCENT / 100);

    return (struct fb_area){ 0, fb->height_px - height, fb->width_px, height };
}

struct fb_area memory_picture_console_area(const struct framebuffer *fb)
{
    return (struct fb_area){ 0, 0, fb->width_px, fb->height_px - memory_picture_area(fb).height };
}

void memory_picture_draw(const struct framebuffer *fb, void *pixels, const struct region_map *map, struct pmm *pmm,
                         struct pmm_cpu *cpu)
{
    (void)map;
    (void)pmm;
    (void)cpu;
    fb_fill(fb, pixels, memory_picture_area(fb), BACKGROUND);
}
