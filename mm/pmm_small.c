#include "pmm_small.h"

/* Bits i with i % align == 0, for align up to 64. */
static uint64_t aligned_bits(uint64_t align)
{
    uint64_t bits = 1;

    for (uint64_t step = align; step < WORD_BITS; step *= 2)
        bits |= bits << step;
    return bits;
}

/* Bits from which on n of the word are set, 1 <= n <= 64. */
static uint64_t run_starts(uint64_t free, uint64_t n)
{
    for (uint64_t found = 1; found < n && free;) {
        const uint64_t more = found < n - found ? found : n - found;

        free &= free >> more;
        found += more;
    }
    return free;
}

/* The bits of the word that are in positions [first, end), which it has some of. */
static uint64_t bits_of_word(uint64_t word, uint64_t first, uint64_t end)
{
    const uint64_t start = word << WORD_SHIFT;
    const uint64_t from = first > start ? word_from(first) : WORD_FULL;
    const uint64_t beyond = end - start < WORD_BITS ? word_from(end) : 0;

    return from & ~beyond;
}

/* Frames of the get word, which the CPU holds privately. */
static bool take_from_get_word(struct cpu *cpu, uint64_t n, uint64_t align, frame_t *ret_first)
{
    const uint64_t free = own_load(&cpu->get_free);
    const uint64_t starts = n <= WORD_BITS ? run_starts(free, n) & aligned_bits(align) : 0;

    if (!starts)
        return false;
    const unsigned first = word_lowest(starts);

    own_store(&cpu->get_free, free & ~(WORD_FULL >> (WORD_BITS - n) << first));
    *ret_first = frame(cpu->get_first + first);
    return true;
}

/* The lowest free run of the area, as the bitmap has it; the end of the area: none. */
static uint64_t find_in_area(const struct cpu *cpu, uint64_t area, uint64_t n, uint64_t align)
{
    const uint64_t end = (area + 1) * AREA_FRAMES;
    uint64_t start = area * AREA_FRAMES, run_end = start;

    while (start + n <= end && run_end < start + n) {
        if (!word_has(word_load(&cpu->words[run_end >> WORD_SHIFT]), run_end))
            run_end++;
        else
            run_end = start = align_up(run_end + 1, align);
    }
    return start + n <= end ? start : end;
}

/* Bits that are 0 become 1. Only the owner of their area sets bits: they are 0 still. */
static void set_bits(struct cpu *cpu, uint64_t first, uint64_t n)
{
    for (uint64_t word = first >> WORD_SHIFT; word << WORD_SHIFT < first + n; word++) {
        const uint64_t bits = bits_of_word(word, first, first + n);

        if (cpu->solo)
            cpu->words[word] |= bits;
        else
            atomic_fetch_or(shared_word(&cpu->words[word]), bits);
    }
    cpu_count(&cpu->moved, -n);
}

/* Whether frames run on wherever positions do, and none of them is of low memory. */
static bool area_is_contiguous(const struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    const uint64_t word = area * AREA_WORDS;

    area_frame_of(pmm, cpu, word);
    return area >= pmm->first_high_area && word >= cpu->get_span_word &&
           word + AREA_WORDS <= cpu->get_span_word + cpu->get_span_words;
}

static bool take_from_get_area(struct pmm *pmm, struct cpu *cpu, uint64_t n, uint64_t align, frame_t *ret_first)
{
    const uint64_t area = cpu->get_area;

    if (area == NO_AREA || !area_is_contiguous(pmm, cpu, area))
        return false;
    const uint64_t position = find_in_area(cpu, area, n, align);

    if (position == (area + 1) * AREA_FRAMES)
        return false;
    set_bits(cpu, position, n);
    *ret_first = frame(position + cpu->get_span_shift);
    return true;
}

bool pmm_alloc_small(struct pmm *pmm, struct cpu *cpu, uint64_t n, uint64_t align, frame_t *ret_first)
{
    pmm_enter(pmm, cpu);
    cpu_fold_last_freed(cpu);
    const bool found = take_from_get_word(cpu, n, align, ret_first) ||
                       take_from_get_area(pmm, cpu, n, align, ret_first) ||
                       (pmm_change_to_free_area(pmm, cpu) && take_from_get_area(pmm, cpu, n, align, ret_first));
    cpu_leave(cpu);
    return found;
}

/* Bits that are all 1 become 0; false: one of them was 0, and none has changed. */
static bool clear_bits(struct cpu *cpu, uint64_t word, uint64_t bits)
{
    uint64_t before = word_load(&cpu->words[word]);

    do {
        if ((before & bits) != bits)
            return false;
    } while (!atomic_compare_exchange_weak(shared_word(&cpu->words[word]), &before, before & ~bits));
    return true;
}

/* With the area BUSY: nobody gets from it meanwhile, or frees into it privately. */
static bool clear_run(struct cpu *cpu, uint64_t first, uint64_t n)
{
    const uint64_t first_word = first >> WORD_SHIFT;

    for (uint64_t word = first_word; word << WORD_SHIFT < first + n; word++) {
        if (clear_bits(cpu, word, bits_of_word(word, first, first + n)))
            continue;
        while (word-- > first_word) /* all of it, or nothing */
            atomic_fetch_or(shared_word(&cpu->words[word]), bits_of_word(word, first, first + n));
        return false;
    }
    cpu_count(&cpu->moved, n);
    return true;
}

bool pmm_dealloc_small(struct pmm *pmm, struct cpu *cpu, frame_t first, uint64_t n)
{
    bool done = false;

    pmm_enter(pmm, cpu);
    if (first.value - cpu->window_first >= cpu->window_count && pmm_find_window(pmm, cpu, first.value) != PMM_OK) {
        cpu_leave(cpu);
        return false;
    }
    const uint64_t position = first.value + cpu->window_shift;
    const uint64_t area = position / AREA_FRAMES;

    if (n <= cpu->window_first + cpu->window_count - first.value && (position + n - 1) / AREA_FRAMES == area &&
        area_claim(cpu, area, OWNER_BUSY)) {
        done = clear_run(cpu, position, n);
        pmm_release(pmm, cpu, area);
    }
    cpu_leave(cpu);
    return done;
}
