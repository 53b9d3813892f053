#include "firmware_text.h"

size_t firmware_text(const char *text, char *copy, size_t capacity)
{
    size_t n = 0;

    while (*text == ' ')
        text++;
    for (; *text && n + 1 < capacity; text++)
        copy[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
    while (n && copy[n - 1] == ' ')
        n--;
    copy[n] = 0;
    return n;
}
