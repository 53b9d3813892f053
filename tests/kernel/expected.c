#include "expected.h"

#include "requests.h"

#define BLANKET_END (4 * GIB_BYTES)
#define FRAMEBUFFERS_MAX 8

#define TYPE_ALL 0x1FFu
#define TYPES_BEFORE_3 (TYPE_ALL & ~TYPE_BIT(LIMINE_MEMORY_RESERVED) & ~TYPE_BIT(LIMINE_MEMORY_BAD))
#define TYPES_3                                                                                                        \
    (TYPE_BIT(LIMINE_MEMORY_USABLE) | TYPE_BIT(LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE) |                                 \
     TYPE_BIT(LIMINE_MEMORY_EXECUTABLE_AND_MODULES) | TYPE_BIT(LIMINE_MEMORY_FRAMEBUFFER))
#define TYPES_FROM_4                                                                                                   \
    (TYPES_3 | TYPE_BIT(LIMINE_MEMORY_RESERVED_MAPPED) | TYPE_BIT(LIMINE_MEMORY_ACPI_RECLAIMABLE) |                    \
     TYPE_BIT(LIMINE_MEMORY_ACPI_NVS))

struct span {
    uint64_t start, end;
};

static unsigned mapped_types(uint64_t revision)
{
    switch (revision) {
    case 0: return TYPE_ALL;
    case 1:
    case 2: return TYPES_BEFORE_3;
    case 3: return TYPES_3;
    default: return TYPES_FROM_4;
    }
}

/* Outwards to pages. Limine 8.2.0 makes it 1 GiB above 4 GiB. */
static struct span span_of(const struct context *c, const struct limine_memory_map_entry *e)
{
    const uint64_t end = e->base + e->length;
    const bool is_coarse = c->is_limine_8 && end > BLANKET_END;
    const uint64_t start = is_coarse && e->base < BLANKET_END ? BLANKET_END : e->base;
    const uint64_t granule = is_coarse ? GIB_BYTES : PAGE;

    return (struct span){ round_down(start, granule), round_up(end, granule) };
}

/* Of the framebuffers: what lies there is write-combining. */
static size_t write_combining(const struct context *c, struct span *spans)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_entries && n < FRAMEBUFFERS_MAX; i++) {
        const struct limine_memory_map_entry *e = &c->entries[i];

        if (e->type == LIMINE_MEMORY_FRAMEBUFFER)
            spans[n++] = (struct span){ round_down(e->base, PAGE), round_up(e->base + e->length, PAGE) };
    }
    return n;
}

/* Appends [start, end), cut where the memory's type changes. */
static void append_typed(const struct context *c, struct mapping_list *list, uint64_t offset, struct span span)
{
    struct span wc[FRAMEBUFFERS_MAX];
    const size_t n = write_combining(c, wc);

    while (span.start < span.end) {
        uint64_t end = span.end;
        uint32_t rights = RIGHTS_WB_ALL;

        for (size_t i = 0; i < n; i++) {
            if (span.start >= wc[i].start && span.start < wc[i].end) {
                rights = RIGHTS_WC_ALL;
                end = end < wc[i].end ? end : wc[i].end;
            } else if (wc[i].start > span.start && wc[i].start < end) {
                end = wc[i].start;
            }
        }
        mapping_append(list, (struct mapping){ offset + span.start, span.start, end - span.start, rights });
        span.start = end;
    }
}

/*
 * The union of the entries of some types and, perhaps, of all below 4 GiB. The map is sorted, but for the rounding
 * that may let a span reach back: what has been appended already is not appended again.
 */
static void append_map(const struct context *c, struct mapping_list *list, uint64_t offset, unsigned types,
                       uint64_t blanket_start, bool has_blanket)
{
    uint64_t done = 0;

    if (has_blanket) {
        append_typed(c, list, offset, (struct span){ blanket_start, BLANKET_END });
        done = BLANKET_END;
    }
    for (size_t i = 0; i < c->n_entries; i++) {
        if (!(TYPE_BIT(c->entries[i].type) & types))
            continue;
        struct span span = span_of(c, &c->entries[i]);

        if (span.start < done)
            span.start = done;
        append_typed(c, list, offset, span);
        if (span.end > done)
            done = span.end;
    }
}

/* Page 0 stays out, so that a null pointer faults. */
void expected_identity(const struct context *c, struct mapping_list *list)
{
    append_map(c, list, 0, TYPE_ALL, PAGE, true);
}

void expected_direct_map(const struct context *c, struct mapping_list *list)
{
    append_map(c, list, c->hhdm, mapped_types(c->revision), 0, c->revision < 3);
}
