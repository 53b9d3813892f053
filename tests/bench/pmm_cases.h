/*
 * The cases. Included once per allocator, by a file that says what the allocator's calls are, so that each call is a
 * direct one into another translation unit, for all allocators alike:
 *
 *   static void adapter_prepare(const struct bench *b)            room for the metadata, touched
 *   static void adapter_init(uint64_t n_frames, unsigned n_cpus)  everything is free
 *   static uint64_t adapter_first_frame(void)
 *   static uint64_t adapter_metadata_bytes(uint64_t n_frames)
 *   static inline bool adapter_get(unsigned cpu, uint64_t *ret_frame), adapter_put(unsigned cpu, uint64_t frame)
 *   static inline bool adapter_get_2m(...), adapter_put_2m(...)
 */
#include "pmm_bench.h"
#include "team.h"

#define SEED 20240229
#define HALF(n) ((n) / 2)
#define TAIL_BATCH 32
#define PASSES_2M 16

static void get_all(const struct bench *b, uint64_t *frames, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!adapter_get(0, &frames[i]))
            bench_fail(b, "get");
}

static void put_all(const struct bench *b, const uint64_t *frames, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!adapter_put(0, frames[i]))
            bench_fail(b, "put");
}

static void get_all_2m(const struct bench *b, uint64_t *areas, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!adapter_get_2m(0, &areas[i]))
            bench_fail(b, "get of 2 MiB");
}

static void put_all_2m(const struct bench *b, const uint64_t *areas, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!adapter_put_2m(0, areas[i]))
            bench_fail(b, "put of 2 MiB");
}

/* Takes everything, by 2 MiB; whose they are need not be remembered. */
static void fill_by_2m(const struct bench *b, uint64_t n_frames)
{
    uint64_t area;

    for (uint64_t i = 0; i < n_frames / AREA_FRAMES; i++)
        if (!adapter_get_2m(0, &area))
            bench_fail(b, "get of 2 MiB");
}

static void case_repeat(struct bench *b, unsigned n_cpus)
{
    uint64_t frame;

    adapter_init(b->frames, n_cpus);
    get_all(b, &frame, 1);
    put_all(b, &frame, 1);
    bench_begin(b);
    for (uint64_t i = 0; i < b->pairs; i++)
        if (!adapter_get(0, &frame) || !adapter_put(0, frame))
            bench_fail(b, "repeat");
    bench_end(b, "repeat", "ns/pair", b->pairs);
}

static void case_bulk(struct bench *b, unsigned n_cpus)
{
    const uint64_t n = HALF(b->frames);

    adapter_init(b->frames, n_cpus);
    bench_begin(b);
    get_all(b, b->held, n);
    bench_end(b, "bulk get", "ns/call", n);
    bench_begin(b);
    put_all(b, b->held, n);
    bench_end(b, "bulk put", "ns/call", n);
}

static void case_random(struct bench *b, unsigned n_cpus)
{
    const uint64_t n = HALF(b->frames);

    adapter_init(b->frames, n_cpus);
    get_all(b, b->held, n);
    bench_shuffle(b->held, n, SEED);
    bench_begin(b);
    put_all(b, b->held, n);
    bench_end(b, "random put", "ns/call", n);
    bench_begin(b);
    get_all(b, b->held, n);
    bench_end(b, "get after random puts", "ns/call", n);
}

/* Puts a frame that is held, as `order` says, and gets another for it, over and over. */
static void churn(struct bench *b)
{
    for (uint64_t i = 0; i < b->churn_pairs; i++) {
        uint64_t *place = &b->held[b->order[i]];

        __builtin_prefetch(&b->held[b->order[i + PREFETCH_AHEAD]]);
        if (!adapter_put(0, *place) || !adapter_get(0, place))
            bench_fail(b, "churn");
    }
}

static void choose_order(struct bench *b, uint64_t n, uint64_t seed)
{
    uint64_t state = seed;

    for (uint64_t i = 0; i < b->churn_pairs + PREFETCH_AHEAD; i++)
        b->order[i] = (uint32_t)bench_random_below(&state, n);
}

static void churn_at(struct bench *b, unsigned n_cpus, const char *name, uint64_t percent)
{
    const uint64_t n = b->frames * percent / 100;

    adapter_init(b->frames, n_cpus);
    get_all(b, b->held, n);
    choose_order(b, n, SEED);
    bench_begin(b);
    churn(b);
    bench_end(b, name, "ns/pair", b->churn_pairs);
}

static void case_churn_50(struct bench *b, unsigned n_cpus) { churn_at(b, n_cpus, "churn at 50 %", 50); }
static void case_churn_99(struct bench *b, unsigned n_cpus) { churn_at(b, n_cpus, "churn at 99 %", 99); }

/* What 2 MiB are taken from was single frames a moment ago, so that an allocator that splits and merges must do so. */
static void case_2m(struct bench *b, unsigned n_cpus)
{
    const uint64_t n = HALF(b->frames), n_areas = HALF(b->frames / AREA_FRAMES);
    uint64_t get_ns = 0, put_ns = 0;

    adapter_init(b->frames, n_cpus);
    for (unsigned pass = 0; pass < PASSES_2M; pass++) {
        get_all(b, b->held, n);
        bench_shuffle(b->held, n, SEED);
        put_all(b, b->held, n);
        const uint64_t start_ns = now_ns();
        get_all_2m(b, b->held, n_areas);
        const uint64_t middle_ns = now_ns();
        put_all_2m(b, b->held, n_areas);
        put_ns += now_ns() - middle_ns;
        get_ns += middle_ns - start_ns;
    }
    bench_report(b, "2 MiB get", "ns/call", (double)get_ns / PASSES_2M / (double)n_areas);
    bench_report(b, "2 MiB put", "ns/call", (double)put_ns / PASSES_2M / (double)n_areas);
}

