/* The PNG encoder when memory runs out: at any point, without a byte written beside what it was given. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "png_image.h"

enum { WIDTH = 61, HEIGHT = 23, ENOUGH = 1 << 20, STEP = 61 };

static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };

/* A picture with more in it than areas: so the compressor asks for memory often. */
static void draw(uint32_t *pixels)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
        state = state * 1664525 + 1013904223;
        pixels[i] = state >> 30 ? state >> 8 & 0x0F0F0F : state >> 8;
    }
}

/* The buffer is a block of its own, so that the sanitizer sees the byte after it. */
static enum png_status encode(size_t work_bytes, size_t *ret_bytes)
{
    static uint32_t pixels[WIDTH * HEIGHT];
    const struct png_image image = { pixels, WIDTH, HEIGHT, WIDTH * sizeof *pixels };
    uint8_t *work = malloc(work_bytes);
    const uint8_t *png = NULL;
    enum png_status status;

    draw(pixels);
    status = png_image_encode(&image, work, work_bytes, &png, ret_bytes);
    if (status == PNG_OK) {
        assert_true(png >= work && *ret_bytes <= (size_t)(work + work_bytes - png));
        assert_memory_equal(png, signature, sizeof signature);
    } else {
        assert_null(png);
    }
    free(work);
    return status;
}

static void memory_may_run_out_at_any_point(void **state)
{
    size_t bytes = 0, failures = 0, enough = STEP;

    (void)state;
    for (; encode(enough, &bytes) != PNG_OK; enough += STEP)
        failures++;
    assert_true(failures > 1000);
    assert_in_range(enough, bytes, ENOUGH);
}

static void a_failure_leaves_nothing_behind(void **state)
{
    size_t before = 0, after = 1;

    (void)state;
    assert_int_equal(encode(ENOUGH, &before), PNG_OK);
    assert_int_equal(encode(STEP, &after), PNG_NO_MEMORY);
    assert_int_equal(encode(ENOUGH, &after), PNG_OK);
    assert_int_equal(before, after);
}

static void work_is_told_for_good_sizes_alone(void **state)
{
    (void)state;
    assert_int_equal(png_image_work_bytes(0, 1), 0);
    assert_int_equal(png_image_work_bytes(1, 0), 0);
    assert_int_equal(png_image_work_bytes(PNG_SIDE_MAX + 1, 1), 0);
    assert_int_equal(png_image_work_bytes(PNG_SIDE_MAX, PNG_SIDE_MAX), 0);
    assert_true(png_image_work_bytes(1280, 800) > 1280 * 800 * 3);
    assert_true(png_image_work_bytes(7680, 4320) > 7680 * 4320 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_may_run_out_at_any_point),
        cmocka_unit_test(a_failure_leaves_nothing_behind),
        cmocka_unit_test(work_is_told_for_good_sizes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
