/*
 * Random operations on the allocator and on its model, side by side: same statuses, same frames, same counts after
 * every one; every frame's state, and the allocator's inner invariants, after every few hundred.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "model_pmm.h"
#include "pmm_handover.h"

/* A test's machine and how long it runs. The scenario's name is what cmocka prints. */
struct scenario {
    unsigned seeds;            /* machines tried */
    unsigned operations;       /* on each */
    unsigned check_interval;   /* operations between comparisons of all frames */
    unsigned n_regions;        /* at most */
    uint64_t region_frames;    /* at most, each */
    uint64_t hole_frames;      /* at most, each; a third of the holes is empty */
    uint64_t run_frames;       /* longest run asked for */
    uint64_t n_cpus;           /* one thread drives them all, at random */
};

#define REGIONS_MAX 64

struct world {
    uint64_t random;
    const struct scenario *scenario;
    struct mem_region regions[REGIONS_MAX];
    size_t n_regions;
    struct pmm_fixture fixture;
    struct pmm_model model;
};

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016). */
static uint64_t random_u64(struct world *w)
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return w->random * 0x2545F4914F6CDD1D;
}

/* 0 <= result < n. */
static uint64_t random_below(struct world *w, uint64_t n)
{
    return (random_u64(w) >> 16) % n;
}

/* 1 <= result <= n; every order of magnitude as likely as any other. */
static uint64_t random_size(struct world *w, uint64_t n)
{
    const unsigned bits = 64 - (unsigned)__builtin_clzll(n);
    const uint64_t limit = (uint64_t)1 << (random_below(w, bits) + 1);

    return random_below(w, limit - 1 < n ? limit - 1 : n) + 1;
}

static void random_regions(struct world *w)
{
    uint64_t next = random_below(w, 3) ? 0 : random_below(w, 600);
    const uint64_t n = random_below(w, w->scenario->n_regions) + 1;

    for (w->n_regions = 0; w->n_regions < n;) {
        const uint64_t most = w->scenario->region_frames;
        const uint64_t count = random_below(w, 2) ? random_size(w, most) : random_below(w, most) + 1;
        const uint64_t kind = random_below(w, 8);
        const enum region_type type = kind < 5   ? REGION_USABLE
                                      : kind < 7 ? REGION_BOOTLOADER_RECLAIMABLE
                                                 : REGION_RESERVED;

        w->regions[w->n_regions++] = model_region(next, count, type);
        next += count + (random_below(w, 3) ? random_size(w, w->scenario->hole_frames) : 0);
    }
}

static void make_world(struct world *w, const struct scenario *scenario, uint64_t seed)
{
    *w = (struct world){ .random = seed * 0x9E3779B97F4A7C15 + 1, .scenario = scenario };
    random_regions(w);
    const uint64_t bytes = pmm_metadata_bytes(w->regions, w->n_regions);
    const uint64_t top = w->regions[w->n_regions - 1].end.value;
    const phys_addr_t metadata = phys_addr(align_down(random_below(w, top), 64));

    pmm_fixture_init(&w->fixture, metadata, w->regions, w->n_regions);
    if (scenario->n_cpus > 1)
        pmm_fixture_use_cpus(&w->fixture, scenario->n_cpus, NO_BARRIER);
    model_init(&w->model, (struct phys_range){ metadata, bytes }, w->regions, w->n_regions);
}

/* A frame of any kind, rarely one far outside. */
static frame_t random_frame(struct world *w)
{
    static const uint64_t odd[] = { 0, 1, 255, 256, UINT64_MAX, UINT64_MAX >> 12, (uint64_t)1 << 40 };

    if (random_below(w, 64) == 0)
        return frame(odd[random_below(w, ARRAY_LENGTH(odd))]);
    return frame(random_below(w, w->model.n_frames + 2));
}

/* One of the CPUs, all of which this thread drives. */
static struct pmm_cpu *a_cpu(struct world *w)
{
    return &w->fixture.cpus[random_below(w, w->scenario->n_cpus)];
}

static void try_alloc_frame(struct world *w)
{
    frame_t got = frame(12345);
    const enum pmm_status want = model_has_frame(&w->model) ? PMM_OK : PMM_NO_MEMORY;

    assert_int_equal(pmm_alloc_frame(w->fixture.pmm, a_cpu(w), &got), want);
    if (want == PMM_OK) {
        assert_true(got.value >= LOW);
        model_take(&w->model, got, 1);
    } else {
        assert_int_equal(got.value, 12345);
    }
}

static void try_dealloc_frame(struct world *w)
{
    const frame_t f = random_frame(w);

    assert_int_equal(pmm_dealloc_frame(w->fixture.pmm, a_cpu(w), f), model_dealloc_frame(&w->model, f));
}

