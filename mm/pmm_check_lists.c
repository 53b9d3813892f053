#include "pmm_check.h"

/* Of a block that is drained: nobody owns an area, and none is about to change. */
static bool owner_may_be(const struct pmm *pmm, uint64_t area)
{
    const uint8_t owner = pmm_owners(pmm)[area];

    return owner_is_nobody(owner) || (owner_is_free(owner) && area >= pmm->first_high_area);
}

/* The area's words are what a free one of this kind has. */
static bool free_words_are_right(const uint64_t words[AREA_WORDS], uint8_t owner)
{
    const uint64_t expected = owner == OWNER_FREED ? WORD_FULL : 0;
    bool right = true;

    for (unsigned i = 0; i < AREA_WORDS; i++)
        right = right && words[i] == expected;
    return right || owner == OWNER_UNWRITTEN;
}

static bool has_high_frame(const struct pmm *pmm, uint64_t area)
{
    bool any = false;

    for (uint64_t word = area * AREA_WORDS; word < (area + 1) * AREA_WORDS; word++)
        any = any || (word >= pmm->first_high_word && pmm_words(pmm)[word] != WORD_FULL);
    return any;
}

static bool is_zero(const uint64_t words[AREA_WORDS])
{
    uint64_t any = 0;

    for (unsigned i = 0; i < AREA_WORDS; i++)
        any |= words[i];
    return !any;
}

/* What a free frame's way to be found is missing; NULL: nothing. */
static const void *area_flaw(const struct pmm *pmm, uint64_t area)
{
    const uint64_t *words = &pmm_words(pmm)[area * AREA_WORDS];
    const uint8_t *owner = &pmm_owners(pmm)[area];

    if (!owner_may_be(pmm, area))
        return owner;
    if (summary_has(&pmm->free_areas, area) != owner_is_free(*owner))
        return &summary_level(&pmm->free_areas, 0)[area >> WORD_SHIFT];
    if (owner_is_free(*owner))
        return free_words_are_right(words, *owner) ? NULL : words;
    if (area >= pmm->first_high_area && is_zero(words))
        return owner;
    if (has_high_frame(pmm, area) && *owner == OWNER_NONE)
        return owner;
    if (*owner != OWNER_NONE && !summary_has(&pmm->partial, area))
        return &summary_level(&pmm->partial, 0)[area >> WORD_SHIFT];
    if (*owner == OWNER_DENSE && !summary_has(&pmm->dense, area))
        return &summary_level(&pmm->dense, 0)[area >> WORD_SHIFT];
    return NULL;
}

/* Eight areas, which nobody has touched, are all in free_areas. */
static bool eight_are_listed(const struct pmm *pmm, uint64_t area)
{
    return (uint8_t)(summary_level(&pmm->free_areas, 0)[area >> WORD_SHIFT] >> area % WORD_BITS) == UINT8_MAX;
}

static enum pmm_status check_areas(const struct pmm *pmm, uint64_t *ret_offset)
{
    for (uint64_t area = 0; area < pmm->n_areas; area++) {
        if (area >= pmm->first_high_area && pmm_eight_unwritten(pmm, area) && eight_are_listed(pmm, area)) {
            area += OWNERS_A_WORD - 1;
            continue;
        }
        const void *wrong = area_flaw(pmm, area);

        if (wrong)
            return pmm_flaw(pmm, PMM_BAD_LISTS, wrong, ret_offset);
    }
    return PMM_OK;
}

enum pmm_status pmm_check_lists(const struct pmm *pmm, uint64_t *ret_offset)
{
    const struct summary *const summaries[] = { &pmm->partial, &pmm->dense, &pmm->free_areas };

    for (unsigned i = 0; i < ARRAY_LENGTH(summaries); i++) {
        const uint64_t *wrong = summary_first_flaw(summaries[i]);

        if (wrong)
            return pmm_flaw(pmm, PMM_BAD_LISTS, wrong, ret_offset);
    }
    return check_areas(pmm, ret_offset);
}

enum pmm_status pmm_check_contents(const struct pmm *pmm, uint64_t *ret_offset)
{
    enum pmm_status status = pmm_check_regions(pmm, ret_offset);

    if (status == PMM_OK)
        status = pmm_check_bits(pmm, ret_offset);
    if (status == PMM_OK)
        status = pmm_check_counts(pmm, ret_offset);
    return status == PMM_OK ? pmm_check_lists(pmm, ret_offset) : status;
}
