#include "pmm_area.h"

/* ---- what an area contains; true only as long as its owner, or nobody, changes it */

static bool area_is_zero(const struct cpu *cpu, uint64_t area)
{
    const uint64_t *words = cpu->words + area * AREA_WORDS;
    uint64_t any = 0;

    for (unsigned i = AREA_WORDS; i-- > 0 && !any;)
        any = word_load(&words[i]);
    return !any;
}

/* ---- from one owner to the next */

/* Nobody's area becomes one that is listed, if it is not. */
static uint8_t raise_owner(struct cpu *cpu, uint64_t area, uint8_t to)
{
    uint8_t owner = area_owner(cpu, area);

    while (owner_is_nobody(owner) && owner > to) {
        if (area_change_owner(cpu, area, owner, to))
            return to;
        owner = area_owner(cpu, area);
    }
    return owner;
}

/* A word in nobody's area may have come to have free frames. */
static void list(struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    const uint64_t area = word >> AREA_SHIFT;
    const uint64_t free = ~word_load(&cpu->words[word]);

    if (word < pmm->first_high_word || !free)
        return;
    const uint8_t owner = raise_owner(cpu, area, has_frames(free, DENSE_FRAMES) ? OWNER_DENSE : OWNER_SPARSE);

    if (!owner_is_nobody(owner))
        return;
    if (!area_is_in(&pmm->partial, area))
        area_add(cpu, &pmm->partial, area);
    if (owner == OWNER_DENSE && !area_is_in(&pmm->dense, area))
        area_add(cpu, &pmm->dense, area);
}

static void list_words(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    for (uint64_t word = area * AREA_WORDS; word < area_end(area); word++)
        if (UNLIKELY(word_load(&cpu->words[word]) != WORD_FULL))
            list(pmm, cpu, word);
}

/* Zero words stay so: only an owner could change them. */
static bool try_make_free(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    if (area < pmm->first_high_area || !area_is_zero(cpu, area) || !area_claim(cpu, area, OWNER_BUSY))
        return false;
    if (area_is_zero(cpu, area)) {
        area_unlist(pmm, cpu, area);
        area_make_free(pmm, cpu, area, OWNER_FREE);
    } else {
        pmm_release(pmm, cpu, area); /* it had an owner in between */
    }
    return true;
}

void pmm_settle(struct pmm *pmm, struct cpu *cpu, uint64_t word)
{
    if (word_load(&cpu->words[word]) || !try_make_free(pmm, cpu, word >> AREA_SHIFT))
        list(pmm, cpu, word);
}

/* Who changes the area meanwhile lists it again, or this does. */
void pmm_drop_listing(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    area_unlist(pmm, cpu, area);
    if (owner_is_nobody(area_owner(cpu, area)))
        list_words(pmm, cpu, area);
}

void pmm_release(struct pmm *pmm, struct cpu *cpu, uint64_t area)
{
    if (cpu->solo)
        cpu->owners[area] = OWNER_NONE;
    else
        atomic_exchange(shared_byte(&cpu->owners[area]), OWNER_NONE); /* before its words are looked at */
    if (!try_make_free(pmm, cpu, area))
        list_words(pmm, cpu, area);
    if (UNLIKELY(area_is_in(&pmm->partial, area)) &&
        area_word_with(pmm, cpu, area * AREA_WORDS, area_end(area), 1) == NO_WORD)
        pmm_drop_listing(pmm, cpu, area);
}

/* ---- frames that two have freed at once */

void pmm_note_late(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    /* As many entries as CPUs: each is the business of another one that is in a call now. */
    for (uint64_t i = 0; i < cpu->n_cpus; i++) {
        uint64_t none = 0;

        if (atomic_compare_exchange_strong(&cpu->cpus[i].late, &none, position + 1)) {
            atomic_fetch_add(&pmm->n_late, 1);
            return;
        }
    }
}

bool pmm_take_late(struct pmm *pmm, struct cpu *cpu, uint64_t position)
{
    for (uint64_t i = 0; i < cpu->n_cpus; i++) {
        uint64_t mine = position + 1;

        if (atomic_compare_exchange_strong(&cpu->cpus[i].late, &mine, 0)) {
            atomic_fetch_sub(&pmm->n_late, 1);
            return true;
        }
    }
    return false;
}
