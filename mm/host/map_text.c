#include "map_text.h"

#include <stdlib.h>
#include <string.h>

#define STRIDE_DEFAULT 48
#define STRIDE_MAX 4096
#define PHYS_BITS_LIMIT 64
#define PAGES_MAX (UINT64_MAX >> PAGE_SHIFT)

/* A part of the text, [at, end). */
struct extent {
    const char *at;
    const char *end;
};

struct parser {
    struct map_text text;
    struct firmware_descriptor *rows;
    uint64_t n_rows;
    uint64_t stride;
    uint64_t rows_announced;
    bool has_announcement;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct extent next_word(struct extent *line)
{
    struct extent word;

    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    word.at = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    word.end = line->at;
    return word;
}

static bool is_empty(struct extent e)
{
    return e.at == e.end;
}

/* Moves past the prefix if it is there. */
static bool take_prefix(struct extent *word, const char *prefix)
{
    const size_t length = strlen(prefix);

    if ((size_t)(word->end - word->at) < length || memcmp(word->at, prefix, length) != 0)
        return false;
    word->at += length;
    return true;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A' + 10);
    return UINT32_MAX;
}

/* Returns NULL, or what is wrong with the word. */
static const char *parse_number(struct extent word, uint64_t max, uint64_t *ret)
{
    const unsigned base = take_prefix(&word, "0x") || take_prefix(&word, "0X") ? 16 : 10;
    uint64_t value = 0;

    if (is_empty(word))
        return "a number is missing";
    for (; word.at < word.end; word.at++) {
        const unsigned digit = digit_value(*word.at);
        if (digit >= base)
            return "not a number";
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value) || value > max)
            return "number too large";
    }
    *ret = value;
    return NULL;
}

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

    if (!reason)
        p->rows[p->n_rows++] = (struct firmware_descriptor){
            .type = (uint32_t)fields[0], .start = fields[1], .pages = fields[2], .attributes = fields[3]
        };
    return reason;
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
    const size_t length = (size_t)(word.end - word.at);

    for (size_t i = 0; i < ARRAY_LENGTH(directives); i++)
        if (strlen(directives[i].keyword) == length && memcmp(word.at, directives[i].keyword, length) == 0)
            return &directives[i];
    return NULL;
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
    if (!directive || is_empty(first_field) || digit_value(*first_field.at) >= 10)
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

/* Takes the next line off the text, without its newline. */
static struct extent next_line(struct extent *text)
{
    const size_t left = (size_t)(text->end - text->at);
    const char *newline = left ? memchr(text->at, '\n', left) : NULL;
    const struct extent line = { text->at, newline ? newline : text->end };

    text->at = newline ? newline + 1 : text->end;
    return line;
}

/* Every array has room for one element a line: no line adds more. */
static bool allocate(struct parser *p, struct extent text)
{
    size_t n_lines = 0;

    while (!is_empty(text)) {
        next_line(&text);
        n_lines++;
    }
    p->rows = calloc(n_lines + 1, sizeof(*p->rows));
    p->text.claims = calloc(n_lines + 1, sizeof(*p->text.claims));
    p->text.reserved = calloc(n_lines + 1, sizeof(*p->text.reserved));
    return p->rows && p->text.claims && p->text.reserved;
}

static const char *lay_out_descriptors(struct parser *p)
{
    if (p->has_announcement && p->n_rows != p->rows_announced)
        return "entries= announces another number of rows";
    unsigned char *descriptors = calloc(p->n_rows + 1, p->stride);
    if (!descriptors)
        return "out of memory";
    for (uint64_t i = 0; i < p->n_rows; i++)
        memcpy(descriptors + i * p->stride, &p->rows[i], sizeof(p->rows[i]));
    p->text.map = (struct firmware_map){ descriptors, p->n_rows * p->stride, p->stride };
    return NULL;
}

bool map_text_parse(const char *text, size_t n, struct map_text *ret, struct map_text_error *ret_error)
{
    struct parser p = { .text.phys_bits = PHYS_BITS_MAX, .stride = STRIDE_DEFAULT };
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
    free(p.rows);
    if (reason) {
        map_text_free(&p.text);
        *ret_error = (struct map_text_error){ line, reason };
        return false;
    }
    *ret = p.text;
    return true;
}

void map_text_free(struct map_text *t)
{
    free((void *)(uintptr_t)t->map.descriptors);
    free(t->claims);
    free(t->reserved);
}
