#include "pmm_huge.h"

static inline void fill_area(uint64_t words[AREA_WORDS], uint64_t value)
{
#pragma GCC unroll 8
    for (unsigned i = 0; i < AREA_WORDS; i++)
        words[i] = value;
}

static inline bool is_full(const uint64_t words[AREA_WORDS])
{
    uint64_t all = WORD_FULL;

#pragma GCC unroll 8
    for (unsigned i = 0; i < AREA_WORDS; i++)
        all &= word_load(&words[i]);
    return all == WORD_FULL;
}

/*
 * Whether the area is 2 MiB aligned to 2 MiB: the span of its first word is placed so, and covers all of it. (Small
 * spans may be, by chance, and share their last area with others.) If not, *ret_next: where to go on.
 */
static bool is_huge(const struct pmm *pmm, struct cpu *cpu, uint64_t area, uint64_t *ret_next)
{
    if (area - cpu->huge_first < cpu->huge_count)
        return true;
    const struct span span = pmm_span_of_word(pmm, area * AREA_WORDS);
    const uint64_t first = (span_position(&span, span.first) + AREA_FRAMES - 1) / AREA_FRAMES;
    const uint64_t end = span_position(&span, span_end(&span)) / AREA_FRAMES;

    *ret_next = (area < end ? end : area + 1);
    if (!span_is_aligned(&span) || area < first || area >= end)
        return false;
    cpu->huge_first = first;
    cpu->huge_count = end - first;
    cpu->huge_shift = span_frame(&span, 0);
    return true;
}

/* Of an area that was given back at once: what is not as it was, somebody else has freed, too. */
static __attribute__((noinline)) void restore_area(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    for (uint64_t word = area * AREA_WORDS; word < (area + 1) * AREA_WORDS; word++)
        for (uint64_t bits = ~atomic_exchange(shared_word(&cpu->words[word]), WORD_FULL); bits; bits &= bits - 1)
            pmm_note_late(pmm, cpu, (word << WORD_SHIFT) + word_lowest(bits));
}

/* The CPU has entered, and has taken the area out of free_areas. */
static inline frame_t allocate_area(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    uint64_t *words = cpu->words + area * AREA_WORDS;
    const bool is_written = area_owner(cpu, area) == OWNER_FREED;

    area_set_owner(cpu, area, OWNER_BUSY); /* before its words change */
    if (!is_written)
        fill_area(words, WORD_FULL);
    else if (UNLIKELY(!is_full(words)))
        restore_area(pmm, cpu, area);
    area_set_owner(cpu, area, OWNER_NONE);
    cpu_count(&cpu->moved, -AREA_FRAMES);
    cpu->huge_next = area + 1;
    cpu_leave(cpu);
    return frame(area * AREA_FRAMES + cpu->huge_shift);
}

static __attribute__((noinline)) enum pmm_status search_area(struct pmm *pmm, struct cpu *cpu, uint64_t align,
                                                             frame_t *ret_first)
{
    uint64_t next;

    pmm_enter(pmm, cpu);
    for (uint64_t area = summary_find_shared(&pmm->free_areas, pmm->first_high_area); area < pmm->n_areas;
         area = summary_find_shared(&pmm->free_areas, next)) {
        next = area + 1;
        if (is_huge(pmm, cpu, area, &next) && area_remove(cpu, &pmm->free_areas, area)) {
            *ret_first = allocate_area(pmm, cpu, area);
            return PMM_OK;
        }
    }
    cpu_leave(cpu);
    return pmm_search_run(pmm, cpu, AREA_FRAMES, align, PMM_ANYWHERE, ret_first);
}

enum pmm_status pmm_alloc_area(struct pmm *pmm, struct cpu *cpu, uint64_t align, frame_t *ret_first)
{
    const uint64_t area = cpu->huge_next;

    if (UNLIKELY(!cpu_enter(cpu) || area - cpu->huge_first >= cpu->huge_count ||
                 !area_remove(cpu, &pmm->free_areas, area)))
        return search_area(pmm, cpu, align, ret_first);
    *ret_first = allocate_area(pmm, cpu, area);
    return PMM_OK;
}

/* Whether the frames from `first` on are an area, all of it usable, none protected, and known to be so. */
static inline bool is_area(const struct pmm *pmm, const struct cpu *cpu, uint64_t first)
{
    const uint64_t offset = first - cpu->window_first;
    const uint64_t position = first + cpu->window_shift;

    return offset < cpu->window_count && cpu->window_count - offset >= AREA_FRAMES &&
           (first | position) % AREA_FRAMES == 0 && position >= pmm->first_high_area * AREA_FRAMES;
}

static __attribute__((noinline)) enum pmm_status dealloc_other(struct pmm *pmm, struct cpu *cpu, frame_t first)
{
    cpu_leave(cpu);
    return pmm_dealloc_any_run(pmm, cpu, first, AREA_FRAMES);
}

/* Not in the window: it may be next time. */
static __attribute__((noinline)) enum pmm_status dealloc_slowly(struct pmm *pmm, struct cpu *cpu, frame_t first)
{
    pmm_enter(pmm, cpu);
    if (pmm_find_window(pmm, cpu, first.value) != PMM_OK || !is_area(pmm, cpu, first.value))
        return dealloc_other(pmm, cpu, first);
    cpu_leave(cpu);
    return pmm_dealloc_area(pmm, cpu, first);
}

enum pmm_status pmm_dealloc_area(struct pmm *pmm, struct cpu *cpu, frame_t first)
{
    if (UNLIKELY(!cpu_enter(cpu) || !is_area(pmm, cpu, first.value)))
        return dealloc_slowly(pmm, cpu, first);
    const uint64_t area = (first.value + cpu->window_shift) / AREA_FRAMES;

    if (UNLIKELY(!area_change_owner(cpu, area, OWNER_NONE, OWNER_BUSY)))
        return dealloc_other(pmm, cpu, first);
    if (UNLIKELY(!is_full(cpu->words + area * AREA_WORDS))) {
        pmm_release(pmm, cpu, area);
        return dealloc_other(pmm, cpu, first);
    }
    area_make_free(pmm, cpu, area, OWNER_FREED);
    cpu_count(&cpu->moved, AREA_FRAMES);
    if (area < cpu->huge_next)
        cpu->huge_next = area;
    cpu_leave(cpu);
    return PMM_OK;
}