static void try_alloc_run(struct world *w)
{
    static const uint64_t odd_bounds[] = { 0, 1, MIB(1) - 1, MIB(1), MIB(1) + 1, MIB(2), UINT64_MAX };
    const uint64_t n = random_below(w, 100) ? random_size(w, w->scenario->run_frames) : random_below(w, 3) - 1;
    const uint64_t odd_align = random_u64(w) << random_below(w, 64);
    const uint64_t align = random_below(w, 50) ? (uint64_t)1 << random_below(w, 11) : odd_align;
    phys_addr_t below = PMM_ANYWHERE;
    frame_t want = frame(12345), got = want;

    if (random_below(w, 4) == 0)
        below = random_below(w, 2) ? phys_addr(odd_bounds[random_below(w, ARRAY_LENGTH(odd_bounds))])
                                   : frame_start(frame(random_below(w, w->model.n_frames + 10)));
    const enum pmm_status status = model_alloc_run(&w->model, n, align, below, &want);

    assert_int_equal(pmm_alloc_run(w->fixture.pmm, a_cpu(w), n, align, below, &got), status);
    if (got.value == want.value)
        return;
    /* Of 2 MiB it may be any free area, and with several CPUs a short run may lie anywhere. */
    assert_int_equal(status, PMM_OK);
    assert_true(n == FRAMES_2M || (n < FRAMES_2M && w->scenario->n_cpus > 1));
    assert_true(got.value >= LOW && got.value % align == 0 && below.value == UINT64_MAX);
    model_dealloc_run(&w->model, want, n);
    model_take(&w->model, got, n);
}

/* Any range; mostly, where a run of one state is, exactly or nearly that run. */
static struct frame_range random_range(struct world *w)
{
    struct frame_range range = { random_frame(w), random_size(w, w->scenario->run_frames) };

    if (random_below(w, 100) == 0)
        range.count = UINT64_MAX - random_below(w, w->model.n_frames);
    if (range.first.value >= w->model.n_frames || random_below(w, 4) == 0)
        return range;
    const uint8_t state = w->model.states[range.first.value];
    uint64_t end = range.first.value;

    while (end < w->model.n_frames && w->model.states[end] == state && end - range.first.value < range.count)
        end++;
    range.count = end - range.first.value;
    if (random_below(w, 16) == 0)
        range.count += random_below(w, 3) - 1;
    return range;
}

static void try_dealloc_run(struct world *w)
{
    const struct frame_range r = random_range(w);

    assert_int_equal(pmm_dealloc_run(w->fixture.pmm, a_cpu(w), r.first, r.count),
                     model_dealloc_run(&w->model, r.first, r.count));
}

static void try_reserve(struct world *w)
{
    const struct frame_range r = random_range(w);

    assert_int_equal(pmm_reserve(w->fixture.pmm, a_cpu(w), r), model_reserve(&w->model, r));
}

static void try_add(struct world *w)
{
    const struct frame_range r = random_range(w);

    assert_int_equal(pmm_add(w->fixture.pmm, a_cpu(w), r), model_add(&w->model, r));
}

#define ARRAY_FRAMES 200

static void try_alloc_frames(struct world *w)
{
    const uint64_t n = random_below(w, ARRAY_FRAMES + 1);
    frame_t got[ARRAY_FRAMES];
    const uint64_t n_got = pmm_alloc_frames(w->fixture.pmm, a_cpu(w), got, n);

    for (uint64_t i = 0; i < n_got; i++)
        model_take(&w->model, got[i], 1);
    assert_true(n_got == n || !model_has_frame(&w->model));
}

/* Allocated frames from a random one on, now and then with a random one among them. */
static void try_dealloc_frames(struct world *w)
{
    frame_t frames[ARRAY_FRAMES];
    uint64_t n = 0, n_got, n_want = 0;
    enum pmm_status want = PMM_OK;

    for (uint64_t f = random_below(w, w->model.n_frames); f < w->model.n_frames && n < ARRAY_FRAMES; f++) {
        if (w->model.states[f] == MODEL_ALLOCATED && random_below(w, 4))
            frames[n++] = frame(f);
        if (n < ARRAY_FRAMES && random_below(w, 500) == 0)
            frames[n++] = random_frame(w);
    }
    const enum pmm_status got = pmm_dealloc_frames(w->fixture.pmm, a_cpu(w), frames, n, &n_got);

    while (n_want < n && (want = model_dealloc_frame(&w->model, frames[n_want])) == PMM_OK)
        n_want++;
    assert_int_equal(got, want);
    assert_int_equal(n_got, n_want);
}

