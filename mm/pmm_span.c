#include "pmm_layout.h"

void pmm_cpus_init(struct pmm *pmm, struct pmm_cpu *cpus, uint64_t n, struct pmm_barrier barrier)
{
    (void)pmm;
    (void)barrier;
    for (uint64_t i = 0; i < n; i++)
        cpus[i] = (struct pmm_cpu){ 0 };
}

void pmm_drain(struct pmm *pmm, struct pmm_cpu *cpu)
{
    (void)pmm;
    (void)cpu;
}

static void remember_span(struct pmm_cpu *cpu, const struct span *span)
{
    cpu->private_words[CPU_FIRST] = span->first;
    cpu->private_words[CPU_COUNT] = span->count;
    cpu->private_words[CPU_FIRST_WORD] = span->first_word;
    cpu->private_words[CPU_N_WORDS] = span->n_words;
}

struct span pmm_span_at(const struct pmm *pmm, uint64_t index)
{
    const struct span_record r = pmm_spans(pmm)[index];
    const uint64_t first = record_first(r);
    const uint64_t last = first + record_count(r) - 1;

    return (struct span){
        .first = first,
        .count = record_count(r),
        .first_word = record_word(r),
        .n_words = (last >> WORD_SHIFT) - (first >> WORD_SHIFT) + 1,
    };
}

bool pmm_span_from(const struct pmm *pmm, uint64_t frame, struct span *ret_span)
{
    uint64_t low = 0, high = pmm->n_spans;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        const struct span_record r = pmm_spans(pmm)[middle];

        if (record_first(r) + record_count(r) <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == pmm->n_spans)
        return false;
    *ret_span = pmm_span_at(pmm, low);
    return true;
}

bool pmm_recall_span_of_frame(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t frame)
{
    struct span span;

    if (!pmm_span_from(pmm, frame, &span) || frame < span.first)
        return false;
    remember_span(cpu, &span);
    return true;
}

void pmm_recall_span_of_word(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t word)
{
    uint64_t low = 0, high = pmm->n_spans;

    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;

        if (record_word(pmm_spans(pmm)[middle]) <= word)
            low = middle;
        else
            high = middle;
    }
    const struct span span = pmm_span_at(pmm, low);
    remember_span(cpu, &span);
}
