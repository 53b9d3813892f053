#include "step.h"

#include "access.h"

#define SPREAD_BYTES (TEST_SPREAD_WORDS * TEST_WORD_BYTES)

#define INLINE static inline __attribute__((always_inline))
/*
 * The sweeps come first in the image (efi/image.lds), in its first page: emulators (QEMU) chain code within a page
 * alone, and a loop that crosses from one to the next takes twice the time.
 */
#define SWEEP static __attribute__((noinline, section(".text.sweeps")))

/* ---- what words hold ---- */

/* Two rounds of multiplication: neighbouring numbers end up with nothing in common. */
INLINE uint64_t mix(uint64_t value)
{
    value *= 0x9E3779B97F4A7C15;
    value ^= value >> 32;
    return value * 0xD6E8FEB86659FD93;
}

/* Bit 0 of a random pattern's value says whether it is a complement. */
INLINE uint64_t line_word(enum pattern pattern, uint64_t value, uint64_t line)
{
    if (pattern == PATTERN_RANDOM)
        return mix(line / TEST_LINE_BYTES ^ value >> 1) ^ -(value & 1);
    return pattern == PATTERN_ADDRESS ? line ^ value : value;
}

/* From one word of a line to the next. */
static __attribute__((noinline)) uint64_t distance_of(enum pattern pattern, uint64_t value)
{
    const uint64_t distance = pattern == PATTERN_ADDRESS ? TEST_WORD_BYTES
                              : pattern == PATTERN_RANDOM ? mix(~(value >> 1)) | 1
                                                          : 0;

    return value & 1 ? -distance : distance;
}

uint64_t pattern_complement(enum pattern pattern, uint64_t value)
{
    return pattern == PATTERN_RANDOM ? value ^ 1 : ~value;
}

uint64_t pattern_word(enum pattern pattern, uint64_t value, uint64_t address)
{
    const uint64_t line = align_down(address, TEST_LINE_BYTES);

    return line_word(pattern, value, line) + distance_of(pattern, value) * ((address - line) / TEST_WORD_BYTES);
}

/* ---- a line ---- */

/* Four times, with constant numbers: values stay in registers, of which there are not enough for a whole line. */
#define GROUP_WORDS 4
#define GROUP_BYTES (GROUP_WORDS * TEST_WORD_BYTES)
#define EACH_WORD(X) X(0) X(1) X(2) X(3)

/*
 * LEA changes no flags, and nothing here does between one access and the next: a processor does not care, but where one
 * is emulated (QEMU) that costs more than the access itself.
 */
#define NEXT_WORD __asm__("lea (%0,%1), %0" : "+r"(word) : "r"(distance));

#define READ(k) const uint64_t w##k = memory_read(at + (k) * TEST_WORD_BYTES);
#define DIFFER(k) differing |= w##k ^ word; NEXT_WORD
#define LIST(k) w##k,
#define WRITE(k) memory_write(at, (k) * TEST_WORD_BYTES, word); NEXT_WORD
#define COPY(k) memory_write(at + half, (k) * TEST_WORD_BYTES, w##k);

/* What to expect: of a copy, what is expected so many bytes below it. */
struct check {
    const struct step *step;
    const struct error_sink *errors;
    uint64_t copied;
};

/* seen: a group of words as they were read. Memory is not asked again: an error may not show twice. */
static __attribute__((cold, noinline)) void compare(const struct check *check, uint64_t at, const uint64_t *seen)
{
    for (unsigned k = 0; k < GROUP_WORDS; k++) {
        const uint64_t address = at + k * TEST_WORD_BYTES, origin = address - check->copied;
        const uint64_t word = pattern_word(check->step->pattern, check->step->expected, origin);

        /* A wrong copy may be a faithful one of what was wrong before: then the error is there, and has been found. */
        if (seen[k] != word && (!check->copied || memory_read(origin) == word))
            check->errors->found(check->errors, address, word, seen[k]);
    }
}

/* Returns the word behind the group. */
INLINE uint64_t check_group(const struct check *check, uint64_t at, uint64_t word, uint64_t distance)
{
    uint64_t differing = 0;

    EACH_WORD(READ)
    EACH_WORD(DIFFER)
    if (__builtin_expect(differing != 0, 0)) {
        const uint64_t seen[] = { EACH_WORD(LIST) };

        compare(check, at, seen);
    }
    return word;
}

INLINE void check_line(const struct check *check, uint64_t at, uint64_t word, uint64_t distance)
{
    word = check_group(check, at, word, distance);
    check_group(check, at + GROUP_BYTES, word, distance);
}

INLINE uint64_t write_group(uint64_t at, uint64_t word, uint64_t distance)
{
    EACH_WORD(WRITE)
    return word;
}

