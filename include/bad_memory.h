/*
 * Ranges of memory that does not keep what is written to it, as text: `0x12345000-0x12347000, 0x80000000-0x80001000`.
 * The loader reads it (bad_memory: in limine.conf), the memory tester writes it. Pure.
 *
 *   range    START-END, each hexadecimal behind 0x, in either case, or decimal; END is exclusive, and at most 2^52
 *   text     any number of ranges, blanks and commas between them; blanks around the dash
 *
 * A range grows outward to whole pages: a frame with a bad byte is bad.
 */
#ifndef BAD_MEMORY_H
#define BAD_MEMORY_H

#include "addr.h"
#include "compiler.h"
#include "format.h"

#define BAD_MEMORY_RANGES_MAX 1024 /* that the loader takes, touching ones counted as one */

/* Whole pages, in ascending order; none touches another. */
struct bad_memory_list {
    struct phys_range *ranges; /* the caller's, with room for `capacity` */
    size_t n, capacity;
};

enum bad_memory_reason {
    BAD_MEMORY_OK,
    BAD_MEMORY_NUMBER,    /* something else where a number belongs, or behind it */
    BAD_MEMORY_TOO_LARGE, /* no processor has that address */
    BAD_MEMORY_DASH,      /* a number without the other one */
    BAD_MEMORY_EMPTY,     /* END is not above START */
    BAD_MEMORY_TOO_MANY,  /* list->capacity is not enough */
    BAD_MEMORY_REASONS
};

struct bad_memory_error {
    enum bad_memory_reason reason;
    size_t offset; /* in the text: where what is wrong begins */
};

/* A few words of plain English, lower case. */
const char *bad_memory_reason_text(enum bad_memory_reason reason);

/*
 * Adds the text's ranges to the list, which may hold some: of another key, say. A text without ranges adds none. Takes
 * time linear in the text, for any one capacity.
 *
 * False: *ret_error says why, and where; the list holds what was read up to there.
 */
MUST_CHECK bool bad_memory_parse(const char *text, size_t bytes, struct bad_memory_list *list,
                                 struct bad_memory_error *ret_error);

/*
 * Adds a range, grown to whole pages; nothing if it is empty. It must not wrap. False: there is no room, and the list
 * is as before.
 */
MUST_CHECK bool bad_memory_add(struct bad_memory_list *list, struct phys_range range);

/* Prints the ranges as bad_memory_parse() reads them, in one line without its end; nothing for none. */
void bad_memory_print(const struct sink *sink, const struct phys_range *ranges, size_t n);

#endif
