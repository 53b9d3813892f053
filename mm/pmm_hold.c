#include "pmm_hold.h"

void pmm_disown(struct pmm *pmm, struct cpu *cpu, uint64_t *area)
{
    const uint64_t given_up = *area;

    *area = NO_AREA;
    if (given_up != NO_AREA && given_up != cpu->get_area && given_up != cpu->put_area)
        pmm_release(pmm, cpu, given_up);
}

static void note_twice(struct pmm *pmm, struct cpu *cpu, uint64_t word, uint64_t frames)
{
    for (; UNLIKELY(frames); frames &= frames - 1)
        pmm_note_late(pmm, cpu, (word << WORD_SHIFT) + word_lowest(frames));
}

/* All of the word becomes allocated; returns what was free. */
static uint64_t exchange_word(struct cpu *cpu, uint64_t word)
{
    uint64_t *bits = &cpu->words[word];

    if (!cpu->solo)
        return ~atomic_exchange(shared_word(bits), WORD_FULL);
    const uint64_t free = ~*bits;

    *bits = WORD_FULL;
    return free;
}

void pmm_give_back(struct pmm *pmm, struct cpu *cpu, uint64_t word, uint64_t free)
{
    uint64_t *bits = &cpu->words[word];
    uint64_t before;

    if (cpu->solo) {
        before = *bits;
        *bits = before & ~free;
    } else {
        before = atomic_fetch_and(shared_word(bits), ~free);
    }
    note_twice(pmm, cpu, word, free & ~before);
}

void pmm_give_back_get_word(struct pmm *pmm, struct cpu *cpu)
{
    cpu_fold_last_freed(cpu);
    const uint64_t free = own_load(&cpu->get_free);

    if (free)
        pmm_give_back(pmm, cpu, own_load(&cpu->get_word), free);
    own_store(&cpu->get_word_exclusive, NO_WORD);
    own_store(&cpu->get_word, NO_WORD);
    own_store(&cpu->get_free, 0);
    cpu_count(&cpu->moved, word_count(free));
}

/* Eight bytes that are 0 or 1 become eight bits: the factor moves each of them to its place in the highest byte. */
static uint64_t gather(uint64_t bytes) { return bytes * 0x0102040810204080 >> 56; }

uint64_t pmm_private_put_frames(const struct cpu *cpu)
{
    uint64_t free = 0;

    for (unsigned i = 0; i < sizeof(cpu->put_free) / sizeof(uint64_t); i++)
        free |= gather(word_load(cpu_put_free_words(cpu) + i)) << 8 * i;
    return free;
}

/* Others must see the bits before they see that the word is not held. */
void pmm_give_back_put_word(struct pmm *pmm, struct cpu *cpu)
{
    if (own_load(&cpu->put_word) == NO_WORD)
        return;
    const uint64_t free = pmm_private_put_frames(cpu);

    if (free)
        pmm_give_back(pmm, cpu, own_load(&cpu->put_word), free);
    atomic_store_explicit(&cpu->put_word, NO_WORD, memory_order_release);
    for (unsigned i = 0; i < sizeof(cpu->put_free) / sizeof(uint64_t); i++)
        own_store(shared_word(cpu_put_free_words(cpu) + i), 0);
    cpu_count(&cpu->moved, word_count(free));
}

static uint64_t count_few(uint64_t word)
{
    uint64_t n = 0;

    for (; word; word &= word - 1)
        n++;
    return n;
}

/*
 * The word's free frames become private. While that goes on, others who free into it must think that each frame may be,
 * and ask.
 */
static inline void take_get_word(struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    cpu->get_first = area_frame_of(pmm, cpu, word);
    own_store(&cpu->get_free, WORD_FULL);
    own_store(&cpu->get_word_exclusive, cpu->solo ? word : NO_WORD);
    atomic_store_explicit(&cpu->get_word, word, memory_order_release);
    const uint64_t free = exchange_word(cpu, word);

    own_store(&cpu->get_free, free);
    cpu_count(&cpu->moved, -(cpu->get_least == 1 ? count_few(free) : word_count(free)));
}

/* The next word of the area that the CPU gets from; false: nothing more of it is worthwhile. */
static bool take_next_word(struct pmm *pmm, struct cpu *cpu)
{
    const uint64_t area = cpu->get_area;
    const uint64_t held = own_load(&cpu->get_word);
    const uint64_t from = held >> AREA_SHIFT == area ? held + 1 : area * AREA_WORDS;
    const uint64_t word = area_word_with(pmm, cpu, from, area_end(area), cpu->get_least);

    if (word == NO_WORD)
        return false;
    take_get_word(pmm, cpu, word);
    return true;
}

/* Areas in use first, so that whole ones last. */
static bool claim_listed(struct pmm *pmm, struct cpu *cpu, struct summary *summary, uint64_t first, unsigned least)
{
    if (summary_is_empty(summary))
        return false;
    for (uint64_t area = summary_find_shared(summary, first); area < pmm->n_areas;
         area = summary_find_shared(summary, area + 1)) {
        if (area_claim(cpu, area, cpu->owner)) {
            area_unlist(pmm, cpu, area);
            cpu->get_area = area;
            cpu->get_least = least;
            return true;
        }
        pmm_drop_listing(pmm, cpu, area);
    }
    return false;
}

