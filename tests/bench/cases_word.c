#include "word_allocator.h"

#include "contenders.h"

static struct word_allocator allocator;
static uint64_t *words;

static uint64_t adapter_metadata_bytes(uint64_t n_frames) { return sizeof(allocator) + n_frames / 8; }
static uint64_t adapter_first_frame(void) { return 0; }

static void adapter_prepare(const struct bench *b) { words = bench_memory(b->big_frames / 8); }

static void adapter_init(uint64_t n_frames, unsigned n_cpus)
{
    (void)n_cpus;
    word_init(&allocator, words, n_frames);
}

static inline bool adapter_get(unsigned cpu, uint64_t *ret_frame)
{
    (void)cpu;
    return word_get(&allocator, ret_frame);
}

static inline bool adapter_put(unsigned cpu, uint64_t frame)
{
    (void)cpu;
    return word_put(&allocator, frame);
}

static inline bool adapter_get_2m(unsigned cpu, uint64_t *ret_first)
{
    (void)cpu;
    return word_get_2m(&allocator, ret_first);
}

static inline bool adapter_put_2m(unsigned cpu, uint64_t first)
{
    (void)cpu;
    return word_put_2m(&allocator, first);
}

#include "pmm_cases.h"

const struct contender contender_word = { "word", false, adapter_prepare, run_case, fragmentation };
