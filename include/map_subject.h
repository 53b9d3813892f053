/* What a report on memory is about: one memory map, and what is known besides it. Plain data. */
#ifndef MAP_SUBJECT_H
#define MAP_SUBJECT_H

#include <stdbool.h>

#include "mem_region.h"

/* Memory that is as it is because somebody is looking: this image, the buffer for the map, the shell's file. */
struct own_range {
    struct phys_range bytes; /* whole pages */
    const char *use;         /* "this program", "buffer for the map" */
};

struct map_subject {
    struct firmware_map map;
    const struct region_claim *claims; /* as for region_normalize() */
    size_t n_claims;
    unsigned phys_bits;
    bool without_attributes; /* a source such as BIOS-e820 says nothing about caching: every descriptor has WB alone */
    struct phys_range metadata; /* where the allocator's metadata lies, or lay; bytes == 0: to be chosen */
    const struct frame_range *reserved; /* taken from the allocator since */
    size_t n_reserved;
    const struct own_range *own;
    size_t n_own;
};

#endif
