/*
 * The physical memory as a picture: every region in its type's colour, the allocator's free and allocated frames
 * within the usable ones, a legend with sizes. Pure; draws into memory it is given.
 */
#ifndef MEMORY_PICTURE_H
#define MEMORY_PICTURE_H

#include "fb_draw.h"
#include "mem_region.h"
#include "pmm.h"

/* The part of the screen that the picture takes; the console gets the rest, above it. Good from 800x600 up. */
struct fb_area memory_picture_area(const struct framebuffer *fb);
struct fb_area memory_picture_console_area(const struct framebuffer *fb);

/* Draws into memory_picture_area(). pmm and cpu may be NULL: then usable memory is drawn without its frames. */
void memory_picture_draw(const struct framebuffer *fb, void *pixels, const struct region_map *map, struct pmm *pmm,
                         struct pmm_cpu *cpu);

#endif
