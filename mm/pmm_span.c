#include "pmm_layout.h"

/* Fields of struct pmm_cpu: the span that this CPU used last. An empty one matches nothing. */
enum { CPU_FIRST, CPU_COUNT, CPU_FIRST_WORD, CPU_N_WORDS };

void pmm_cpu_init(struct pmm *pmm, struct pmm_cpu *cpu)
{
    (void)pmm;
    *cpu = (struct pmm_cpu){ 0 };
}

static inline struct span last_span(const struct pmm_cpu *cpu)
{
    const uint64_t *saved = cpu->private_words;

    return (struct span){ saved[CPU_FIRST], saved[CPU_COUNT], saved[CPU_FIRST_WORD], saved[CPU_N_WORDS] };
}

static inline void remember_span(struct pmm_cpu *cpu, const struct span *span)
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

bool pmm_find_span(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t frame, struct span *ret_span)
{
    const struct span last = last_span(cpu);

    if (frame - last.first < last.count) {
        *ret_span = last;
        return true;
    }
    if (!pmm_span_from(pmm, frame, ret_span) || frame < ret_span->first)
        return false;
    remember_span(cpu, ret_span);
    return true;
}

struct span pmm_span_of_word(const struct pmm *pmm, struct pmm_cpu *cpu, uint64_t word)
{
    const struct span last = last_span(cpu);

    if (word - last.first_word < last.n_words)
        return last;
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
    return span;
}
