#include "options.h"

#include <limits.h>

#include "../text.h"

#define EVERYTHING ((struct phys_range){ phys_addr(0), 1ull << PHYS_BITS_MAX })
#define MINUTES_MAX (365 * 24 * 60)
#define PASSES_MAX 1000000
#define FADE_MAX 86400

struct memtest_options memtest_options_default(void)
{
    return (struct memtest_options){ .range = EVERYTHING, .processors = UINT_MAX, .patterns = TEST_PATTERNS_USUAL,
                                     .fade_s = MEMTEST_FADE_S };
}

/* Decimal, or hexadecimal behind 0x. Returns what follows; NULL: no number, or one beyond 64 bits. */
static const char *read_number(const char *text, uint64_t *ret)
{
    const bool is_hex = text[0] == '0' && (text[1] | 32) == 'x';
    const char *digits = text + (is_hex ? 2 : 0), *at = digits;
    const unsigned base = is_hex ? 16 : 10;

    for (*ret = 0;; at++) {
        const unsigned letter = (unsigned)(*at | 32) - 'a', digit = letter < 26 ? letter + 10 : (unsigned)*at - '0';

        if (digit >= base)
            return at == digits ? NULL : at;
        if (*ret > (UINT64_MAX - digit) / base)
            return NULL;
        *ret = *ret * base + digit;
    }
}

/* A number with K, M, G or T behind it, or without. */
static const char *read_address(const char *text, uint64_t *ret)
{
    static const char units[] = "kmgt";

    text = read_number(text, ret);
    for (unsigned i = 0; text && units[i]; i++)
        if ((*text | 32) == units[i]) {
            const unsigned shift = 10 * (i + 1);

            if (*ret > UINT64_MAX >> shift)
                return NULL;
            *ret <<= shift;
            return text + 1;
        }
    return text;
}

/* A-B, B exclusive; whole pages, so that all that is asked for is tested. */
static bool read_range(const char *text, struct phys_range *ret)
{
    uint64_t start, end;

    text = read_address(text, &start);
    if (!text || *text != '-')
        return false;
    text = read_address(text + 1, &end);
    if (!text || *text || end <= start || end > 1ull << PHYS_BITS_MAX)
        return false;
    start = align_down(start, PAGE_SIZE);
    *ret = (struct phys_range){ phys_addr(start), align_up(end, PAGE_SIZE) - start };
    return true;
}

static bool read_limited(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
    text = read_number(text, ret);
    return text && !*text && *ret >= least && *ret <= most;
}

static const char *read_processors(const char *text, struct memtest_options *o)
{
    uint64_t n = UINT_MAX;

    if (!text_same(text, "all") && !read_limited(text, 1, UINT_MAX, &n))
        return "neither `all' nor a number of processors";
    o->processors = (unsigned)n;
    return NULL;
}

static const char *read_patterns(const char *text, struct memtest_options *o)
{
    o->patterns = test_patterns_parse(text);
    return o->patterns ? NULL : "not patterns with commas between, nor `all'";
}

static const char *read_seed(const char *text, struct memtest_options *o)
{
    o->has_seed = read_limited(text, 0, UINT64_MAX, &o->seed);
    return o->has_seed ? NULL : "not a number";
}

static const char *read_value(const char *option, const char *value, struct memtest_options *o)
{
    if (text_same(option, "--passes"))
        return !read_limited(value, 1, PASSES_MAX, &o->passes) ? "not 1 to 1000000" : NULL;
    if (text_same(option, "--minutes"))
        return !read_limited(value, 1, MINUTES_MAX, &o->minutes) ? "not 1 to 525600" : NULL;
    if (text_same(option, "--fade"))
        return !read_limited(value, 1, FADE_MAX, &o->fade_s) ? "not 1 to 86400 seconds" : NULL;
    if (text_same(option, "--range")) {
        o->has_range = read_range(value, &o->range);
        return o->has_range ? NULL : "not a range A-B such as 1G-0x50000000";
    }
    if (text_same(option, "--cpus"))
        return read_processors(value, o);
    if (text_same(option, "--patterns"))
        return read_patterns(value, o);
    return text_same(option, "--seed") ? read_seed(value, o) : "";
}

const char *memtest_options_read(const char *const *words, size_t n_words, size_t *i, struct memtest_options *o)
{
    const char *value = *i + 1 < n_words ? words[*i + 1] : "";
    const char *why = read_value(words[*i], value, o);

    if (why && !*why)
        return why;
    *i += *i + 1 < n_words;
    if (!why && o->passes && o->minutes)
        return "passes and minutes exclude each other";
    return why;
}
