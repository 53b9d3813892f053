#include "context.h"

#define TEXT_BYTES_MAX 0x10000

bool map_covers(const struct context *context, uint64_t start, uint64_t bytes, unsigned types)
{
    const uint64_t end = start + bytes;

    for (size_t i = 0; i < context->n_entries && start < end; i++) {
        const struct limine_memory_map_entry *e = &context->entries[i];

        if (types & TYPE_BIT(e->type) && start >= e->base && start - e->base < e->length)
            start = e->base + e->length;
    }
    return start >= end;
}

bool map_touches(const struct context *context, uint64_t start, uint64_t bytes, unsigned types)
{
    for (size_t i = 0; i < context->n_entries; i++) {
        const struct limine_memory_map_entry *e = &context->entries[i];

        if (types & TYPE_BIT(e->type) && e->base < start + bytes && start < e->base + e->length)
            return true;
    }
    return false;
}

bool is_handed_over(const struct context *context, uint64_t pointer, uint64_t bytes)
{
    return pointer >= context->hhdm && map_covers(context, pointer - context->hhdm, bytes,
                                                  TYPE_BIT(LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE));
}

bool is_text_handed_over(const struct context *context, uint64_t pointer)
{
    for (uint64_t i = 0; i < TEXT_BYTES_MAX; i++) {
        if (((pointer + i) % PAGE == 0 || i == 0) && !is_handed_over(context, pointer + i, 1))
            return false;
        if (!((const char *)pointer)[i])
            return true;
    }
    return false;
}

void note_region(struct context *context, uint64_t start, uint64_t bytes, const char *what)
{
    if (context->n_regions < REGIONS_MAX)
        context->regions[context->n_regions++] = (struct region){ start, start + bytes, what };
}
