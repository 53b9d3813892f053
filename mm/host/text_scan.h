/*
 * A scanner for texts of lines and words: what all readers of memory maps have in common. The text is any bytes at all,
 * needs no NUL, and is never written to. Pure.
 */
#ifndef TEXT_SCAN_H
#define TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* A part of the text, [at, end). */
struct extent {
    const char *at;
    const char *end;
};

static inline size_t extent_bytes(struct extent e) { return (size_t)(e.end - e.at); }
static inline bool is_empty(struct extent e) { return e.at == e.end; }

/* Takes the next line off the text; without its newline, with its carriage return (which is_blank()). */
struct extent next_line(struct extent *text);

/* How often next_line() gives one. */
size_t count_lines(struct extent text);

/* Takes the next word off the line: what lies between blanks. Empty: there are no more. */
struct extent next_word(struct extent *line);

/* Takes off the line what comes before `separator`, and that; all of it if there is none. */
struct extent next_field(struct extent *line, char separator);

bool is_blank(char c);

/* Without blanks at its ends. */
struct extent trimmed(struct extent e);

/* Moves past the prefix if it is there. */
bool take_prefix(struct extent *e, const char *prefix);

bool extent_is(struct extent e, const char *text);
bool extent_is_any_case(struct extent e, const char *text); /* ASCII letters of either case are the same */

/* Moves behind the first occurrence of `text` in the line; false, and nothing moved: there is none. */
bool skip_past(struct extent *line, const char *text);

/* The value of a hexadecimal digit; UINT32_MAX: it is none. */
unsigned digit_value(char c);

/*
 * All of the word, which must be a number no greater than max; both return NULL, or what is wrong with it.
 * parse_number() takes decimal ones, and hexadecimal ones after 0x; parse_hex() takes hexadecimal ones, 0x or not.
 */
MUST_CHECK const char *parse_number(struct extent word, uint64_t max, uint64_t *ret);
MUST_CHECK const char *parse_hex(struct extent word, uint64_t *ret);

/* Takes the digits of a hexadecimal number off the line, 0x before them or not; returns NULL, or what is wrong. */
MUST_CHECK const char *take_hex(struct extent *line, uint64_t *ret);

/* A name that stands for a number: the key of a table of which the last name is NULL. */
struct named_number {
    const char *name;
    uint64_t number;
};

/* Looks the name up, whatever its case; false: the table has none such. */
bool find_name(const struct named_number *table, struct extent name, uint64_t *ret);

#endif
