#include "firmware.h"
#include "utf8.h"

/* Characters per call of OutputString: each call has its price, and the stack its limits. */
#define PIECE_MAX 160

#define LAST_UCS2 0xFFFF

struct piece {
    SIMPLE_TEXT_OUTPUT_INTERFACE *out;
    CHAR16 text[PIECE_MAX + 3]; /* a character may become two, and the end is marked */
    size_t n;
};

static void flush(struct piece *piece)
{
    piece->text[piece->n] = 0;
    if (piece->n)
        piece->out->OutputString(piece->out, piece->text);
    piece->n = 0;
}

/* Titles and paths may hold anything, also what would move the cursor or clear the screen. */
static bool is_control(uint32_t code)
{
    return (code < ' ' && code != '\n' && code != '\r') || (code >= 0x7f && code < 0xa0);
}

/* The firmware's console takes UCS-2 and wants CR LF. */
static void put(struct piece *piece, uint32_t code)
{
    if (code == '\n')
        piece->text[piece->n++] = '\r';
    piece->text[piece->n++] = code > LAST_UCS2 || is_control(code) ? '?' : (CHAR16)code;
    if (piece->n >= PIECE_MAX)
        flush(piece);
}

void firmware_print_bytes(const struct firmware *fw, const char *text, size_t bytes)
{
    struct piece piece = { .out = fw->system->ConOut };
    struct utf8_decoder decoder = { 0 };
    uint32_t codes[UTF8_CODES_MAX];

    if (!piece.out || !piece.out->OutputString)
        return;
    for (size_t i = 0; i < bytes; i++) {
        const unsigned n = utf8_decode(&decoder, (uint8_t)text[i], codes);

        for (unsigned k = 0; k < n; k++)
            put(&piece, codes[k]);
    }
    flush(&piece);
}

void firmware_print(const struct firmware *fw, const char *text)
{
    size_t bytes = 0;

    while (text[bytes])
        bytes++;
    firmware_print_bytes(fw, text, bytes);
}