static void try_next_free_run(struct world *w)
{
    const frame_t from = random_frame(w);
    const struct frame_range got = pmm_next_free_run(w->fixture.pmm, a_cpu(w), from);
    const struct frame_range want = model_next_free_run(&w->model, from);

    assert_int_equal(got.count, want.count);
    if (want.count)
        assert_int_equal(got.first.value, want.first.value);
}

/* From one loader to a kernel, or from that to the next: nothing is lost, and nothing else found. */
static void try_hand_over(struct world *w)
{
    pmm_fixture_hand_over(&w->fixture, w->scenario->n_cpus, NO_BARRIER);
}

static void try_reclaim(struct world *w)
{
    const uint64_t free = w->model.free;

    for (uint64_t f = 0; f < w->model.n_frames; f++)
        if (w->model.states[f] == MODEL_PENDING)
            assert_int_equal(model_add(&w->model, (struct frame_range){ frame(f), 1 }), PMM_OK);
    assert_int_equal(pmm_reclaim_loader(w->fixture.pmm, a_cpu(w)), w->model.free - free);
}

/* In a thousand operations, a few. */
static void try_rare(struct world *w)
{
    if (random_below(w, 10) == 0)
        try_hand_over(w);
    else if (random_below(w, 60) == 0)
        try_reclaim(w);
}

/* Phases with different weights, so that memory runs full and empty again and again. */
static const struct {
    void (*attempt)(struct world *w);
    unsigned filling, emptying; /* weights; each column sums to 100 */
} attempts[] = {
    { try_alloc_frame, 25, 8 },   { try_dealloc_frame, 10, 25 }, { try_alloc_run, 30, 6 },
    { try_dealloc_run, 8, 30 },   { try_reserve, 8, 4 },         { try_add, 3, 3 },
    { try_alloc_frames, 6, 2 },   { try_dealloc_frames, 2, 14 }, { try_next_free_run, 6, 6 },
    { try_rare, 2, 2 },
};

static void try_anything(struct world *w, bool filling)
{
    uint64_t pick = random_below(w, 100);

    for (size_t i = 0; i < ARRAY_LENGTH(attempts); i++) {
        const unsigned weight = filling ? attempts[i].filling : attempts[i].emptying;

        if (pick < weight) {
            attempts[i].attempt(w);
            return;
        }
        pick -= weight;
    }
}

static void run_scenario(void **state)
{
    const struct scenario *s = *state;
    struct world w;

    for (unsigned seed = 1; seed <= s->seeds; seed++) {
        make_world(&w, s, seed);
        for (unsigned i = 0; i < s->operations; i++) {
            if (i % s->check_interval == 0) {
                model_compare_counts(&w.model, &w.fixture);
                model_compare_frames(&w.model, &w.fixture);
            }
            try_anything(&w, i / (s->operations / 8 + 1) % 2 == 0);
            assert_int_equal(pmm_free_frames(w.fixture.pmm, w.fixture.cpus), w.model.free);
        }
        model_compare_counts(&w.model, &w.fixture);
        model_compare_frames(&w.model, &w.fixture);
        model_free(&w.model);
        pmm_fixture_free(&w.fixture);
    }
}

/*                                         seeds  operations  interval  regions  frames  holes  runs  CPUs */
static struct scenario scattered_regions = { 250, 2400, 300, 40, 60, 100, 40, 1 };
static struct scenario small_machines = { 250, 2400, 300, 12, 800, 200, 300, 1 };
static struct scenario many_areas = { 40, 1200, 300, 8, 6000, 1500, 3000, 1 };
static struct scenario large_spans = { 6, 1000, 200, 5, 90000, 600, 50000, 1 };
static struct scenario two_cpus = { 250, 2400, 300, 12, 800, 200, 300, 2 };
static struct scenario many_cpus = { 40, 2400, 300, 8, 6000, 1500, 3000, 7 };
static struct scenario more_cpus_than_owners = { 4, 2000, 1000, 8, 60000, 1500, 600, 520 };

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "scattered_short_regions_behave_like_the_model", run_scenario, NULL, NULL, &scattered_regions },
        { "small_machines_behave_like_the_model", run_scenario, NULL, NULL, &small_machines },
        { "machines_of_many_areas_behave_like_the_model", run_scenario, NULL, NULL, &many_areas },
        { "large_spans_behave_like_the_model", run_scenario, NULL, NULL, &large_spans },
        { "two_cpus_behave_like_the_model", run_scenario, NULL, NULL, &two_cpus },
        { "many_cpus_behave_like_the_model", run_scenario, NULL, NULL, &many_cpus },
        { "more_cpus_than_owner_bytes_behave_like_the_model", run_scenario, NULL, NULL, &more_cpus_than_owners },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
