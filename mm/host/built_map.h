/*
 * What the loader's kernel makes of a memory map: its regions, and the allocator in them. Failures are printed on
 * standard error, with the file's name before them.
 */
#ifndef BUILT_MAP_H
#define BUILT_MAP_H

#include "dry_run.h"

struct built_map {
    const char *name; /* of the file: the caller's */
    struct map_subject subject;
    void *buffer;
    struct region_map map;
    void *metadata;
    bool has_allocator;
    struct dry_run run; /* if so */
};

/* The regions, as if boot services had ended. subject: what it points to is the caller's, and kept. */
MUST_CHECK bool built_map_regions(struct built_map *built, const char *name, const struct map_subject *subject);

/* Then the allocator, with what the file says is reserved. Do not move `built` afterwards. */
MUST_CHECK bool built_map_allocator(struct built_map *built);

/* Whatever became of the two. */
void built_map_free(struct built_map *built);

#endif
