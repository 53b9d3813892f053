#include "map_rows.h"

#include <stdlib.h>
#include <string.h>

static const char *grow(struct map_rows *r)
{
    const size_t capacity = r->capacity ? 2 * r->capacity : 64;
    struct firmware_descriptor *rows = reallocarray(r->rows, capacity, sizeof(*rows));

    if (!rows)
        return "out of memory";
    r->rows = rows;
    r->capacity = capacity;
    return NULL;
}

const char *map_rows_add(struct map_rows *r, uint32_t type, uint64_t start, uint64_t pages, uint64_t attributes)
{
    const char *reason = r->n_rows == r->capacity ? grow(r) : NULL;

    if (!reason)
        r->rows[r->n_rows++] = (struct firmware_descriptor){
            .type = type, .start = start, .pages = pages, .attributes = attributes
        };
    return reason;
}

const char *map_rows_add_range(struct map_rows *r, uint32_t type, uint64_t start, uint64_t last, uint64_t attributes)
{
    const uint64_t bytes = last - start + 1; /* 0: nothing, as firmware writes descriptors without pages; or 2^64 */

    if (bytes && last < start)
        return "the range ends before it starts";
    if (bytes & PAGE_MASK)
        return "not whole pages";
    return map_rows_add(r, type, start, bytes >> PAGE_SHIFT, attributes);
}

/* Who wins a page: as enum region_type has it, for the types that such sources know. */
static unsigned strength(uint32_t type)
{
    switch (type) {
    case FIRMWARE_CONVENTIONAL:
        return 0;
    case FIRMWARE_ACPI_RECLAIM:
        return 1;
    case FIRMWARE_PERSISTENT:
        return 2;
    case FIRMWARE_ACPI_NVS:
        return 3;
    case FIRMWARE_MMIO:
        return 4;
    case FIRMWARE_UNUSABLE:
        return 6;
    default:
        return 5;
    }
}

/* Rounding made the last row longer than its bytes are. */
static void drop_last_page(struct map_rows *r)
{
    if (--r->rows[r->n_rows - 1].pages == 0)
        r->n_rows--;
}

const char *map_rows_add_bytes(struct map_rows *r, uint32_t type, uint64_t start, uint64_t last)
{
    const bool shrinks = type == FIRMWARE_CONVENTIONAL;
    uint64_t first = shrinks ? bytes_to_frames(start) : start >> PAGE_SHIFT;
    const uint64_t end = (last >> PAGE_SHIFT) + (!shrinks || (last & PAGE_MASK) == PAGE_MASK);
    const struct firmware_descriptor *before = r->n_rows ? &r->rows[r->n_rows - 1] : NULL;

    if (last < start)
        return "the range ends before it starts";
    r->last_byte = last;
    if (before && first + 1 == (before->start >> PAGE_SHIFT) + before->pages) {
        if (strength(type) > strength(before->type))
            drop_last_page(r);
        else
            first++;
    }
    return first < end ? map_rows_add(r, type, first << PAGE_SHIFT, end - first, FIRMWARE_ATTRIBUTE_WB) : NULL;
}

const char *map_rows_lay_out(const struct map_rows *r, uint64_t stride, struct firmware_map *ret)
{
    unsigned char *descriptors = calloc(r->n_rows + 1, stride);

    if (!descriptors)
        return "out of memory";
    for (size_t i = 0; i < r->n_rows; i++)
        memcpy(descriptors + i * stride, &r->rows[i], sizeof(r->rows[i]));
    *ret = (struct firmware_map){ descriptors, r->n_rows * stride, stride };
    return NULL;
}

void map_rows_free(struct map_rows *r)
{
    free(r->rows);
}
