#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "blake2b.h"

static void digest_of(const void *data, size_t n, uint8_t ret[BLAKE2B_BYTES])
{
    struct blake2b hash;

    blake2b_init(&hash);
    blake2b_update(&hash, data, n);
    blake2b_final(&hash, ret);
}

/* RFC 7693, Appendix A. Example of BLAKE2b Computation. */
static void the_example_of_the_rfc_comes_out(void **state)
{
    static const uint8_t expected[BLAKE2B_BYTES] = {
        0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d, 0x6a, 0x27, 0x97, 0xb6, 0x9f, 0x12, 0xf6, 0xe9,
        0x4c, 0x21, 0x2f, 0x14, 0x68, 0x5a, 0xc4, 0xb7, 0x4b, 0x12, 0xbb, 0x6f, 0xdb, 0xff, 0xa2, 0xd1,
        0x7d, 0x87, 0xc5, 0x39, 0x2a, 0xab, 0x79, 0x2d, 0xc2, 0x52, 0xd5, 0xde, 0x45, 0x33, 0xcc, 0x95,
        0x18, 0xd3, 0x8a, 0xa8, 0xdb, 0xf1, 0x92, 0x5a, 0xb9, 0x23, 0x86, 0xed, 0xd4, 0x00, 0x99, 0x23,
    };
    uint8_t digest[BLAKE2B_BYTES];

    (void)state;
    digest_of("abc", 3, digest);
    assert_memory_equal(digest, expected, sizeof digest);
}

/* A digest of the digests of inputs of many lengths; its first bytes by Python's hashlib. */
static void many_lengths_give_the_known_grand_digest(void **state)
{
    static const size_t lengths[] = { 0, 1, 3, 63, 64, 127, 128, 129, 255, 256, 257, 1000, 1024 };
    static const uint8_t expected[8] = { 0x46, 0xbd, 0xb2, 0xda, 0x06, 0x1c, 0xf2, 0x82 };
    uint8_t input[1024], digest[BLAKE2B_BYTES];
    struct blake2b grand;

    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(i * 7 + i / 256);
    blake2b_init(&grand);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        digest_of(input, lengths[i], digest);
        blake2b_update(&grand, digest, sizeof digest);
    }
    blake2b_final(&grand, digest);
    assert_memory_equal(digest, expected, sizeof expected);
}

static void how_the_bytes_come_makes_no_difference(void **state)
{
    enum { BYTES = 5 * BLAKE2B_BLOCK_BYTES };
    uint8_t whole[BLAKE2B_BYTES], pieces[BLAKE2B_BYTES];
    /* Without a byte to spare on either side: AddressSanitizer sees who reads on. */
    uint8_t *const input = malloc(BYTES);

    (void)state;
    for (size_t i = 0; i < BYTES; i++)
        input[i] = (uint8_t)(i ^ i >> 3);
    for (size_t n = 0; n <= BYTES; n += 1 + n / 64) {
        digest_of(input + BYTES - n, n, whole);
        for (size_t piece = 1; piece <= 300; piece += 1 + piece / 4) {
            struct blake2b hash;

            blake2b_init(&hash);
            for (size_t at = 0; at < n; at += piece)
                blake2b_update(&hash, input + BYTES - n + at, piece < n - at ? piece : n - at);
            blake2b_update(&hash, input, 0);
            blake2b_final(&hash, pieces);
            assert_memory_equal(whole, pieces, sizeof whole);
        }
    }
    free(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_comes_out),
        cmocka_unit_test(many_lengths_give_the_known_grand_digest),
        cmocka_unit_test(how_the_bytes_come_makes_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
