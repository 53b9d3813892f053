#include "utf8.h"

#define CONTINUATION_BITS 6
#define CONTINUATION_MASK 0x3F
#define CONTINUATION_LOW 0x80
#define CONTINUATION_HIGH 0xBF

static void expect(struct utf8_decoder *decoder, uint32_t code, uint8_t left, uint8_t low, uint8_t high)
{
    *decoder = (struct utf8_decoder){ code, left, low, high };
}

/* A byte in first position. Narrower bounds of the second keep out what is overlong, a surrogate or too large. */
static unsigned decode_first(struct utf8_decoder *decoder, uint8_t byte, uint32_t *ret_code)
{
    *ret_code = byte;
    if (byte < 0x80)
        return 1;
    if (byte >= 0xC2 && byte <= 0xDF) {
        expect(decoder, byte & 0x1F, 1, CONTINUATION_LOW, CONTINUATION_HIGH);
        return 0;
    }
    if (byte >= 0xE0 && byte <= 0xEF) {
        expect(decoder, byte & 0x0F, 2, byte == 0xE0 ? 0xA0 : CONTINUATION_LOW,
               byte == 0xED ? 0x9F : CONTINUATION_HIGH);
        return 0;
    }
    if (byte >= 0xF0 && byte <= 0xF4) {
        expect(decoder, byte & 0x07, 3, byte == 0xF0 ? 0x90 : CONTINUATION_LOW,
               byte == 0xF4 ? 0x8F : CONTINUATION_HIGH);
        return 0;
    }
    *ret_code = UTF8_REPLACEMENT;
    return 1;
}

unsigned utf8_decode(struct utf8_decoder *decoder, uint8_t byte, uint32_t ret_codes[UTF8_CODES_MAX])
{
    if (!decoder->left)
        return decode_first(decoder, byte, ret_codes);
    if (byte < decoder->low || byte > decoder->high) {
        decoder->left = 0;
        ret_codes[0] = UTF8_REPLACEMENT;
        return 1 + decode_first(decoder, byte, ret_codes + 1);
    }
    expect(decoder, decoder->code << CONTINUATION_BITS | (byte & CONTINUATION_MASK), (uint8_t)(decoder->left - 1),
           CONTINUATION_LOW, CONTINUATION_HIGH);
    ret_codes[0] = decoder->code;
    return decoder->left == 0;
}
