#include "text_scan.h"

#include <string.h>

struct extent next_line(struct extent *text)
{
    const size_t left = extent_bytes(*text);
    const char *newline = left ? memchr(text->at, '\n', left) : NULL;
    const struct extent line = { text->at, newline ? newline : text->end };

    text->at = newline ? newline + 1 : text->end;
    return line;
}

size_t count_lines(struct extent text)
{
    size_t n = 0;

    while (!is_empty(text)) {
        next_line(&text);
        n++;
    }
    return n;
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct extent next_word(struct extent *line)
{
    struct extent word;

    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    word.at = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    word.end = line->at;
    return word;
}

struct extent next_field(struct extent *line, char separator)
{
    const size_t left = extent_bytes(*line);
    const char *found = left ? memchr(line->at, separator, left) : NULL;
    const struct extent field = { line->at, found ? found : line->end };

    line->at = found ? found + 1 : line->end;
    return field;
}

struct extent trimmed(struct extent e)
{
    while (e.at < e.end && is_blank(*e.at))
        e.at++;
    while (e.end > e.at && is_blank(e.end[-1]))
        e.end--;
    return e;
}

bool take_prefix(struct extent *e, const char *prefix)
{
    const size_t length = strlen(prefix);

    if (extent_bytes(*e) < length || memcmp(e->at, prefix, length) != 0)
        return false;
    e->at += length;
    return true;
}

bool extent_is(struct extent e, const char *text)
{
    return take_prefix(&e, text) && is_empty(e);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool extent_is_any_case(struct extent e, const char *text)
{
    for (; !is_empty(e) && *text; e.at++, text++)
        if (lower(*e.at) != lower(*text))
            return false;
    return is_empty(e) && !*text;
}

bool skip_past(struct extent *line, const char *text)
{
    const size_t length = strlen(text);
    const char *found = is_empty(*line) ? NULL : memmem(line->at, extent_bytes(*line), text, length);

    if (found)
        line->at = found + length;
    return found;
}

unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A' + 10);
    return UINT32_MAX;
}

static const char *parse_digits(struct extent digits, unsigned base, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (is_empty(digits))
        return "a number is missing";
    for (; digits.at < digits.end; digits.at++) {
        const unsigned digit = digit_value(*digits.at);
        if (digit >= base)
            return "not a number";
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value) || value > max)
            return "number too large";
    }
    *ret = value;
    return NULL;
}

const char *parse_number(struct extent word, uint64_t max, uint64_t *ret)
{
    const unsigned base = take_prefix(&word, "0x") || take_prefix(&word, "0X") ? 16 : 10;

    return parse_digits(word, base, max, ret);
}

const char *parse_hex(struct extent word, uint64_t *ret)
{
    const char *reason = take_hex(&word, ret);

    return reason || is_empty(word) ? reason : "not a number";
}

const char *take_hex(struct extent *line, uint64_t *ret)
{
    struct extent digits;

    if (!take_prefix(line, "0x"))
        take_prefix(line, "0X");
    digits = (struct extent){ line->at, line->at };
    while (digits.end < line->end && digit_value(*digits.end) < 16)
        digits.end++;
    line->at = digits.end;
    return parse_digits(digits, 16, UINT64_MAX, ret);
}

bool find_name(const struct named_number *table, struct extent name, uint64_t *ret)
{
    for (; table->name; table++)
        if (extent_is_any_case(name, table->name)) {
            *ret = table->number;
            return true;
        }
    return false;
}
