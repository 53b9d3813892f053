#include "map_text.h"

#include <stdlib.h>
#include <string.h>

#include "map_rows.h"
#include "text_scan.h"

#define STRIDE_MAX 4096
#define PHYS_BITS_LIMIT 64
#define PAGES_MAX (UINT64_MAX >> PAGE_SHIFT)

struct parser {
    struct map_text text;
    struct map_rows rows;
    uint64_t stride;
    uint64_t rows_announced;
    bool has_announcement;
};

/* The rest of the line must be n numbers, each at most its max. */
static const char *parse_numbers(struct extent line, const uint64_t *max, uint64_t *ret, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct extent word = next_word(&line);
        if (is_empty(word))
            return "too few fields";
        const char *reason = parse_number(word, max[i], &ret[i]);
        if (reason)
            return reason;
    }
    return is_empty(next_word(&line)) ? NULL : "too many fields";
}

static const char *parse_row(struct parser *p, struct extent line)
{
    static const uint64_t max[4] = { UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
    uint64_t fields[4];
    const char *reason = parse_numbers(line, max, fields, 4);

    return reason ? reason : map_rows_add(&p->rows, (uint32_t)fields[0], fields[1], fields[2], fields[3]);
}

/* "entries=N", and the BYTES of "desc_size=BYTES" before it. */
static const char *parse_announcement(struct parser *p, struct extent stride, struct extent line)
{
    struct extent entries = next_word(&line);
    const char *reason = parse_number(stride, STRIDE_MAX, &p->stride);

    if (reason)
        return reason;
    if (p->stride < FIRMWARE_STRIDE_MIN)
        return "desc_size is below 40";
    if (is_empty(entries))
        return NULL;
    if (!take_prefix(&entries, "entries="))
        return "entries=N expected after desc_size";
    p->has_announcement = true;
    return parse_number(entries, UINT64_MAX, &p->rows_announced);
}

static const char *add_claim(struct parser *p, uint64_t start, uint64_t bytes, enum region_type type)
{
    p->text.claims[p->text.n_claims++] = (struct region_claim){ { { start }, bytes }, type };
    return NULL;
}

static const char *apply_phys_bits(struct parser *p, const uint64_t *fields)
{
    if (fields[0] < PAGE_SHIFT)
        return "phys_bits is below 12";
    p->text.phys_bits = (unsigned)fields[0];
    return NULL;
}

static const char *apply_image(struct parser *p, const uint64_t *fields)
{
    return add_claim(p, fields[0], frames_to_bytes(fields[1]), REGION_EXECUTABLE_AND_MODULES);
}

static const char *apply_framebuffer(struct parser *p, const uint64_t *fields)
{
    return add_claim(p, fields[0], fields[1], REGION_FRAMEBUFFER);
}

static const char *apply_hole(struct parser *p, const uint64_t *fields)
{
    return add_claim(p, fields[0], fields[1], REGION_RESERVED);
}

static const char *apply_bad(struct parser *p, const uint64_t *fields)
{
    return add_claim(p, fields[0], fields[1], REGION_BAD_MEMORY);
}

static const char *apply_metadata(struct parser *p, const uint64_t *fields)
{
    p->text.metadata = (struct phys_range){ { fields[0] }, fields[1] };
    return NULL;
}

static const char *apply_reserved(struct parser *p, const uint64_t *fields)
{
    if (fields[0] & PAGE_MASK)
        return "not page-aligned";
    p->text.reserved[p->text.n_reserved++] = (struct frame_range){ frame_of(phys_addr(fields[0])), fields[1] };
    return NULL;
}

static const struct directive {
    const char *keyword;
    size_t n_fields;
    uint64_t max[2];
    const char *(*apply)(struct parser *p, const uint64_t *fields); /* returns NULL or what is wrong */
} directives[] = {
    { "phys_bits", 1, { PHYS_BITS_LIMIT }, apply_phys_bits },
    { "image", 2, { UINT64_MAX, PAGES_MAX }, apply_image },
    { "framebuffer", 2, { UINT64_MAX, UINT64_MAX }, apply_framebuffer },
    { "hole", 2, { UINT64_MAX, UINT64_MAX }, apply_hole },
    { "bad", 2, { UINT64_MAX, UINT64_MAX }, apply_bad },
    { "metadata", 2, { UINT64_MAX, UINT64_MAX }, apply_metadata },
    { "reserved", 2, { UINT64_MAX, PAGES_MAX }, apply_reserved },
};

static const struct directive *find_directive(struct extent word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(directives); i++)
        if (extent_is(word, directives[i].keyword))
            return &directives[i];
    return NULL;
}

