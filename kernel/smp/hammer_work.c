#include "hammer_work.h"

#include "panic.h"
#include "x86.h"

#define OPERATIONS_MIN 50000

/* A slot holds 1 to 8 frames; one slot of each processor may hold a run of 2 MiB. */
#define SHORT_RUN_MAX 8
#define LONG_RUN (MIB(2) >> PAGE_SHIFT)

/* Of 256: how often a slot is filled with a run, or emptied into the neighbour's box, and so on. */
#define OF 256
#define SHORT_RUNS 32
#define LONG_RUNS 2
#define PASSED_ON 64
#define SPLIT 64
#define REFUSED 2

#define NOBODY 0
#define ON_THE_WAY 1 /* holders are numbered from 2 on */

/* At the start of each frame that is held. */
struct stamp {
    phys_addr_t self;
    uint64_t holder;
};

/* One processor's view. */
struct hand {
    struct hammer *hammer;
    struct pmm *pmm;
    struct pmm_cpu *cpu;
    struct worker *worker;
    unsigned index;
    uint64_t started; /* TSC when the call in progress began */
};

/* Xorshift (Marsaglia, "Xorshift RNGs"): the same numbers in every boot. */
static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random >> 16;
}

static void begin(struct hand *hand) { hand->started = rdtsc(); }

static void end(struct hand *hand)
{
    hand->worker->ticks += rdtsc() - hand->started;
    hand->worker->operations++;
}

static uint64_t holder(const struct hand *hand) { return hand->hammer->seed + ON_THE_WAY + 1 + hand->index; }
static uint64_t on_the_way(const struct hand *hand) { return hand->hammer->seed + ON_THE_WAY; }

static void stamp(const struct hand *hand, struct frame_range range, uint64_t owner)
{
    for (uint64_t i = 0; i < range.count; i++) {
        const phys_addr_t at = frame_start(frame(range.first.value + i));

        *(struct stamp *)mmu_hhdm(&hand->hammer->memory->mmu, at) = (struct stamp){ at, owner };
    }
}

/* Checks the stamps and makes them another's. */
static void restamp(const struct hand *hand, struct frame_range range, uint64_t owner, uint64_t next)
{
    for (uint64_t i = 0; i < range.count; i++) {
        const phys_addr_t at = frame_start(frame(range.first.value + i));
        struct stamp *s = mmu_hhdm(&hand->hammer->memory->mmu, at);

        if (s->self.value != at.value || s->holder != owner)
            panic("allocator test: the frame at %lx holds %lx %lx instead of %lx %lx on processor %u", at.value,
                  s->self.value, s->holder, at.value, owner, hand->index);
        s->holder = next;
    }
}

static void expect(const struct hand *hand, const char *what, struct frame_range range, enum pmm_status status,
                   enum pmm_status expected)
{
    if (status != expected)
        panic("allocator test: %s of %lu frames at %lx on processor %u: %s instead of %s", what, range.count,
              frame_start(range.first).value, hand->index, pmm_status_text(status), pmm_status_text(expected));
}

static enum pmm_status take(struct hand *hand, uint64_t n, uint64_t align, frame_t *ret_first)
{
    enum pmm_status status;

    begin(hand);
    if (n == 1)
        status = pmm_alloc_frame(hand->pmm, hand->cpu, ret_first);
    else
        status = pmm_alloc_run(hand->pmm, hand->cpu, n, align, PMM_ANYWHERE, ret_first);
    end(hand);
    return status;
}

/* That there is no such run may be true at any moment: then nothing was taken, and the slot stays empty. */
static void fill_slot(struct hand *hand, struct frame_range *slot)
{
    const uint64_t kind = next_random(hand->worker) % OF;
    const bool is_long = kind < LONG_RUNS && !hand->worker->has_long_run;
    uint64_t n = 1;
    frame_t first = frame(0);
    enum pmm_status status;

    if (is_long)
        n = LONG_RUN;
    else if (kind < LONG_RUNS + SHORT_RUNS)
        n = 2 + next_random(hand->worker) % (SHORT_RUN_MAX - 1);
    status = take(hand, n, is_long ? n : 1, &first);
    if (status == PMM_NO_MEMORY)
        return;
    *slot = (struct frame_range){ first, n };
    expect(hand, "allocation", *slot, status, PMM_OK);
    if (first.value < MIB(1) >> PAGE_SHIFT || (is_long && first.value % n))
        panic("allocator test: %lu frames at %lx are not where they may be", n, frame_start(first).value);
    hand->worker->has_long_run |= is_long;
    stamp(hand, *slot, holder(hand));
}

