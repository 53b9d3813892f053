/* What the readers have in common; private to them. */
#ifndef MAP_READER_H
#define MAP_READER_H

#include "map_readers.h"
#include "map_rows.h"
#include "text_scan.h"

/* A map in the making. Zeroed: none yet. */
struct map_reading {
    struct map_rows rows;
    unsigned notes;
    bool without_attributes;
    bool map_ended; /* nothing more is read */
    void *state;    /* of the reader */
};

/* The line begins another map, unless there is no row yet: that one is left out, and told of (NOTE_LATER_MAPS). */
void map_reading_begin_map(struct map_reading *reading);

/* For sources that are sorted and disjoint: a range that does not lie behind those before it begins another map. */
MUST_CHECK const char *map_reading_add_bytes(struct map_reading *reading, uint32_t type, uint64_t start, uint64_t last);

/* Reads a line; returns NULL (also if it is none of the format's), or what is wrong with it. */
typedef const char *map_line_reader(struct map_reading *reading, struct extent line);

/* Is this a line of the format: one that its reader does not skip? */
bool is_shell_line(struct extent line);
bool is_sfo_line(struct extent line);
bool is_efi_line(struct extent line);
bool is_e820_line(struct extent line);
bool is_iomem_line(struct extent line);

/*
 * Reads the text line by line; a map without a row is an error: `none` says what is missing. As map_text_parse().
 */
MUST_CHECK bool map_read_lines(struct map_reading *reading, struct extent text, map_line_reader *read_line,
                               const char *none, struct map_text *ret, struct map_text_error *ret_error);

/* Whole readers, as map_text_parse(). */
MUST_CHECK bool map_read_shell(struct extent text, struct map_text *ret, struct map_text_error *ret_error);
MUST_CHECK bool map_read_sfo(struct extent text, struct map_text *ret, struct map_text_error *ret_error);
MUST_CHECK bool map_read_dmesg(struct extent text, struct map_text *ret, struct map_text_error *ret_error);
MUST_CHECK bool map_read_iomem(struct extent text, struct map_text *ret, struct map_text_error *ret_error);
MUST_CHECK bool map_read_json(struct extent text, struct map_text *ret, struct map_text_error *ret_error);

/* dmesg: one of its two kinds of lines each. */
MUST_CHECK bool map_read_efi(struct extent text, unsigned notes, struct map_text *ret,
                             struct map_text_error *ret_error);
MUST_CHECK bool map_read_e820(struct extent text, struct map_text *ret, struct map_text_error *ret_error);

#endif
