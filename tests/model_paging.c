#include "model_paging.h"

#include <stdlib.h>

struct model_window model_window(uint64_t virt, uint64_t bytes)
{
    const size_t n_pages = bytes >> PAGE_SHIFT;

    return (struct model_window){ virt, n_pages, calloc(n_pages, sizeof(struct model_page)) };
}

void model_window_free(struct model_window *w) { free(w->pages); }

enum paging_status model_apply(struct model_window *w, const struct model_operation *o)
{
    for (size_t i = o->first; i < o->first + o->n; i++) {
        if (o->kind == MODEL_MAP && w->pages[i].mapped)
            return PAGING_MAPPED;
        if (o->kind == MODEL_PROTECT && !w->pages[i].mapped)
            return PAGING_NOT_MAPPED;
    }
    for (size_t i = o->first; i < o->first + o->n; i++) {
        struct model_page *page = &w->pages[i];

        if (o->kind == MODEL_MAP)
            page->phys = o->phys + (i - o->first) * PAGE_SIZE;
        page->mapped = o->kind != MODEL_UNMAP;
        page->rights = (uint8_t)o->rights;
        page->cache = (uint8_t)o->cache;
    }
    return PAGING_OK;
}

enum paging_status model_apply_real(struct paging *paging, const struct model_window *w,
                                    const struct model_operation *o)
{
    const virt_addr_t virt = virt_addr(w->virt + o->first * PAGE_SIZE);
    const uint64_t bytes = o->n * PAGE_SIZE;

    switch (o->kind) {
    case MODEL_MAP:
        return paging_map(paging, virt, phys_addr(o->phys), bytes, o->rights, o->cache);
    case MODEL_UNMAP:
        return paging_unmap(paging, virt, bytes);
    default:
        return paging_protect(paging, virt, bytes, o->rights, o->cache);
    }
}

static bool byte_agrees(const struct model_page *page, uint64_t virt, uint64_t offset, const struct paging *paging)
{
    const struct paging_translation t = paging_translate(paging, virt_addr(virt + offset));

    if (!page->mapped || !t.mapped)
        return page->mapped == t.mapped;
    return t.address.value == page->phys + offset && t.rights == page->rights && t.cache == page->cache;
}

bool model_agrees(const struct model_window *w, size_t first, size_t n, const struct paging *paging)
{
    for (size_t i = first; i < first + n; i++)
        if (!byte_agrees(&w->pages[i], w->virt + i * PAGE_SIZE, 0, paging) ||
            !byte_agrees(&w->pages[i], w->virt + i * PAGE_SIZE, PAGE_SIZE - 1, paging))
            return false;
    return true;
}
