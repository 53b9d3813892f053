#include "pmm_seal.h"

#include "pmm_handover.h"

/* 2^64 divided by the golden ratio, made odd: bits spread over the whole product. */
#define FACTOR 0x9E3779B97F4A7C15

/*
 * Each half of the step can be undone, so two sums that differ stay different through equal words, and two words that
 * differ make equal sums differ: one changed word is always noticed, several are but for one case in 2^64.
 */
static inline uint64_t add_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * FACTOR;
    return sum ^ sum >> 32;
}

static uint64_t add_bytes(uint64_t sum, const void *from, uint64_t bytes)
{
    const char *at = from;
    uint64_t word;

    for (; bytes >= sizeof(word); at += sizeof(word), bytes -= sizeof(word)) {
        __builtin_memcpy(&word, at, sizeof(word));
        sum = add_word(sum, word);
    }
    for (; bytes; bytes--)
        sum = add_word(sum, (uint8_t)*at++);
    return sum;
}

static uint64_t add_summary(uint64_t sum, const struct summary *summary)
{
    return add_bytes(sum, summary_level(summary, 0), summary_bytes(summary->n_bits));
}

uint64_t pmm_checksum(const struct pmm *pmm)
{
    const uint64_t after_seal = offsetof(struct pmm, seal) + sizeof(pmm->seal);
    uint64_t sum = add_bytes(0, pmm, offsetof(struct pmm, seal));

    sum = add_bytes(sum, (const char *)pmm + after_seal, sizeof(*pmm) - after_seal);
    sum = add_bytes(sum, pmm_spans(pmm), pmm->n_spans * sizeof(struct span_record));
    sum = add_bytes(sum, pmm_pending(pmm), pmm->n_pending * sizeof(struct pending_piece));
    sum = add_bytes(sum, pmm_owners(pmm), pmm->n_areas);
    sum = add_summary(sum, &pmm->partial);
    sum = add_summary(sum, &pmm->dense);
    return add_summary(sum, &pmm->free_areas);
}

void pmm_seal(struct pmm *pmm)
{
    pmm->seal = pmm_checksum(pmm);
}
