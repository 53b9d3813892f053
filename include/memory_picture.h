/*
 * The physical memory as a picture: squares in address order, one for each block of equal size, every region in its
 * type's colour, the allocator's free and allocated frames within the usable ones, a legend with sizes. Pure; draws
 * into memory it is given.
 *
 *   Physical memory: 255 MB    one square is 128 KB                     . stretch left out
 *         0x0  # # # # # # # # # # # # # # # # # # # # # # # #     #  USABLE, free           239 MB
 *              # # # # # # # # # # # # # # # # # # # # # # # #     #  USABLE, allocated       12 MB
 *    0x600000  # # # # # # # # # # # # # # # # # # # # # # # #     #  ACPI_NVS             2048 KB
 */
#ifndef MEMORY_PICTURE_H
#define MEMORY_PICTURE_H

#include "fb_draw.h"
#include "mem_region.h"
#include "pmm.h"

#define MEMORY_PICTURE_BACKGROUND 0x101418

/*
 * The part of the screen that the picture takes, at its bottom, and the part for the console above it: whole rows of
 * text, and a margin. Good from 800x600 (98 columns, 24 rows) up; on smaller screens both shrink to nothing.
 */
struct fb_area memory_picture_area(const struct framebuffer *fb);
struct fb_area memory_picture_console_area(const struct framebuffer *fb);

/*
 * Draws into memory_picture_area(). pmm and cpu may be NULL: then usable memory is drawn without its frames. Costs a
 * walk over the regions and the allocator's free runs.
 */
void memory_picture_draw(const struct framebuffer *fb, void *pixels, const struct region_map *map, struct pmm *pmm,
                         struct pmm_cpu *cpu);

/* The same anywhere on the framebuffer: in an area as wide as it, of any height. */
void memory_picture_draw_area(const struct framebuffer *fb, void *pixels, struct fb_area area,
                              const struct region_map *map, struct pmm *pmm, struct pmm_cpu *cpu);

/* The legend's colour of a region type, 0xRRGGBB; REGION_USABLE: of its free frames. */
uint32_t memory_picture_colour(enum region_type type);

#define MEMORY_PICTURE_ALLOCATED 0xE5B567 /* the colour of usable memory's allocated frames */

#endif
