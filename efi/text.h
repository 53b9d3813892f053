/* NUL-terminated text. Private to efi/. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t text_bytes(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

/* Whether `text` is `word`, which is lower case, whatever the case of the text. */
static inline bool text_same(const char *text, const char *word)
{
    for (; *text && *word; text++, word++)
        if ((*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text) != *word)
            return false;
    return !*text && !*word;
}

#endif
