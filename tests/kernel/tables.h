/* The page tables that the processor uses, read and, for what the loader does not map, added to. */
#ifndef TEST_KERNEL_TABLES_H
#define TEST_KERNEL_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"

#define IMAGE_WINDOW 0xFFFFFFFF80000000ull /* the top 2 GiB */

#define RIGHT_WRITE 1u
#define RIGHT_EXECUTE 2u
#define RIGHT_USER 4u
#define MEMORY_TYPE_SHIFT 8 /* what the PAT makes of it: MEMORY_TYPE_ */
#define MEMORY_TYPE_UC 0u
#define MEMORY_TYPE_WC 1u
#define MEMORY_TYPE_WB 6u
#define RIGHTS_WB_ALL (RIGHT_WRITE | RIGHT_EXECUTE | MEMORY_TYPE_WB << MEMORY_TYPE_SHIFT)
#define RIGHTS_WC_ALL (RIGHT_WRITE | RIGHT_EXECUTE | MEMORY_TYPE_WC << MEMORY_TYPE_SHIFT)

/* A run of pages with the same rights, contiguous both virtually and physically. */
struct mapping {
    uint64_t virt, phys, bytes;
    uint32_t rights;
};

struct mapping_list {
    struct mapping *items;
    size_t n, capacity;
    bool is_full;     /* something was left out */
    uint64_t n_small; /* of 4 KiB pages that are needed if each mapping appended is made on its own */
};

/* Appends; joins with the last one if they go on. */
void mapping_append(struct mapping_list *list, struct mapping mapping);

struct table_walk {
    struct mapping_list list;
    uint64_t n_tables, n_leaves[3]; /* outside the image: 4 KiB, 2 MiB, 1 GiB */
    uint64_t bad_table;             /* of a table in memory that is not the loader's; valid if has_bad_table */
    bool has_bad_table;
};

/* All that is mapped, by rising address. The list is the caller's. */
void tables_walk(struct context *context, uint64_t pat, struct table_walk *walk);

/* Where a virtual address lies physically; 0: nowhere. */
uint64_t tables_translate(const struct context *context, uint64_t virt);

/* Makes physical memory readable that the loader did not map; after all walks. */
void window_open(struct context *context);
/* A page, uncached, for good. */
volatile uint32_t *window_map_device(uint64_t phys);
/* Copies from physical memory. */
void window_read(uint64_t phys, void *to, size_t bytes);
uint8_t *window_page(uint64_t phys);

#endif
