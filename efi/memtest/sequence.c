#include "sequence.h"

#define ROUNDS_RANDOM 3
#define STEPS_RANDOM 6 /* of a round: fill, four times replace, check */
#define ROUNDS_MOVE 2 /* the pattern and its complement */

static const char names[TEST_PATTERNS][12] = {
    [TEST_ADDRESS] = "address", [TEST_INVERSIONS] = "inversions", [TEST_WALK_8] = "walk8",
    [TEST_WALK_16] = "walk16",  [TEST_WALK_32] = "walk32",        [TEST_WALK_64] = "walk64",
    [TEST_RANDOM] = "random",   [TEST_MOVES] = "moves",           [TEST_MODULO_20] = "modulo20",
    [TEST_FADE] = "fade",
};

const char *test_pattern_name(enum test_pattern pattern) { return names[pattern]; }

/* Behind the name if the text begins with it and a comma or the end comes next; else NULL. */
static const char *skip_name(const char *text, const char *name)
{
    for (; *name && *text == *name; text++, name++)
        ;
    return *name || (*text && *text != ',') ? NULL : text;
}

unsigned test_patterns_parse(const char *text)
{
    unsigned patterns = 0;

    for (;; text++) {
        const char *behind = skip_name(text, "all");

        if (behind)
            patterns |= TEST_PATTERNS_ALL;
        for (unsigned p = 0; !behind && p < TEST_PATTERNS; p++) {
            behind = skip_name(text, names[p]);
            if (behind)
                patterns |= TEST_PATTERN_BIT(p);
        }
        if (!behind)
            return 0;
        text = behind;
        if (!*text)
            return patterns;
    }
}

/* What moving inversions are made of: word number i of a pattern, by its value. */
struct words {
    uint8_t pattern;  /* enum pattern */
    uint8_t n;
    uint8_t replaces; /* of each word, half of them upwards, half downwards: 2 or 4 */
    bool is_of_bytes; /* word i is byte i of base, eight times; else base, shifted left by i bits */
    uint64_t base;
};

static uint64_t word_value(const struct words *w, unsigned i)
{
    return w->is_of_bytes ? (w->base >> 8 * i & 0xFF) * 0x0101010101010101 : w->base << i;
}

/*
 * Two replaces of each word:  fill w0;  up: w0 -> ~w0;  down: ~w0 -> w1;  up: w1 -> ~w1;  ...  check wn-1
 * Four:                       fill w0;  up: w0 -> ~w0;  up: ~w0 -> w0;  down: w0 -> ~w0;  down: ~w0 -> w1;  ...
 * With four and a word of zeros that is March C-, which finds every coupling of two bits in different lines.
 */
static bool inversions(const struct words *w, unsigned n, struct step *ret)
{
    const unsigned replaces = w->replaces, last = replaces * w->n + 1, i = n ? (n - 1) / replaces : 0;

    if (n > last)
        return false;
    if (!n || n == last) {
        const uint64_t value = word_value(w, n ? w->n - 1 : 0);

        *ret = (struct step){ n ? STEP_CHECK : STEP_FILL, w->pattern, 1, 0, false, value, value };
    } else {
        const unsigned k = (n - 1) % replaces, after = k + 1 == replaces && i + 1 < w->n ? i + 1 : i;
        const bool back = k % 2, down = k >= replaces / 2;
        const uint64_t word = word_value(w, i), next = word_value(w, after);
        const uint64_t complement = pattern_complement(w->pattern, word);

        *ret = (struct step){ STEP_REPLACE, w->pattern, 2, 0, down, back ? complement : word,
                              back ? next : complement };
    }
    return true;
}

/* Each round fills with a random pattern, then with its complement, moves it, and looks at both halves. */
static bool moves(uint64_t seed, unsigned n, struct step *ret)
{
    static const uint8_t kinds[] = { STEP_FILL, STEP_MOVE, STEP_CHECK_MOVED };
    const uint64_t value = ~seed ^ n / 3;

    *ret = (struct step){ kinds[n % 3], PATTERN_RANDOM, 1, 0, false, value, value };
    return n < 3 * ROUNDS_MOVE;
}

/* A word at one of 20 places, its complement everywhere else; both change roles from one offset to the next. */
static bool modulo_20(uint64_t seed, unsigned n, struct step *ret)
{
    static const uint8_t kinds[] = { STEP_SPREAD, STEP_SURROUND, STEP_CHECK_SPREAD };
    const uint8_t offset = (uint8_t)(n / 3), kind = kinds[n % 3];
    const uint64_t word = offset % 2 ? ~seed : seed;
    const bool around = kind == STEP_SURROUND;

    *ret = (struct step){ kind, PATTERN_SAME, around, offset, false, word, around ? ~word : word };
    return n < 3 * TEST_SPREAD_WORDS;
}

/* Zeros, then ones: cells of either kind lose their charge in their own direction. */
static bool fade(unsigned n, struct step *ret)
{
    static const uint8_t kinds[] = { STEP_FILL, STEP_WAIT, STEP_CHECK };
    const uint64_t word = n < 3 ? 0 : UINT64_MAX;

    *ret = (struct step){ kinds[n % 3], PATTERN_SAME, n % 3 != 1, 0, false, word, word };
    return n < 3 * TEST_FADE_WAITS;
}

bool test_step(enum test_pattern pattern, uint64_t seed, unsigned n, struct step *ret)
{
    static const struct words words[] = {
        [TEST_ADDRESS] = { PATTERN_ADDRESS, 1, 2, false, 0 },
        [TEST_INVERSIONS] = { PATTERN_SAME, 4, 4, true, 0x0F335500 },
        [TEST_WALK_8] = { PATTERN_SAME, 8, 2, false, 0x0101010101010101 },
        [TEST_WALK_16] = { PATTERN_SAME, 16, 2, false, 0x0001000100010001 },
        [TEST_WALK_32] = { PATTERN_SAME, 32, 2, false, 0x0000000100000001 },
        [TEST_WALK_64] = { PATTERN_SAME, 64, 2, false, 1 },
        [TEST_RANDOM] = { PATTERN_RANDOM, 1, 4, false, 0 },
    };
    struct words w;

    switch (pattern) {
    case TEST_MOVES: return moves(seed, n, ret);
    case TEST_MODULO_20: return modulo_20(seed, n, ret);
    case TEST_FADE: return fade(n, ret);
    default: break;
    }
    w = words[pattern];
    if (pattern == TEST_RANDOM) {
        w.base = seed + 2 * (n / STEPS_RANDOM); /* bit 0 tells complements apart */
        return n < ROUNDS_RANDOM * STEPS_RANDOM && inversions(&w, n % STEPS_RANDOM, ret);
    }
    return inversions(&w, n, ret);
}

uint64_t test_traffic(unsigned patterns)
{
    uint64_t traffic = 0;
    struct step step;

    for (unsigned p = 0; p < TEST_PATTERNS; p++)
        for (unsigned n = 0; patterns & TEST_PATTERN_BIT(p) && test_step((enum test_pattern)p, 0, n, &step); n++)
            traffic += step.traffic;
    return traffic;
}
