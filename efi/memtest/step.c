#include "step.h"

#include "access.h"

#define TURN_BITS 9
#define SPREAD_BYTES (TEST_SPREAD_WORDS * TEST_WORD_BYTES)

#define INLINE static inline __attribute__((always_inline))
#define APART static __attribute__((noinline)) /* one copy: speed is inside its loop */

/* ---- what words hold ---- */

INLINE uint64_t turn_left(uint64_t value, unsigned bits) { return value << (bits & 63) | value >> (-bits & 63); }

/* Two rounds of multiplication: neighbouring lines share nothing. */
INLINE uint64_t mix(uint64_t value)
{
    value *= 0x9E3779B97F4A7C15;
    value ^= value >> 32;
    value *= 0xD6E8FEB86659FD93;
    return value ^ value >> 32;
}

/* The first word of a line; not for PATTERN_ADDRESS. The lowest bit of a random pattern's value complements it. */
INLINE uint64_t line_word(enum pattern pattern, uint64_t value, uint64_t line)
{
    const uint64_t number = line / TEST_LINE_BYTES;

    if (pattern == PATTERN_RANDOM)
        return mix(number ^ value >> 1) ^ -(value & 1);
    return turn_left(value, (unsigned)number * (TURN_BITS * TEST_LINE_WORDS));
}

uint64_t pattern_complement(enum pattern pattern, uint64_t value)
{
    return pattern == PATTERN_RANDOM ? value ^ 1 : ~value;
}

uint64_t pattern_word(enum pattern pattern, uint64_t value, uint64_t address)
{
    const uint64_t line = align_down(address, TEST_LINE_BYTES);

    if (pattern == PATTERN_ADDRESS)
        return address ^ value;
    return turn_left(line_word(pattern, value, line), (unsigned)(address - line) / TEST_WORD_BYTES * TURN_BITS);
}

/* ---- a line ---- */

/* Eight times, with constant numbers: unrolled whatever the compiler thinks of it, so that values stay in registers. */
#define EACH_WORD(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* In place: the compiler would rather turn the first word by eight different counts, and run out of registers. */
#define TURN word = turn_left(word, TURN_BITS); __asm__("" : "+r"(word));

#define READ(k) const uint64_t w##k = memory_read(at + (k) * TEST_WORD_BYTES);
#define DIFFER(k) differing |= w##k ^ word; TURN
#define WRITE(k) memory_write(at, (k) * TEST_WORD_BYTES, word); TURN
#define COPY(k) memory_write(at + half, (k) * TEST_WORD_BYTES, w##k);
#define LIST(k) w##k,

/* seen: what was read. Memory is not asked again: an error may not show twice. */
static __attribute__((cold, noinline)) void compare(const struct step *step, uint64_t line, uint64_t distance,
                                                    const uint64_t *seen, const struct error_sink *errors)
{
    for (uint64_t k = 0; k < TEST_LINE_WORDS; k++) {
        const uint64_t address = line + k * TEST_WORD_BYTES;
        const uint64_t word = pattern_word(step->pattern, step->expected, address);

        /* A wrong copy may be a faithful one of what was wrong before: then the error is there, and has been found. */
        if (seen[k] != word && (!distance || memory_read(address) == word))
            errors->found(errors, address + distance, word, seen[k]);
    }
}

/* Expects at line + distance what the pattern has for the line. */
INLINE void check_line(const struct step *step, uint64_t line, uint64_t distance, const struct error_sink *errors)
{
    uint64_t word = line_word(step->pattern, step->expected, line), differing = 0;
    const uint64_t at = line + distance;

    EACH_WORD(READ)
    EACH_WORD(DIFFER)
    if (__builtin_expect(differing != 0, 0)) {
        const uint64_t seen[] = { EACH_WORD(LIST) };

        compare(step, line, distance, seen, errors);
    }
}

INLINE void write_line(const struct step *step, uint64_t at)
{
    uint64_t word = line_word(step->pattern, step->next, at);

    EACH_WORD(WRITE)
}

/* ---- sweeps ---- */

/* Addresses from the lowest or from the highest on. */
struct sweep {
    uint64_t at, n, stride;
};

INLINE struct sweep sweep_of(const struct step *step, struct phys_range block, uint64_t unit)
{
    const uint64_t n = block.bytes / unit;

    if (step->down)
        return (struct sweep){ block.start.value + (n - 1) * unit, n, -unit };
    return (struct sweep){ block.start.value, n, unit };
}

APART void fill(const struct step *step, struct phys_range block)
{
    for (struct sweep s = sweep_of(step, block, TEST_LINE_BYTES); s.n; s.n--, s.at += s.stride)
        write_line(step, s.at);
}

