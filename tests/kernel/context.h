/* What the checks share: filled from the responses, in this order, before any check that uses it. */
#ifndef TEST_KERNEL_CONTEXT_H
#define TEST_KERNEL_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "limine_protocol.h"

#define PAGE 0x1000ull
#define GIB_BYTES (1ull << 30)

#define MAP_ENTRIES_MAX 4096
#define REGIONS_MAX 512

/* Memory that the loader gave: every two of them must be disjoint. */
struct region {
    uint64_t start, end;
    const char *what;
};

struct context {
    uint64_t revision;
    bool is_limine_8;
    uint64_t hhdm;
    uint64_t root; /* physical address of the page tables' root */
    unsigned levels;
    struct limine_memory_map_entry entries[MAP_ENTRIES_MAX]; /* a copy */
    size_t n_entries;
    struct region regions[REGIONS_MAX]; /* physical; noted by the checks that meet them */
    size_t n_regions;
};

static inline uint64_t round_down(uint64_t value, uint64_t to) { return value & ~(to - 1); }
static inline uint64_t round_up(uint64_t value, uint64_t to) { return (value + to - 1) & ~(to - 1); }

/* Bit n: entries of type n. */
#define TYPE_BIT(type) (1u << (type))

/* Whether all these bytes of physical memory lie in entries of these types. */
bool map_covers(const struct context *context, uint64_t start, uint64_t bytes, unsigned types);
/* Whether any of them does. */
bool map_touches(const struct context *context, uint64_t start, uint64_t bytes, unsigned types);

/* Whether a pointer of the loader's is one into the direct map, and into memory that may be reclaimed. */
bool is_handed_over(const struct context *context, uint64_t pointer, uint64_t bytes);
bool is_text_handed_over(const struct context *context, uint64_t pointer);

void note_region(struct context *context, uint64_t start, uint64_t bytes, const char *what);

#endif
