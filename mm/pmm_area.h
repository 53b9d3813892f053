/*
 * Areas among many CPUs: who owns one, what it holds of it privately, and how an area becomes wholly free again.
 * Private to mm/pmm*.c. Called by a CPU that has entered, for itself, unless it says otherwise.
 *
 *              claim                       claim                    the owner byte of an area
 *   FREE  ------------>  a CPU's  <-----------------------  NONE, SPARSE, DENSE: nobody's
 *     ^                     |      ----------------------->   |
 *     |                     |           gives it up           |
 *     +---------------------+---------------------------------+
 *           all its bits are 0 and nobody owns it: BUSY for a moment
 *
 * Bits become 1 only by the area's owner, bits become 0 by anyone. What is nobody's and has a free frame is listed in
 * `partial`, and in `dense` if that is worth while. Who frees a frame looks at the owner byte after it has cleared the
 * bit; who gives an area up looks at its bits after it has cleared the owner byte; either way, one of them lists it. An
 * area may be listed although it should not be any more, for a moment or until somebody tries to claim it.
 */
#ifndef PMM_AREA_H
#define PMM_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "atomics.h"
#include "pmm_cpu.h"
#include "pmm_layout.h"

/* ---- the owner byte */

static inline uint8_t area_owner(const struct cpu *cpu, uint64_t area)
{
    return atomic_load_explicit(shared_byte(&cpu->owners[area]), memory_order_acquire);
}

/* By the one that it belongs to; BUSY belongs to who made it so. */
static inline void area_set_owner(struct cpu *cpu, uint64_t area, uint8_t owner)
{
    atomic_store_explicit(shared_byte(&cpu->owners[area]), owner, memory_order_release);
}

static inline bool area_change_owner(struct cpu *cpu, uint64_t area, uint8_t from, uint8_t to)
{
    if (!cpu->solo)
        return atomic_compare_exchange_strong(shared_byte(&cpu->owners[area]), &from, to);
    if (cpu->owners[area] != from)
        return false;
    cpu->owners[area] = to;
    return true;
}

/* An area that is nobody's becomes somebody's, or BUSY; false: it is not. */
static inline bool area_claim(struct cpu *cpu, uint64_t area, uint8_t owner)
{
    uint8_t before = area_owner(cpu, area);

    while (owner_is_nobody(before)) {
        if (area_change_owner(cpu, area, before, owner))
            return true;
        before = area_owner(cpu, area);
    }
    return false;
}

/* ---- the lists, with or without others about */

static inline bool area_is_in(const struct summary *list, uint64_t area)
{
    return word_has(word_load(&summary_level(list, 0)[area >> WORD_SHIFT]), area);
}

static inline void area_add(struct cpu *cpu, struct summary *list, uint64_t area)
{
    uint64_t *word = &summary_level(list, 0)[area >> WORD_SHIFT];

    if (!cpu->solo)
        summary_add_shared(list, area);
    else if (LIKELY(*word))
        *word |= word_bit(area);
    else
        summary_set(list, area);
}

/* Whether it was there. Of several who remove an area, one is told so: who takes it out of free_areas has it. */
static inline bool area_remove(struct cpu *cpu, struct summary *list, uint64_t area)
{
    uint64_t *word = &summary_level(list, 0)[area >> WORD_SHIFT];

    if (!area_is_in(list, area))
        return false;
    if (!cpu->solo)
        return summary_remove_shared(list, area);
    if (LIKELY(*word != word_bit(area)))
        *word ^= word_bit(area);
    else
        summary_clear(list, area);
    return true;
}

/* Out of dense and partial. */
static inline void area_unlist(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    area_remove(cpu, &pmm->dense, area);
    area_remove(cpu, &pmm->partial, area);
}

/*
 * From BUSY to FREE, or FREED; its words are as that says. If it is listed still, whoever finds it there cannot claim
 * it.
 */
static inline void area_make_free(struct pmm *pmm, struct cpu *cpu, uint64_t area, uint8_t owner)
{
    area_set_owner(cpu, area, owner);
    area_add(cpu, &pmm->free_areas, area);
}

/* ---- what it contains */

static inline uint64_t area_end(uint64_t area) { return (area + 1) * AREA_WORDS; }

/* The lowest word of [word, end) that has at least n frames free for any request; NO_WORD: none. */
static inline uint64_t area_word_with(const struct pmm *pmm, const struct cpu *cpu, uint64_t word, uint64_t end, unsigned n)
{
    for (; word < end; word++) {
        const uint64_t bits = word_load(&cpu->words[word]);

        if (bits != WORD_FULL && (n == 1 || has_frames(~bits, n)) && LIKELY(word >= pmm->first_high_word))
            return word;
    }
    return NO_WORD;
}

/* ---- pmm_area.c */

/* The owner byte, this CPU's or BUSY, becomes NONE, and the area is listed as what it is. */
void pmm_release(struct pmm *pmm, struct cpu *cpu, uint64_t area);

/* A word in an area that nobody owned a moment ago has got a free frame. */
void pmm_settle(struct pmm *pmm, struct cpu *cpu, uint64_t word);

/* An area was found in a list, but could not be claimed, or has nothing. */
void pmm_drop_listing(struct pmm *pmm, struct cpu *cpu, uint64_t area);

/*
 * A frame, by its position, turned out to have been freed by two at once: one of them has been told that it succeeded,
 * the other one (who cleared the bit) is about to ask here. True: it is that other one.
 */
void pmm_note_late(struct pmm *pmm, struct cpu *cpu, uint64_t position);
bool pmm_take_late(struct pmm *pmm, struct cpu *cpu, uint64_t position);

#endif
