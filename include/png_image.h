/*
 * Pixels to a PNG file in memory (PNG 3rd edition, 5 Datastream structure): 8 bits each of red, green and blue, not
 * interlaced. A library does the work, stb_image_write.h. Pure; not reentrant: its allocator has no context.
 */
#ifndef PNG_IMAGE_H
#define PNG_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

#define PNG_SIDE_MAX 32768u
#define PNG_BYTES_MAX (1u << 28) /* of the pixels, three bytes each */

struct png_image {
    void *pixels; /* 0x00RRGGBB, little-endian; rows from the top. Packed to three bytes each, and so spoilt */
    uint32_t width_px, height_px;
    uint32_t pitch_bytes; /* from one row to the next, >= 4 * width_px */
};

enum png_status {
    PNG_OK,
    PNG_BAD_SIZE,  /* a side that is 0, too long, or longer than the pitch; too many pixels */
    PNG_NO_MEMORY, /* the work buffer is too small */
};

/*
 * A work buffer for pictures that are mostly areas of one colour; noise needs up to 6 MiB and 6 bytes for each of the
 * pixels' three. 0 for a size that is refused.
 */
size_t png_image_work_bytes(uint32_t width_px, uint32_t height_px);

/*
 * work        of any alignment, apart from the pixels; arbitrary afterwards, but for the file.
 * ret_png     the file, in `work`, and ret_bytes its length. Both are written on PNG_OK alone.
 */
MUST_CHECK enum png_status png_image_encode(const struct png_image *image, void *work, size_t work_bytes,
                                            const uint8_t **ret_png, size_t *ret_bytes);

#endif