/* "START BYTES USE": the use is the rest of the line. */
static const char *parse_own(struct parser *p, struct extent line)
{
    uint64_t start = 0, bytes = 0;
    const char *reason = parse_number(next_word(&line), UINT64_MAX, &start);

    if (!reason)
        reason = parse_number(next_word(&line), UINT64_MAX, &bytes);
    line = trimmed(line);
    return reason ? reason
                  : map_text_add_own(&p->text, (struct phys_range){ { start }, bytes }, line.at, extent_bytes(line));
}

/* What follows a #. Returns NULL also for prose. */
static const char *parse_comment(struct parser *p, struct extent line)
{
    struct extent word = next_word(&line);
    const struct directive *directive = find_directive(word);
    struct extent rest = line;
    const struct extent first_field = next_word(&rest);
    uint64_t fields[2];

    if (take_prefix(&word, "desc_size="))
        return parse_announcement(p, word, line);
    if (is_empty(first_field) || digit_value(*first_field.at) >= 10)
        return NULL;
    if (extent_is(word, "own"))
        return parse_own(p, line);
    if (!directive)
        return NULL;
    const char *reason = parse_numbers(line, directive->max, fields, directive->n_fields);
    return reason ? reason : directive->apply(p, fields);
}

static const char *parse_line(struct parser *p, struct extent line)
{
    struct extent rest = line;
    struct extent word = next_word(&rest);

    if (is_empty(word))
        return NULL;
    if (*word.at != '#')
        return parse_row(p, line);
    return parse_comment(p, (struct extent){ word.at + 1, line.end });
}

/* Claims and reserved ranges have room for one element a line: no line adds more. */
static bool allocate(struct parser *p, struct extent text)
{
    const size_t n_lines = count_lines(text);

    p->text.claims = calloc(n_lines + 1, sizeof(*p->text.claims));
    p->text.reserved = calloc(n_lines + 1, sizeof(*p->text.reserved));
    p->text.own = calloc(MAP_TEXT_OWN_MAX, sizeof(*p->text.own));
    return p->text.claims && p->text.reserved && p->text.own;
}

static const char *lay_out_descriptors(struct parser *p)
{
    if (p->has_announcement && p->rows.n_rows != p->rows_announced)
        return "entries= announces another number of rows";
    if (!p->has_announcement && !p->rows.n_rows)
        return "no memory map in it";
    return map_rows_lay_out(&p->rows, p->stride, &p->text.map);
}

bool map_text_parse(const char *text, size_t n, struct map_text *ret, struct map_text_error *ret_error)
{
    struct parser p = { .text.phys_bits = PHYS_BITS_MAX, .stride = MAP_ROWS_STRIDE };
    struct extent left = { text, text + n };
    const char *reason = allocate(&p, left) ? NULL : "out of memory";
    size_t line = 0;

    while (!reason && !is_empty(left)) {
        line++;
        reason = parse_line(&p, next_line(&left));
    }
    if (!reason) {
        line = 0;
        reason = lay_out_descriptors(&p);
    }
    map_rows_free(&p.rows);
    if (reason) {
        map_text_free(&p.text);
        *ret_error = (struct map_text_error){ line, reason };
        return false;
    }
    *ret = p.text;
    return true;
}

const char *map_text_add_own(struct map_text *t, struct phys_range bytes, const char *use, size_t use_bytes)
{
    if (t->n_own == MAP_TEXT_OWN_MAX)
        return "too many own ranges";
    if (bytes.bytes > UINT64_MAX - bytes.start.value)
        return "number too large";
    if (use_bytes > MAP_TEXT_USE_MAX)
        for (use_bytes = MAP_TEXT_USE_MAX; use_bytes && (use[use_bytes] & 0xc0) == 0x80;) /* not within a character */
            use_bytes--;
    char *copy = strndup(use, use_bytes);
    if (!copy)
        return "out of memory";
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
    t->own[t->n_own++] = (struct own_range){ bytes, copy };
    return NULL;
}

struct map_subject map_text_subject(const struct map_text *t)
{
    return (struct map_subject){
        .map = t->map,
        .claims = t->claims,
        .n_claims = t->n_claims,
        .phys_bits = t->phys_bits,
        .without_attributes = t->without_attributes,
        .metadata = t->metadata,
        .reserved = t->reserved,
        .n_reserved = t->n_reserved,
        .own = t->own,
        .n_own = t->n_own,
    };
}

void map_text_free(struct map_text *t)
{
    free((void *)(uintptr_t)t->map.descriptors);
    for (size_t i = 0; i < t->n_own; i++)
        free((void *)(uintptr_t)t->own[i].use);
    free(t->own);
    free(t->claims);
    free(t->reserved);
}
