/*
 * What page tables must translate to, page by page: an array for each window of the address space. Shares no code and
 * no idea with mm/paging*.c.
 */
#ifndef MODEL_PAGING_H
#define MODEL_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paging.h"

struct model_page {
    uint64_t phys; /* of the page */
    bool mapped;
    uint8_t rights;
    uint8_t cache;
};

/* Pages [virt, virt + n_pages * 4 KiB) */
struct model_window {
    uint64_t virt;
    size_t n_pages;
    struct model_page *pages;
};

struct model_window model_window(uint64_t virt, uint64_t bytes);
void model_window_free(struct model_window *w);

/* One operation, on pages [first, first + n) of a window. */
struct model_operation {
    enum { MODEL_MAP, MODEL_UNMAP, MODEL_PROTECT, MODEL_OPERATIONS } kind;
    size_t first, n;
    uint64_t phys;
    unsigned rights;
    enum cache_type cache;
};

/* What the operation must return while there are tables to take; the model changes only on PAGING_OK. */
enum paging_status model_apply(struct model_window *w, const struct model_operation *o);

/* The same operation on real tables. */
enum paging_status model_apply_real(struct paging *paging, const struct model_window *w,
                                    const struct model_operation *o);

/* Whether the tables translate pages [first, first + n) as the model does, their first and last bytes included. */
bool model_agrees(const struct model_window *w, size_t first, size_t n, const struct paging *paging);

#endif