/* A team: each thread has its share of `held`. */
struct share {
    struct bench *b;
    uint64_t n; /* frames */
};

static void team_repeat(unsigned thread, void *context)
{
    const struct bench *b = ((const struct share *)context)->b;
    uint64_t frame;

    for (uint64_t i = 0; i < b->thread_pairs; i++)
        if (!adapter_get(thread, &frame) || !adapter_put(thread, frame))
            bench_fail(b, "repeat by threads");
}

static void team_get(unsigned thread, void *context)
{
    const struct share *share = context;
    uint64_t *frames = share->b->held + thread * share->n;

    for (uint64_t i = 0; i < share->n; i++)
        if (!adapter_get(thread, &frames[i]))
            bench_fail(share->b, "get by threads");
}

static void team_put(unsigned thread, void *context)
{
    const struct share *share = context;
    const uint64_t *frames = share->b->held + thread * share->n;

    for (uint64_t i = 0; i < share->n; i++)
        if (!adapter_put(thread, frames[i]))
            bench_fail(share->b, "put by threads");
}

static void run_team(struct share *share, void (*work)(unsigned thread, void *context), const char *name,
                     const char *unit, uint64_t n)
{
    bench_report(share->b, name, unit, (double)team_run(share->b->threads, work, share) / (double)n);
}

static void case_threads(struct bench *b, unsigned n_cpus)
{
    struct share share = { b, HALF(b->frames) / b->threads };

    if (n_cpus < b->threads)
        return;
    adapter_init(b->frames, n_cpus);
    run_team(&share, team_repeat, "threads: repeat", "ns/pair", b->thread_pairs);
    adapter_init(b->frames, n_cpus);
    run_team(&share, team_get, "threads: bulk get", "ns/call", share.n);
    run_team(&share, team_put, "threads: bulk put", "ns/call", share.n);
    team_run(b->threads, team_get, &share);
    bench_shuffle(b->held, share.n * b->threads, SEED);
    run_team(&share, team_put, "threads: mixed random put", "ns/call", share.n);
}

static void case_init(struct bench *b, unsigned n_cpus)
{
    bench_begin(b);
    adapter_init(b->big_frames, n_cpus);
    bench_end(b, "init of 1 TiB", "us", 1000);
    bench_begin(b);
    adapter_init(b->big_frames, n_cpus);
    fill_by_2m(b, b->big_frames);
    bench_end(b, "init of 1 TiB, get of all by 2 MiB", "us", 1000);
    bench_begin(b);
    adapter_init(b->frames, n_cpus);
    get_all(b, b->held, b->frames);
    bench_end(b, "init of 8 GiB, get of all", "us", 1000);
}

/* One frame is free, each time another one; `putter` gives it back, CPU 0 finds it. */
static void last_frame(struct bench *b, const char *name, unsigned putter)
{
    uint64_t state = SEED, n = 0, frame;

    bench_begin(b);
    do
        for (unsigned i = 0; i < TAIL_BATCH; i++, n++) {
            const uint64_t place = adapter_first_frame() + bench_random_below(&state, b->big_frames);

            if (!adapter_put(putter, place) || !adapter_get(0, &frame) || frame != place)
                bench_fail(b, name);
        }
    while (now_ns() - b->phase_start_ns < b->tail_ns);
    bench_end(b, name, "ns/pair", n);
}

static void case_tail(struct bench *b, unsigned n_cpus)
{
    uint64_t n = 0, frame;

    adapter_init(b->big_frames, n_cpus);
    fill_by_2m(b, b->big_frames);
    last_frame(b, "last free frame of 1 TiB", 0);
    if (n_cpus > 1)
        last_frame(b, "last free frame, from another CPU", 1);
    bench_begin(b);
    do
        for (unsigned i = 0; i < TAIL_BATCH; i++, n++)
            if (adapter_get(0, &frame))
                bench_fail(b, "no free frame");
    while (now_ns() - b->phase_start_ns < b->tail_ns);
    bench_end(b, "no free frame in 1 TiB", "ns/call", n);
}

static void case_metadata(struct bench *b, unsigned n_cpus)
{
    const double gib = (double)b->big_frames / (1 << 18);

    (void)n_cpus;
    bench_report(b, "metadata", "bytes/GiB", (double)adapter_metadata_bytes(b->big_frames) / gib);
}

static void fragmentation(struct bench *b, unsigned n_cpus)
{
    const uint64_t n_filled = b->frames / 10 * 9, n = n_filled - HALF(n_filled);

    for (unsigned seed = 1; seed <= b->seeds; seed++) {
        adapter_init(b->frames, n_cpus);
        get_all(b, b->held, n_filled);
        bench_shuffle(b->held, n_filled, seed);
        put_all(b, b->held + n, n_filled - n);
        choose_order(b, n, seed);
        churn(b);
        bench_report(b, "fragmentation", "areas",
                     (double)bench_free_areas(b->held, n, adapter_first_frame(), b->frames));
    }
}

static void run_case(struct bench *b, unsigned number, unsigned n_cpus)
{
    static void (*const cases[])(struct bench *b, unsigned n_cpus) = {
        case_repeat, case_bulk, case_random, case_churn_50, case_churn_99,
        case_2m, case_threads, case_init, case_tail, case_metadata,
    };

    _Static_assert(sizeof(cases) / sizeof(cases[0]) == N_CASES, "main() knows how many there are");
    cases[number](b, n_cpus);
}
