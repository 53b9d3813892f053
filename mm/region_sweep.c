#include "region_sweep.h"

static void sift_down(union slot *spans, size_t root, size_t n)
{
    const struct span sinking = spans[root].span;

    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            break;
        if (child + 1 < n && spans[child + 1].span.start > spans[child].span.start)
            child++;
        if (spans[child].span.start <= sinking.start)
            break;
        spans[root].span = spans[child].span;
        root = child;
    }
    spans[root].span = sinking;
}

void span_sort(union slot *spans, size_t n)
{
    for (size_t root = n / 2; root-- > 0;)
        sift_down(spans, root, n);
    for (size_t end = n; end-- > 1;) {
        const struct span greatest = spans[0].span;
        spans[0].span = spans[end].span;
        spans[end].span = greatest;
        sift_down(spans, 0, end);
    }
}

/* Bytes that have one type throughout, on their way to become frames. */
struct piece {
    uint64_t start;
    uint64_t end;
    enum region_type type;
    uint32_t firmware_type; /* 0 unless REGION_UNKNOWN */
};

struct sweep {
    union slot *slots;
    size_t n_regions;

    /*
     * Of the spans read so far. A type holds exactly the bytes from here up to where its furthest span reaches, since
     * all of those began before: no span needs to be remembered.
     */
    uint64_t reach[REGION_TYPES];
    uint32_t unknown_type; /* of the REGION_UNKNOWN span that reaches furthest */

    /* A frame that several pieces share, and how many of its bytes have been seen. */
    struct piece shared;
    uint64_t shared_bytes;
};

/* Free memory, now or later: good only in whole frames. */
static bool is_free_type(enum region_type type)
{
    return type == REGION_USABLE || type == REGION_BOOTLOADER_RECLAIMABLE;
}

static bool is_stronger(const struct piece *a, const struct piece *b)
{
    return a->type != b->type ? a->type > b->type : a->firmware_type > b->firmware_type;
}

static void append_region(struct sweep *s, const struct piece *p)
{
    struct mem_region *last = s->n_regions ? &s->slots[s->n_regions - 1].region : NULL;

    if (last && last->end.value == p->start && last->type == p->type && last->firmware_type == p->firmware_type)
        last->end.value = p->end;
    else
        s->slots[s->n_regions++].region = (struct mem_region){ { p->start }, { p->end }, p->type, p->firmware_type };
}

static void finish_shared_frame(struct sweep *s)
{
    if (s->shared_bytes == PAGE_SIZE || (s->shared_bytes && !is_free_type(s->shared.type)))
        append_region(s, &s->shared);
    s->shared_bytes = 0;
}

static void add_to_shared_frame(struct sweep *s, const struct piece *p)
{
    const struct piece before = s->shared;

    s->shared = *p;
    if (s->shared_bytes && is_stronger(&before, p))
        s->shared = before;
    s->shared.start = align_down(p->start, PAGE_SIZE);
    s->shared.end = s->shared.start + PAGE_SIZE;
    s->shared_bytes += p->end - p->start;
}

/*
 * Splits a piece at frames:   | head |      body       | tail |    The head may share its frame with earlier pieces,
 *                         [.......][.......][.......][.......]     the tail with later ones.
 */
static void add_piece(struct sweep *s, struct piece p)
{
    const uint64_t end = p.end;

    if (s->shared_bytes && p.start >= s->shared.end)
        finish_shared_frame(s);
    if (p.start & PAGE_MASK) {
        const uint64_t frame_end = align_up(p.start, PAGE_SIZE);
        p.end = end < frame_end ? end : frame_end;
        add_to_shared_frame(s, &p);
        if (end < frame_end)
            return;
        finish_shared_frame(s);
        p.start = frame_end;
    }
    p.end = align_down(end, PAGE_SIZE);
    if (p.start < p.end)
        append_region(s, &p);
    if (p.end < end) {
        p.start = p.end;
        p.end = end;
        add_to_shared_frame(s, &p);
    }
}

/* The bytes [from, to), where no span begins: each goes to the strongest type that still reaches it. */
static void sweep_between(struct sweep *s, uint64_t from, uint64_t to)
{
    for (unsigned type = REGION_TYPES; type-- > 0 && from < to;) {
        if (s->reach[type] <= from)
            continue;
        const uint64_t end = s->reach[type] < to ? s->reach[type] : to;
        add_piece(s, (struct piece){ from, end, type, type == REGION_UNKNOWN ? s->unknown_type : 0 });
        from = end;
    }
}

static void read_span(struct sweep *s, const struct span *span)
{
    uint64_t *reach = &s->reach[span->type];

    if (span->type == REGION_UNKNOWN &&
        (span->end > *reach || (span->end == *reach && span->firmware_type > s->unknown_type)))
        s->unknown_type = span->firmware_type;
    if (span->end > *reach)
        *reach = span->end;
}

size_t span_sweep(union slot *slots, size_t n_spans)
{
    struct sweep s = { .slots = slots };

    for (size_t i = 0; i < n_spans; i++) {
        const struct span span = slots[n_spans + i].span;
        const uint64_t next_start = i + 1 < n_spans ? slots[n_spans + i + 1].span.start : UINT64_MAX;
        read_span(&s, &span);
        sweep_between(&s, span.start, next_start);
    }
    finish_shared_frame(&s);
    return s.n_regions;
}