static void give(struct hand *hand, struct frame_range range)
{
    enum pmm_status status;

    begin(hand);
    if (range.count == 1)
        status = pmm_dealloc_frame(hand->pmm, hand->cpu, range.first);
    else
        status = pmm_dealloc_run(hand->pmm, hand->cpu, range.first, range.count);
    end(hand);
    expect(hand, "deallocation", range, status, PMM_OK);
}

/* As one run, or in two parts. */
static void empty_slot(struct hand *hand, struct frame_range *slot)
{
    const struct frame_range range = *slot;

    slot->count = 0;
    restamp(hand, range, holder(hand), NOBODY);
    if (range.count == LONG_RUN)
        hand->worker->has_long_run = false;
    if (range.count > 1 && next_random(hand->worker) % OF < SPLIT) {
        const uint64_t n = 1 + next_random(hand->worker) % (range.count - 1);

        give(hand, (struct frame_range){ range.first, n });
        give(hand, (struct frame_range){ { range.first.value + n }, range.count - n });
    } else {
        give(hand, range);
    }
}

/* Puts a frame, or none, into a box, and gives back what was in it: then somebody else has taken that. */
static void exchange(struct hand *hand, struct worker *to, uint64_t f)
{
    const uint64_t old = atomic_exchange_explicit(&to->box, f, memory_order_acq_rel);
    const struct frame_range range = { { old }, 1 };

    if (!old)
        return;
    restamp(hand, range, on_the_way(hand), NOBODY);
    give(hand, range);
}

static void pass_on(struct hand *hand, struct frame_range *slot)
{
    restamp(hand, *slot, holder(hand), on_the_way(hand));
    slot->count = 0;
    exchange(hand, &hand->hammer->workers[(hand->index + 1) % hand->hammer->n], slot->first.value);
}

/* What is ours cannot become so once more, and frame 0 cannot be given back: whatever the others do meanwhile. */
static void ask_in_vain(struct hand *hand, struct frame_range held)
{
    const struct frame_range zero = { { 0 }, 1 };
    enum pmm_status status;

    begin(hand);
    status = pmm_reserve(hand->pmm, hand->cpu, held);
    end(hand);
    expect(hand, "reservation", held, status, PMM_NOT_FREE);
    begin(hand);
    status = pmm_dealloc_frame(hand->pmm, hand->cpu, zero.first);
    end(hand);
    expect(hand, "deallocation", zero, status, pmm_is_usable(hand->pmm, hand->cpu, zero.first) ? PMM_PROTECTED :
                                                                                                 PMM_NOT_USABLE);
}

static void use_slot(struct hand *hand, struct frame_range *slot)
{
    const uint64_t what = next_random(hand->worker) % OF;

    if (!slot->count)
        fill_slot(hand, slot);
    else if (what < REFUSED)
        ask_in_vain(hand, *slot);
    else if (slot->count == 1 && what < REFUSED + PASSED_ON)
        pass_on(hand, slot);
    else
        empty_slot(hand, slot);
}

/* One that never comes is processors_run()'s affair. */
static void wait_for_all(struct hammer *hammer)
{
    const uint64_t start = rdtsc();

    atomic_fetch_add_explicit(&hammer->arrived, 1, memory_order_relaxed);
    while (atomic_load_explicit(&hammer->arrived, memory_order_relaxed) < hammer->n &&
           rdtsc() - start < hammer->patience) {
        panic_wait();
        pause();
    }
}

void hammer_work(void *context, unsigned index)
{
    struct hammer *hammer = context;
    struct worker *worker = &hammer->workers[index];
    struct hand hand = { hammer, hammer->memory->pmm, &hammer->cpus[index], worker, index, 0 };

    worker->random = (index + 1) * 0x9E3779B97F4A7C15ull; /* 2^64 / golden ratio */
    wait_for_all(hammer);
    while (worker->operations < OPERATIONS_MIN) {
        use_slot(&hand, &worker->held[next_random(worker) % HAMMER_SLOTS]);
        if (atomic_load_explicit(&worker->box, memory_order_relaxed))
            exchange(&hand, worker, 0);
        panic_wait();
    }
    for (unsigned i = 0; i < HAMMER_SLOTS; i++)
        if (worker->held[i].count)
            empty_slot(&hand, &worker->held[i]);
}

void hammer_empty_box(struct hammer *hammer, struct worker *worker)
{
    struct hand hand = { hammer, hammer->memory->pmm, &hammer->cpus[0], &hammer->workers[0], 0, 0 };

    exchange(&hand, worker, 0);
}
