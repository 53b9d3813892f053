/* Bytes to lines: byte order mark, NUL, carriage returns, blanks, continuations and comments end here. */
#include "parser.h"

void config_bounds(const char *text, size_t bytes, size_t *ret_start, size_t *ret_end)
{
    static const char mark[] = { '\xef', '\xbb', '\xbf' };
    size_t start = 0, end;

    if (bytes >= sizeof mark && !__builtin_memcmp(text, mark, sizeof mark))
        start = sizeof mark;
    for (end = start; end < bytes && text[end]; end++)
        ;
    *ret_start = start;
    *ret_end = end;
}

static bool is_dropped(char c)
{
    return config_is_blank(c) || c == '\r';
}

/* Counts a line by its first character. One that may be joined with the next may turn out to be anything. */
static void count_line(struct config_counts *counts, char first)
{
    const bool open = first == '\\';

    counts->lines++;
    counts->options += first != '/';
    counts->entries += first == '/' || first == '$' || open;
    counts->macros += first == '$' || open;
}

struct config_counts config_count(const char *text, size_t bytes)
{
    struct config_counts counts = { 0 };
    size_t i, end;
    bool at_start = true;

    config_bounds(text, bytes, &i, &end);
    for (; i < end; i++) {
        if (at_start && !is_dropped(text[i]) && text[i] != '\n') {
            if (text[i] != '#')
                count_line(&counts, text[i]);
            at_start = false;
        }
        if (text[i] == '\n')
            at_start = true;
        if (text[i] == '$')
            counts.mentions_macros = true;
    }
    return counts;
}

/* Bytes of a line break at text[i], with the backslash that makes it none; 0: there is none. */
static size_t continuation_at(const char *text, size_t i, size_t end)
{
    size_t n = 1;

    if (text[i] != '\\')
        return 0;
    while (i + n < end && text[i + n] == '\r')
        n++;
    return i + n < end && text[i + n] == '\n' ? n + 1 : 0;
}

/* Copies one line from text[*i], which is left behind its end; returns where the copy ends. */
static char *copy_line(const char *text, size_t *i, size_t end, char *to, uint32_t *number)
{
    char *const start = to;

    for (; *i < end && text[*i] != '\n'; ++*i) {
        /* A comment that ends in a backslash, as drawings do, must not swallow the line below it. */
        const size_t joined = to > start && *start == '#' ? 0 : continuation_at(text, *i, end);

        if (joined) {
            *i += joined - 1;
            ++*number;
        } else if (text[*i] != '\r' && (to > start || !config_is_blank(text[*i]))) {
            *to++ = text[*i];
        }
    }
    while (to > start && config_is_blank(to[-1]))
        to--;
    return to;
}

void config_split(struct config_parser *parser, const char *text, size_t bytes, char *room)
{
    uint32_t number = 1;
    size_t i, end;

    for (config_bounds(text, bytes, &i, &end); i < end; i++, number++) {
        const uint32_t first = number;
        char *const after = copy_line(text, &i, end, room, &number);

        if (after == room || *room == '#')
            continue;
        *after = 0;
        parser->lines[parser->n_lines++] = (struct config_line){ room, (uint32_t)(after - room), first };
        room = after + 1;
    }
    if (end < bytes)
        config_warn(parser, CONFIG_ENDS_AT_NUL, i > end ? number - 1 : number, "", 0);
}
