#include "parser.h"

char config_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool config_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

bool config_same_any_case(const char *text, const char *lower)
{
    while (*text && config_lower(*text) == *lower)
        text++, lower++;
    return *text == *lower;
}

size_t config_length(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}
