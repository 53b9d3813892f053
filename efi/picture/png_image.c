#include "png_image.h"

#include "addr.h"

#define PIXEL_BYTES 4
#define RGB_BYTES 3
#define BLOCK_ALIGN 16u

/* What the compressor keeps about what it has seen: a table, and some places for each of its entries in use. */
#define COMPRESSOR_BYTES (16384 * sizeof(void *) + KIB(512))

/*
 * The library asks for memory until there is none, and would write through the NULL that it then got: so the way out
 * is a jump back to png_image_encode(). Nothing is freed before the end; what grows is little beside the pixels.
 */
struct arena {
    uint8_t *next;
    size_t left;
    void *no_memory[5]; /* for __builtin_setjmp() */
};

/* The library's calls for memory carry no context. */
static struct arena *arena;

[[gnu::noinline]] static void *arena_take(size_t bytes)
{
    const size_t padding = -(uintptr_t)arena->next % BLOCK_ALIGN;

    if (padding > arena->left || bytes > arena->left - padding)
        __builtin_longjmp(arena->no_memory, 1);

    void *block = arena->next + padding;

    arena->next += padding + bytes;
    arena->left -= padding + bytes;
    return block;
}

static void *arena_grow(void *old, size_t old_bytes, size_t bytes)
{
    void *block = arena_take(bytes);

    if (old)
        __builtin_memcpy(block, old, old_bytes);
    return block;
}

/* PNG 3rd edition, 5.5 CRC algorithm. A table would be as large as all the rest of the encoder's data. */
static uint32_t crc32(const uint8_t *data, int bytes)
{
    uint32_t crc = ~0u;

    for (int i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/*
 * stb_image_write.h (public domain or MIT; Debian: libstb-dev). Its other formats, some with floating point, are static
 * and unused, and gone before code is made of them: this file, too, can be compiled without vector registers.
 */
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(condition) ((void)0)
#define STBIW_MALLOC(bytes) arena_take((size_t)(bytes))
#define STBIW_REALLOC_SIZED(old, old_bytes, bytes) arena_grow(old, (size_t)(old_bytes), (size_t)(bytes))
#define STBIW_FREE(block) ((void)(block))
#define STBIW_CRC32(data, bytes) crc32(data, bytes)
#pragma GCC diagnostic ignored "-Wunused-function" /* reported at the end of the file */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stdlib.h>
#define abs __builtin_abs /* freestanding: there is no other */
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

static bool size_is_good(uint32_t width_px, uint32_t height_px)
{
    return width_px && height_px && width_px <= PNG_SIDE_MAX && height_px <= PNG_SIDE_MAX &&
           (uint64_t)width_px * height_px * RGB_BYTES <= PNG_BYTES_MAX;
}

size_t png_image_work_bytes(uint32_t width_px, uint32_t height_px)
{
    const size_t row = (size_t)width_px * RGB_BYTES + 1; /* with its filter's number */

    return size_is_good(width_px, height_px) ? row * height_px * 5 / 4 + row + COMPRESSOR_BYTES : 0;
}

/* In place: what is written never passes what is read. */
static void pack_pixels(const struct png_image *image)
{
    uint8_t *to = image->pixels;

    for (uint32_t y = 0; y < image->height_px; y++) {
        const uint8_t *from = (const uint8_t *)image->pixels + (size_t)y * image->pitch_bytes;

        for (uint32_t x = 0; x < image->width_px; x++, from += PIXEL_BYTES, to += RGB_BYTES) {
            const uint8_t blue = from[0], green = from[1], red = from[2];

            to[0] = red;
            to[1] = green;
            to[2] = blue;
        }
    }
}

/* Apart from the function that is jumped back to, which can keep nothing in registers. */
[[gnu::noinline]] static const uint8_t *encode(const struct png_image *image, int *ret_bytes)
{
    return stbi_write_png_to_mem(image->pixels, 0, (int)image->width_px, (int)image->height_px, RGB_BYTES, ret_bytes);
}

enum png_status png_image_encode(const struct png_image *image, void *work, size_t work_bytes, const uint8_t **ret_png,
                                 size_t *ret_bytes)
{
    struct arena here = { .next = work, .left = work_bytes };
    const uint8_t *png;
    int bytes = 0;

    if (!size_is_good(image->width_px, image->height_px) || image->pitch_bytes / PIXEL_BYTES < image->width_px)
        return PNG_BAD_SIZE;
    arena = &here;
    if (__builtin_setjmp(here.no_memory))
        return PNG_NO_MEMORY;
    pack_pixels(image);
    png = encode(image, &bytes);
    *ret_png = png;
    *ret_bytes = (size_t)bytes;
    return PNG_OK;
}
