/* Between the files of the parser of limine.conf; see config.h for the whole. */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "config.h"

/* A line, trimmed, its continuations joined; NUL-terminated in the workspace, and ours to change. */
struct config_line {
    char *text;
    uint32_t bytes;
    uint32_t number;
};

struct config_macro {
    const char *name; /* not terminated */
    const char *text; /* NUL-terminated */
    uint32_t name_bytes, text_bytes;
    uint32_t line; /* 0: built in */
    bool busy;     /* being replaced: whoever meets it again has gone in a circle */
};

/* What a text can hold at most. */
struct config_counts {
    size_t lines, macros, entries, options;
    bool mentions_macros;
};

struct config_parser {
    struct config_line *lines;
    size_t n_lines;
    struct config_macro *macros; /* sorted by name; of equal names the one that counts is the last */
    size_t n_macros;
    char *expanded, *expanded_end; /* where replaced lines go */
    size_t steps_left;             /* bytes of macro texts that may still be read */
    struct config_option *options;
    size_t n_options;
    struct config_entry *entries;
    size_t n_entries;
    struct config_error *warnings;
    size_t n_warnings;
    struct config_error *error;
};

#define CONFIG_MACROS_BUILT_IN 3

/* ---- notes.c ---- */

/* Fills in *ret; value is cut to what fits. */
void config_note(struct config_error *ret, enum config_reason reason, uint32_t line, const char *value, size_t bytes);
/* The same as the next warning. */
void config_warn(struct config_parser *parser, enum config_reason reason, uint32_t line, const char *value,
                 size_t bytes);
/* The same as the error; false, for `return`. */
bool config_refuse(struct config_parser *parser, enum config_reason reason, uint32_t line, const char *value,
                   size_t bytes);

/* ---- lines.c ---- */

/* Where the text begins, behind a byte order mark, and ends, at a NUL byte if it has one. */
void config_bounds(const char *text, size_t bytes, size_t *ret_start, size_t *ret_end);
struct config_counts config_count(const char *text, size_t bytes);
/* Cuts the text into parser->lines. `room` takes bytes + 1 bytes. Blank lines and comments are left out. */
void config_split(struct config_parser *parser, const char *text, size_t bytes, char *room);

/* ---- macro.c ---- */

/* Takes the definitions out of parser->lines. */
void config_collect_macros(struct config_parser *parser);
/* Replaces the macros of a line, which is changed to point to the result. False: *parser->error says why. */
MUST_CHECK bool config_expand(struct config_parser *parser, struct config_line *line);

/* ---- tree.c ---- */

/* Makes entries and options of the lines, whose macros are replaced. */
void config_build(struct config_parser *parser, struct config *ret);

/* ---- keys.c ---- */

enum config_scope { CONFIG_SCOPE_NONE, CONFIG_SCOPE_GLOBAL, CONFIG_SCOPE_ENTRY, CONFIG_SCOPE_BOTH };

/* Where a key (lower case) of the format belongs. */
enum config_scope config_key_scope(const char *key);

/* ---- text.c ---- */

static inline bool config_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool config_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char config_lower(char c);
bool config_same(const char *a, const char *b);             /* exactly */
bool config_same_any_case(const char *text, const char *lower); /* `lower` is lower case */
size_t config_length(const char *text);

#endif