APART void check(const struct step *step, struct phys_range block, uint64_t distance, const struct error_sink *errors)
{
    for (struct sweep s = sweep_of(step, block, TEST_LINE_BYTES); s.n; s.n--, s.at += s.stride)
        check_line(step, s.at, distance, errors);
}

APART void replace(const struct step *step, struct phys_range block, const struct error_sink *errors)
{
    for (struct sweep s = sweep_of(step, block, TEST_LINE_BYTES); s.n; s.n--, s.at += s.stride) {
        check_line(step, s.at, 0, errors);
        write_line(step, s.at);
    }
}

/* ---- own addresses: plain loops are fast enough, there is nothing to turn ---- */

APART void fill_addresses(const struct step *step, struct phys_range block)
{
    const uint64_t next = step->next;

    for (struct sweep s = sweep_of(step, block, TEST_WORD_BYTES); s.n; s.n--, s.at += s.stride)
        memory_write(s.at, 0, s.at ^ next);
}

APART void check_addresses(const struct step *step, struct phys_range block, const struct error_sink *errors)
{
    const uint64_t expected = step->expected, next = step->next;
    const bool writes = step->kind == STEP_REPLACE;

    for (struct sweep s = sweep_of(step, block, TEST_WORD_BYTES); s.n; s.n--, s.at += s.stride) {
        const uint64_t word = s.at ^ expected, read = memory_read(s.at);

        if (__builtin_expect(read != word, 0))
            errors->found(errors, s.at, word, read);
        if (writes)
            memory_write(s.at, 0, s.at ^ next);
    }
}

/* ---- block moves ---- */

APART void move(struct phys_range block)
{
    const uint64_t half = block.bytes / 2, end = block.start.value + half;

    for (uint64_t at = block.start.value; at < end; at += TEST_LINE_BYTES) {
        EACH_WORD(READ)
        EACH_WORD(COPY)
    }
}

static void check_moved(const struct step *step, struct phys_range block, const struct error_sink *errors)
{
    const struct phys_range half = { block.start, block.bytes / 2 };

    check(step, half, 0, errors);
    check(step, half, half.bytes, errors);
}

/* ---- every 20th word ---- */

/* The first word from the start on whose number, counted from address 0, has this rest. */
static uint64_t first_spread(const struct step *step, struct phys_range block)
{
    const uint64_t rest = block.start.value / TEST_WORD_BYTES % TEST_SPREAD_WORDS;

    return block.start.value + (step->offset + TEST_SPREAD_WORDS - rest) % TEST_SPREAD_WORDS * TEST_WORD_BYTES;
}

APART void spread(const struct step *step, struct phys_range block)
{
    const uint64_t next = step->next, end = phys_range_end(block);

    for (uint64_t at = first_spread(step, block); at < end; at += SPREAD_BYTES)
        memory_write(at, 0, next);
}

APART void surround(const struct step *step, struct phys_range block)
{
    const uint64_t word = step->next, end = phys_range_end(block);
    uint64_t at = block.start.value;

    for (uint64_t apart = first_spread(step, block); at < end; at = apart + TEST_WORD_BYTES, apart += SPREAD_BYTES)
        for (const uint64_t stop = apart < end ? apart : end; at < stop; at += TEST_WORD_BYTES)
            memory_write(at, 0, word);
}

APART void check_spread(const struct step *step, struct phys_range block, const struct error_sink *errors)
{
    for (uint64_t at = first_spread(step, block); at < phys_range_end(block); at += SPREAD_BYTES) {
        const uint64_t read = memory_read(at);

        if (read != step->expected)
            errors->found(errors, at, step->expected, read);
    }
}

/* ---- */

void step_run(const struct step *step, struct phys_range block, const struct error_sink *errors)
{
    const bool addresses = step->pattern == PATTERN_ADDRESS;

    switch (step->kind) {
    case STEP_FILL: addresses ? fill_addresses(step, block) : fill(step, block); break;
    case STEP_CHECK: addresses ? check_addresses(step, block, errors) : check(step, block, 0, errors); break;
    case STEP_REPLACE: addresses ? check_addresses(step, block, errors) : replace(step, block, errors); break;
    case STEP_MOVE: move(block); break;
    case STEP_CHECK_MOVED: check_moved(step, block, errors); break;
    case STEP_SPREAD: spread(step, block); break;
    case STEP_SURROUND: surround(step, block); break;
    case STEP_CHECK_SPREAD: check_spread(step, block, errors); break;
    default: break;
    }
    memory_settle();
}
