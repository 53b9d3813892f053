#include <stdio.h>
#include <stdlib.h>

#include "built_map.h"
#include "memmap_report.h"
#include "memory_picture.h"
#include "output.h"
#include "png_image.h"

#define WIDTH_DEFAULT 1280
#define HEIGHT_DEFAULT 800
#define PIXEL_BYTES 4

static int write_png(const char *name, struct png_image image)
{
    const size_t work_bytes = png_image_work_bytes(image.width_px, image.height_px);
    void *work = malloc(work_bytes);
    const uint8_t *png = NULL;
    size_t bytes = 0;
    bool ok = false;

    if (work && png_image_encode(&image, work, work_bytes, &png, &bytes) == PNG_OK)
        ok = output_write(name, png, bytes);
    else
        fprintf(stderr, "%s: no memory to make a PNG in\n", output_name(name));
    free(work);
    return ok ? EXIT_SUCCESS : EXIT_BAD_MAP;
}

static int draw(struct built_map *built, const struct report_arguments *arguments)
{
    const uint32_t width = arguments->width_px ? arguments->width_px : WIDTH_DEFAULT;
    const uint32_t height = arguments->height_px ? arguments->height_px : HEIGHT_DEFAULT;
    const uint32_t pitch = width * PIXEL_BYTES;
    void *pixels = calloc(height, pitch);
    const struct framebuffer fb = {
        .memory = { { 0 }, (uint64_t)height * pitch },
        .width_px = width,
        .height_px = height,
        .pitch_bytes = pitch,
        .bits_per_pixel = 8 * PIXEL_BYTES,
        .red = { 16, 8 },
        .green = { 8, 8 },
        .blue = { 0, 8 },
    };

    if (!pixels) {
        perror(built->name);
        return EXIT_BAD_MAP;
    }
    memory_picture_draw_area(&fb, pixels, (struct fb_area){ 0, 0, width, height }, &built->map,
                             built->has_allocator ? built->run.pmm : NULL,
                             built->has_allocator ? &built->run.cpu : NULL);
    const int result = write_png(arguments->output, (struct png_image){ pixels, width, height, pitch });
    free(pixels);
    return result;
}

int picture_file(const struct report_arguments *arguments, const struct map_subject *subject)
{
    struct built_map built;
    int result = EXIT_BAD_MAP;

    if (built_map_regions(&built, arguments->input, subject)) {
        const bool has_allocator = built_map_allocator(&built);
        result = draw(&built, arguments);
        if (!has_allocator)
            result = EXIT_BAD_MAP;
    }
    built_map_free(&built);
    return result;
}
