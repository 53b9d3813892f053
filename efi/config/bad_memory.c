#include "bad_memory.h"

#include "parser.h"

#define ADDRESS_MAX (1ull << PHYS_BITS_MAX)

const char *bad_memory_reason_text(enum bad_memory_reason reason)
{
    static const char texts[BAD_MEMORY_REASONS][32] = {
        [BAD_MEMORY_OK] = "no error",
        [BAD_MEMORY_NUMBER] = "not a number",
        [BAD_MEMORY_TOO_LARGE] = "address above 2^52",
        [BAD_MEMORY_DASH] = "not START-END",
        [BAD_MEMORY_EMPTY] = "END is not above START",
        [BAD_MEMORY_TOO_MANY] = "too many ranges",
    };

    return (unsigned)reason < BAD_MEMORY_REASONS ? texts[reason] : "unknown reason";
}

/* ---- the list ---- */

/* The first range that ends at `start` or above. */
static size_t find_reach(const struct bad_memory_list *list, uint64_t start)
{
    size_t low = 0, high = list->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (phys_range_end(list->ranges[middle]) < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * What the new range touches becomes one with it:
 *
 *   list    [..]   [....] [..]        [...]
 *   new              [-------]
 *                  first      after
 */
bool bad_memory_add(struct bad_memory_list *list, struct phys_range range)
{
    const struct frame_range frames = frame_range_around(range);
    uint64_t start = frame_start(frames.first).value, end = start + frames_to_bytes(frames.count);
    const size_t first = find_reach(list, start);
    size_t after = first;

    if (!frames.count)
        return true;
    for (; after < list->n && list->ranges[after].start.value <= end; after++) {
        if (list->ranges[after].start.value < start)
            start = list->ranges[after].start.value;
        if (phys_range_end(list->ranges[after]) > end)
            end = phys_range_end(list->ranges[after]);
    }
    if (after == first && list->n == list->capacity)
        return false;
    __builtin_memmove(list->ranges + first + 1, list->ranges + after, (list->n - after) * sizeof *list->ranges);
    list->n = list->n - (after - first) + 1;
    list->ranges[first] = (struct phys_range){ phys_addr(start), end - start };
    return true;
}

/* ---- the text ---- */

struct text {
    const char *start;
    size_t bytes, at;
};

static char peek(const struct text *t) { return t->at < t->bytes ? t->start[t->at] : 0; }

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static void skip_blanks(struct text *t)
{
    while (is_blank(peek(t)))
        t->at++;
}

/* Its value as a digit; 16: it is none. */
static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = config_lower(c);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static enum bad_memory_reason read_address(struct text *t, uint64_t *ret)
{
    unsigned base = 10;
    uint64_t value = 0;
    size_t digits;

    if (peek(t) == '0' && t->bytes - t->at > 1 && config_lower(t->start[t->at + 1]) == 'x') {
        base = 16;
        t->at += 2;
    }
    digits = t->at;
    for (unsigned digit; (digit = digit_of(peek(t))) < base; t->at++)
        value = value > ADDRESS_MAX ? value : value * base + digit;
    if (t->at == digits)
        return BAD_MEMORY_NUMBER;
    *ret = value;
    return value > ADDRESS_MAX ? BAD_MEMORY_TOO_LARGE : BAD_MEMORY_OK;
}

/* START-END. An error leaves the text at the number that is wrong, or where the dash should be. */
static enum bad_memory_reason read_range(struct text *t, struct phys_range *ret)
{
    const size_t begin = t->at;
    uint64_t start, end;
    enum bad_memory_reason reason = read_address(t, &start);
    size_t number;

    if (reason != BAD_MEMORY_OK) {
        t->at = begin;
        return reason;
    }
    skip_blanks(t);
    if (peek(t) != '-')
        return BAD_MEMORY_DASH;
    t->at++;
    skip_blanks(t);
    number = t->at;
    reason = read_address(t, &end);
    if (reason == BAD_MEMORY_OK && end <= start)
        reason = BAD_MEMORY_EMPTY;
    if (reason != BAD_MEMORY_OK)
        t->at = number;
    *ret = (struct phys_range){ phys_addr(start), end - start };
    return reason;
}

bool bad_memory_parse(const char *text, size_t bytes, struct bad_memory_list *list, struct bad_memory_error *ret_error)
{
    struct text t = { text, bytes, 0 };
    enum bad_memory_reason reason = BAD_MEMORY_OK;
    struct phys_range range;

    for (size_t begin; reason == BAD_MEMORY_OK;) {
        while (is_blank(peek(&t)) || peek(&t) == ',')
            t.at++;
        if (t.at == bytes)
            return true;
        begin = t.at;
        reason = read_range(&t, &range);
        if (reason == BAD_MEMORY_OK && t.at < bytes && !is_blank(peek(&t)) && peek(&t) != ',')
            reason = BAD_MEMORY_NUMBER;
        else if (reason == BAD_MEMORY_OK && !bad_memory_add(list, range)) {
            reason = BAD_MEMORY_TOO_MANY;
            t.at = begin;
        }
    }
    *ret_error = (struct bad_memory_error){ reason, t.at };
    return false;
}

void bad_memory_print(const struct sink *sink, const struct phys_range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        print_format(sink, "%s%lx-%lx", i ? ", " : "", ranges[i].start.value, phys_range_end(ranges[i]));
}
