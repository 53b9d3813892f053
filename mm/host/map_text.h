/*
 * Memory maps as text, for people, tests and memmap-report:
 *
 *     # a comment: any text
 *     # desc_size=48 entries=2
 *     # phys_bits 36
 *     # image 0x3e1c5000 0x19
 *     # own 0x3e1c5000 102400 this program
 *     # type start pages attributes
 *     7 0x0 0xa0 0xf
 *     4 0x100000 0x700 0xf
 *
 * A row is one descriptor. Numbers are decimal, or hexadecimal after 0x. Of the lines that start with # these mean
 * something (but for the first only if a number follows, so that prose stays prose); each of them may be left out:
 *
 *     desc_size=BYTES entries=N     distance of descriptors, 40 to 4096 (else 48), and how many rows there must be
 *     phys_bits N                   address bits of the processor, 12 to 64 (else PHYS_BITS_MAX)
 *     image START PAGES             the loader itself: EXECUTABLE_AND_MODULES
 *     framebuffer START BYTES       FRAMEBUFFER
 *     hole START BYTES              no memory, whatever the rows say: RESERVED (HyperTransport)
 *     bad START BYTES               memory that does not work: BAD_MEMORY
 *     metadata START BYTES          where the allocator's metadata lies
 *     reserved START PAGES          what the loader took from the allocator once it ran: its stacks, tables, buffers
 *     own START BYTES USE           what was there because somebody looked: whole pages, and what they were for
 *
 * A text without rows is a map only if it announces that there are none.
 * Whole descriptors only: a map that ends inside one (ANOMALY_TRUNCATED) cannot be expressed.
 */
#ifndef MAP_TEXT_H
#define MAP_TEXT_H

#include <stddef.h>

#include "addr.h"
#include "compiler.h"
#include "firmware_map.h"
#include "map_subject.h"
#include "mem_region.h"

/* What whoever reads a text should be told besides: bits of map_text.notes. */
enum map_note {
    NOTE_FIRMWARE_PREFERRED, /* a log has both EFI's and the BIOS's lines */
    NOTE_LATER_MAPS,    /* there is a second map: of another boot or command, or of runtime memory alone */
    NOTE_LINES_MISSING, /* the numbers of a log's lines have gaps */
    MAP_NOTES
};

const char *map_note_text(enum map_note note);

/* What a text says of a memory map. Also what the readers of other formats make of theirs (map_readers.h). */
struct map_text {
    struct firmware_map map;
    struct region_claim *claims; /* images, framebuffers, holes and bad memory, as they came */
    size_t n_claims;
    unsigned phys_bits;
    struct phys_range metadata; /* bytes == 0: not given */
    struct frame_range *reserved;
    size_t n_reserved;
    struct own_range *own; /* `use` of each is malloc'ed */
    size_t n_own;
    bool without_attributes; /* the source knows none: every descriptor has WB alone */
    unsigned notes;
};

struct map_text_error {
    size_t line;        /* 1-based; 0: the text as a whole */
    const char *reason; /* "too few fields": static */
};

/*
 * text        any bytes at all, n of them; no NUL needed.
 * ret         on success the caller's, until map_text_free(). ret_error is written on failure only.
 */
MUST_CHECK bool map_text_parse(const char *text, size_t n, struct map_text *ret, struct map_text_error *ret_error);

#define MAP_TEXT_OWN_MAX 16 /* own ranges: reports compare each of them with each descriptor */
#define MAP_TEXT_USE_MAX 80 /* bytes of what they were for: reports print it beside each descriptor that has some */

/*
 * Adds an own range with a copy of the text that `use` points to, cut to MAP_TEXT_USE_MAX, in which control characters
 * become `?`; t->own has room for MAP_TEXT_OWN_MAX. Returns NULL, or what is wrong.
 */
MUST_CHECK const char *map_text_add_own(struct map_text *t, struct phys_range bytes, const char *use,
                                        size_t use_bytes);

/* The same for reports. It points into t. */
struct map_subject map_text_subject(const struct map_text *t);

void map_text_free(struct map_text *t);

#endif