INLINE void write_line(uint64_t at, uint64_t word, uint64_t distance)
{
    word = write_group(at, word, distance);
    write_group(at + GROUP_BYTES, word, distance);
}

/* ---- sweeps ---- */

/* Lines from the lowest or from the highest on. */
struct sweep {
    uint64_t at, end, stride;
};

INLINE struct sweep sweep_of(const struct step *step, struct phys_range block)
{
    const uint64_t start = block.start.value, end = phys_range_end(block);

    if (step->down)
        return (struct sweep){ end - TEST_LINE_BYTES, start - TEST_LINE_BYTES, -(uint64_t)TEST_LINE_BYTES };
    return (struct sweep){ start, end, TEST_LINE_BYTES };
}

SWEEP void fill(const struct step *step, struct phys_range block)
{
    const enum pattern pattern = step->pattern;
    const uint64_t value = step->next, distance = distance_of(pattern, value);

    for (struct sweep s = sweep_of(step, block); s.at != s.end; s.at += s.stride)
        write_line(s.at, line_word(pattern, value, s.at), distance);
}

SWEEP void check_lines(const struct check *check, struct phys_range block)
{
    const enum pattern pattern = check->step->pattern;
    const uint64_t value = check->step->expected, distance = distance_of(pattern, value), copied = check->copied;

    for (struct sweep s = sweep_of(check->step, block); s.at != s.end; s.at += s.stride)
        check_line(check, s.at + copied, line_word(pattern, value, s.at), distance);
}

/* Two patterns of a step differ in the same bits of every line's first word. */
SWEEP void replace(const struct check *check, struct phys_range block)
{
    const struct step *step = check->step;
    const enum pattern pattern = step->pattern;
    const uint64_t value = step->expected, distance = distance_of(pattern, value);
    const uint64_t flip = pattern == PATTERN_RANDOM ? UINT64_MAX : value ^ step->next;
    const uint64_t next_distance = distance_of(pattern, step->next);

    for (struct sweep s = sweep_of(step, block); s.at != s.end; s.at += s.stride) {
        const uint64_t word = line_word(pattern, value, s.at);

        check_line(check, s.at, word, distance);
        write_line(s.at, word ^ flip, next_distance);
    }
}

/* ---- block moves ---- */

SWEEP void move(struct phys_range block)
{
    const uint64_t half = block.bytes / 2, end = block.start.value + half;

    for (uint64_t at = block.start.value; at < end; at += GROUP_BYTES) {
        EACH_WORD(READ)
        EACH_WORD(COPY)
    }
}

static void check_moved(const struct check *check, struct phys_range block)
{
    const struct phys_range half = { block.start, block.bytes / 2 };
    const struct check upper = { check->step, check->errors, half.bytes };

    check_lines(check, half);
    check_lines(&upper, half);
}

/* ---- every 20th word ---- */

/* The first word from the start on whose number, counted from address 0, has this rest. */
static __attribute__((noinline)) uint64_t first_spread(const struct step *step, struct phys_range block)
{
    const uint64_t rest = block.start.value / TEST_WORD_BYTES % TEST_SPREAD_WORDS;

    return block.start.value + (step->offset + TEST_SPREAD_WORDS - rest) % TEST_SPREAD_WORDS * TEST_WORD_BYTES;
}

SWEEP void spread(const struct step *step, struct phys_range block)
{
    const uint64_t next = step->next, end = phys_range_end(block);

    for (uint64_t at = first_spread(step, block); at < end; at += SPREAD_BYTES)
        memory_write(at, 0, next);
}

SWEEP void surround(const struct step *step, struct phys_range block)
{
    const uint64_t word = step->next, end = phys_range_end(block);
    uint64_t at = block.start.value;

    for (uint64_t apart = first_spread(step, block); at < end; at = apart + TEST_WORD_BYTES, apart += SPREAD_BYTES)
        for (const uint64_t stop = apart < end ? apart : end; at < stop; at += TEST_WORD_BYTES)
            memory_write(at, 0, word);
}

SWEEP void check_spread(const struct step *step, struct phys_range block, const struct error_sink *errors)
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
    const struct check check = { step, errors, 0 };

    switch (step->kind) {
    case STEP_FILL: fill(step, block); break;
    case STEP_CHECK: check_lines(&check, block); break;
    case STEP_REPLACE: replace(&check, block); break;
    case STEP_MOVE: move(block); break;
    case STEP_CHECK_MOVED: check_moved(&check, block); break;
    case STEP_SPREAD: spread(step, block); break;
    case STEP_SURROUND: surround(step, block); break;
    case STEP_CHECK_SPREAD: check_spread(step, block, errors); break;
    default: break;
    }
    memory_settle();
}
