/*
 * Starts processors from a page and tables out of the allocator. Until it is on its stack a processor uses tables made
 * for this: the page and the image's text, one to one, both not writable, with a root below 4 GiB. So the kernel's own
 * tables never have executable memory outside the image.
 */
#ifndef START_H
#define START_H

#include "../memory.h"
#include "compiler.h"
#include "start_page.h"

/* Tables for the start: the page, the image's text, and what paging needs for each. */
#define START_TABLES_MAX 16

/* A start page in use, and its tables. */
struct start {
    struct memory *memory;
    frame_t page;
    struct start_page *at; /* in the HHDM */
    frame_t tables[START_TABLES_MAX];
    unsigned n_tables;
};

/*
 * Takes the page and the tables from the allocator, and fills them for processors like this one: same control
 * registers, same PAT. Returns false, with nothing taken, if there is no memory below 1 MiB or below 4 GiB.
 */
MUST_CHECK bool start_open(struct start *start, struct memory *memory);

/* Gives everything back. No processor may be on its way through the page. */
void start_close(struct start *start);

#endif
