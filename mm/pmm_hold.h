/*
 * What a CPU holds: two areas, and a word of each privately. Private to mm/pmm*.c. Called by a CPU that has entered,
 * for itself, unless it says otherwise.
 */
#ifndef PMM_HOLD_H
#define PMM_HOLD_H

#include "pmm_area.h"

/*
 * Takes a word privately that has free frames: first of what the CPU owns, then of an area where it is worth while, of
 * a wholly free one, and of any. False: there is nothing left that nobody owns. The get word is used up before.
 */
bool pmm_refill(struct pmm *pmm, struct cpu *cpu);

/* Gives up what the CPU gets from, for a wholly free area; false: there is none. */
bool pmm_change_to_free_area(struct pmm *pmm, struct cpu *cpu);

/*
 * Makes a word one that the CPU frees into privately: the get word, or else the put word. False if the area is, or was
 * lately, used by others. The word holds nothing from then on that the CPU does not know of.
 */
bool pmm_claim_word(struct pmm *pmm, struct cpu *cpu, uint64_t word);

/*
 * Frames of a word, of which only this CPU knew that they are free, become free for all. Those that are so already were
 * freed by somebody else, too, and are noted.
 */
void pmm_give_back(struct pmm *pmm, struct cpu *cpu, uint64_t word, uint64_t free);

/* By the CPU itself, or with it stopped: which frames of its put word are privately free. */
uint64_t pmm_private_put_frames(const struct cpu *cpu);

/* The same: what it holds privately returns to the bitmap; an area, or NO_AREA, is given up. */
void pmm_give_back_get_word(struct pmm *pmm, struct cpu *cpu);
void pmm_give_back_put_word(struct pmm *pmm, struct cpu *cpu);
void pmm_disown(struct pmm *pmm, struct cpu *cpu, uint64_t *area);

/* The frame of a word's bit 0; the CPU remembers its span. */
static inline uint64_t area_frame_of(const struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    if (UNLIKELY(word - cpu->get_span_word >= cpu->get_span_words))
        pmm_find_get_span(pmm, cpu, word);
    return (word << WORD_SHIFT) + cpu->get_span_shift;
}

#endif