/* Round and round, so that each has had time to gather more. */
static bool claim_sparse(struct pmm *pmm, struct cpu *cpu)
{
    if (!claim_listed(pmm, cpu, &pmm->partial, cpu->sparse_next, 1) && !claim_listed(pmm, cpu, &pmm->partial, 0, 1))
        return false;
    cpu->sparse_next = cpu->get_area + 1;
    return true;
}

/*
 * Words of an area that was given back at once become 0; bits that are so already were cleared by somebody else, too.
 */
static void clear_area(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    for (uint64_t word = area * AREA_WORDS; word < area_end(area); word++)
        pmm_give_back(pmm, cpu, word, WORD_FULL);
}

/* The area is this CPU's then, and its words are 0. */
static bool take_free_area(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    if (!area_remove(cpu, &pmm->free_areas, area))
        return false;
    const uint8_t owner = area_owner(cpu, area);

    if (owner != OWNER_FREE) {
        area_set_owner(cpu, area, OWNER_BUSY); /* before its words change */
        if (owner == OWNER_FREED)
            clear_area(pmm, cpu, area);
        else
            bitmap_fill(cpu->words + area * AREA_WORDS, AREA_WORDS, 0);
    }
    area_set_owner(cpu, area, cpu->owner);
    return true;
}

static bool claim_free(struct pmm *pmm, struct cpu *cpu)
{
    if (summary_is_empty(&pmm->free_areas))
        return false;
    for (uint64_t area = summary_find_shared(&pmm->free_areas, pmm->first_high_area); area < pmm->n_areas;
         area = summary_find_shared(&pmm->free_areas, area + 1)) {
        if (take_free_area(pmm, cpu, area)) {
            cpu->get_area = area;
            cpu->get_least = WORTHWHILE_FRAMES;
            return true;
        }
    }
    return false;
}

/* Another area, after the one that the CPU got from; false: there is nothing left that nobody owns. */
static bool change_area(struct pmm *pmm, struct cpu *cpu)
{
    pmm_give_back_get_word(pmm, cpu); /* nothing is left in it, but nothing may come back to it either */
    pmm_disown(pmm, cpu, &cpu->get_area);
    if (cpu->put_area != NO_AREA) {
        pmm_give_back_put_word(pmm, cpu);
        cpu->get_area = cpu->put_area;
        cpu->get_least = WORTHWHILE_FRAMES;
        cpu->put_area = NO_AREA;
        return true;
    }
    return claim_listed(pmm, cpu, &pmm->dense, 0, WORTHWHILE_FRAMES) || claim_free(pmm, cpu) ||
           claim_sparse(pmm, cpu);
}

bool pmm_change_to_free_area(struct pmm *pmm, struct cpu *cpu)
{
    pmm_give_back_get_word(pmm, cpu);
    pmm_disown(pmm, cpu, &cpu->get_area);
    return claim_free(pmm, cpu);
}

static __attribute__((noinline)) bool refill_elsewhere(struct pmm *pmm, struct cpu *cpu)
{
    while (change_area(pmm, cpu))
        if (take_next_word(pmm, cpu))
            return true;
    return false;
}

bool pmm_refill(struct pmm *pmm, struct cpu *cpu)
{
    if (UNLIKELY(cpu->get_area == cpu->put_area))
        pmm_give_back_put_word(pmm, cpu); /* for it may be the next */
    if (LIKELY(cpu->get_area != NO_AREA) && LIKELY(take_next_word(pmm, cpu)))
        return true;
    return refill_elsewhere(pmm, cpu);
}

/* What is free of the word becomes private. Some of that may be so already, if it was freed by two at once. */
static uint64_t take_free(struct pmm *pmm, struct cpu *cpu, uint64_t word, uint64_t private)
{
    const uint64_t free = exchange_word(cpu, word);

    note_twice(pmm, cpu, word, free & private);
    cpu_count(&cpu->moved, -word_count(free & ~private));
    return free;
}

/* The area of the word becomes the one that the CPU frees into. */
static bool claim_put_area(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    if (area == cpu->put_area) {
        pmm_give_back_put_word(pmm, cpu);
        return true;
    }
    if (area != cpu->get_area) {
        if (!area_claim(cpu, area, cpu->owner))
            return false;
        area_unlist(pmm, cpu, area);
    }
    pmm_give_back_put_word(pmm, cpu);
    pmm_disown(pmm, cpu, &cpu->put_area);
    cpu->put_area = area;
    return true;
}

/* That the CPU holds the word is seen by all who clear a bit after its exchange; what was cleared before, it takes. */
bool pmm_claim_word(struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    if (word >> AREA_SHIFT == cpu->shared_area)
        return false;
    if (word == own_load(&cpu->get_word)) {
        atomic_store_explicit(&cpu->get_word_exclusive, word, memory_order_release);
        own_store(&cpu->get_free, own_load(&cpu->get_free) | take_free(pmm, cpu, word, own_load(&cpu->get_free)));
        return true;
    }
    if (!claim_put_area(pmm, cpu, word >> AREA_SHIFT))
        return false;
    atomic_store_explicit(&cpu->put_word, word, memory_order_release);
    for (uint64_t free = take_free(pmm, cpu, word, 0); free; free &= free - 1)
        atomic_store_explicit(shared_byte(&cpu->put_free[word_lowest(free)]), 1, memory_order_relaxed);
    return true;
}
