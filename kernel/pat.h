/*
 * The page attribute table as include/paging.h has it, in every processor that runs here.
 */
#ifndef PAT_H
#define PAT_H

#include "paging.h"

/* Intel SDM vol 3A, 12.12.3 Selecting a Memory Type from the PAT. Entries 6 and 7: as after reset. */
#define PAT_UC 0x00ull
#define PAT_WC 0x01ull
#define PAT_WT 0x04ull
#define PAT_WP 0x05ull
#define PAT_WB 0x06ull
#define PAT_UC_MINUS 0x07ull
#define PAT_ENTRY(index, type) ((type) << ((index) * 8))

#define PAT                                                                                                            \
    (PAT_ENTRY(CACHE_WRITE_BACK, PAT_WB) | PAT_ENTRY(CACHE_WRITE_THROUGH, PAT_WT) | PAT_ENTRY(2, PAT_UC_MINUS) |       \
     PAT_ENTRY(CACHE_UNCACHED, PAT_UC) | PAT_ENTRY(CACHE_WRITE_PROTECTED, PAT_WP) |                                    \
     PAT_ENTRY(CACHE_WRITE_COMBINING, PAT_WC) | PAT_ENTRY(6, PAT_UC_MINUS) | PAT_ENTRY(7, PAT_UC))

#endif
