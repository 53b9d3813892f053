#include "frame_test.h"

#include "panic.h"

#define LOWEST_MIB 4096 /* unless options.test_mib says otherwise */
#define SPREAD_FRAMES 4096
#define BATCH 64

/*
 * What a tested frame holds. The frames form a list through themselves, in the order in which they were handed out,
 * so the test needs no memory of its own and can take every free frame there is.
 */
struct tested_frame {
    phys_addr_t self;
    phys_addr_t next; /* 0: last */
};

struct frame_test {
    struct memory *memory;
    const struct boot_info *info;
    const struct mem_region *region; /* that held the last frame: neighbours are alike */
    phys_addr_t first, last;
    uint64_t count;
};

static struct tested_frame *reach(const struct frame_test *test, phys_addr_t address)
{
    return mmu_hhdm(&test->memory->mmu, address);
}

/* The frame must be usable memory and nobody's. */
static void check_place(struct frame_test *test, phys_addr_t address)
{
    const struct phys_range bytes = { address, PAGE_SIZE };

    if (!test->region || !phys_range_contains(region_range(test->region), address))
        test->region = region_find(&test->memory->map, address);
    if (!test->region || test->region->type != REGION_USABLE)
        panic("frame test: the frame at %lx is not usable memory", address.value);
    if (phys_ranges_overlap(bytes, test->info->image))
        panic("frame test: the frame at %lx belongs to the loader's image", address.value);
    if (phys_ranges_overlap(bytes, test->memory->metadata))
        panic("frame test: the frame at %lx belongs to the allocator", address.value);
    for (unsigned use = 0; use < LOADER_USES; use++)
        if (phys_ranges_overlap(bytes, memory_in_use(test->memory, test->info, (enum loader_use)use)))
            panic("frame test: the frame at %lx belongs to the loader's allocation %u", address.value, use);
}

/* Appends a frame. One that is handed out twice ends the list early, where it was handed out last: read_back() sees. */
static void take(struct frame_test *test, frame_t f)
{
    const phys_addr_t address = frame_start(f);

    check_place(test, address);
    *reach(test, address) = (struct tested_frame){ address, phys_addr(0) };
    if (test->count++)
        reach(test, test->last)->next = address;
    else
        test->first = address;
    test->last = address;
}

/* Where the lowest `want` frames end that are free, from 1 MiB up. */
static frame_t end_of_lowest(const struct frame_test *test, uint64_t want)
{
    struct memory *m = test->memory;
    frame_t from = frame_of(phys_addr(MIB(1)));
    struct frame_range run;

    for (; (run = pmm_next_free_run(m->pmm, m->cpu, from)).count; from.value = run.first.value + run.count) {
        if (run.count >= want)
            return frame(run.first.value + want);
        want -= run.count;
    }
    return from;
}

static void reserve(struct frame_test *test, frame_t f)
{
    const enum pmm_status status = pmm_reserve(test->memory->pmm, test->memory->cpu, (struct frame_range){ f, 1 });

    if (status != PMM_OK)
        panic("frame test: cannot reserve the free frame at %lx: %s", frame_start(f).value, pmm_status_text(status));
    take(test, f);
}

/*
 * Takes so many frames as the allocator hands them out: nearly the lowest. Then the lowest that it would have handed
 * out later. Returns how many of all these lie below `end`: all that do.
 */
static uint64_t take_lowest(struct frame_test *test, uint64_t want, frame_t end)
{
    struct memory *m = test->memory;
    frame_t from = frame_of(phys_addr(MIB(1)));
    frame_t batch[BATCH];
    struct frame_range run;
    uint64_t n, lowest = 0;

    do {
        n = pmm_alloc_frames(m->pmm, m->cpu, batch, BATCH); /* divides every whole MiB */
        for (uint64_t i = 0; i < n; i++) {
            take(test, batch[i]);
            lowest += batch[i].value < end.value;
        }
    } while (n == BATCH && test->count < want);
    for (; (run = pmm_next_free_run(m->pmm, m->cpu, from)).count && run.first.value < end.value; lowest++) {
        reserve(test, run.first);
        from = frame(run.first.value + 1);
    }
    return lowest;
}

/* Takes about `want` frames at equal distances from what is free from `from` on. */
static void take_spread(struct frame_test *test, frame_t from, uint64_t n_free, uint64_t want)
{
    struct memory *m = test->memory;
    const uint64_t step = n_free > want ? n_free / want : 1;
    uint64_t skip = 0; /* free frames to pass over before the next one to take */
    struct frame_range run;

    for (; want && (run = pmm_next_free_run(m->pmm, m->cpu, from)).count; from.value = run.first.value + run.count) {
        for (; want && skip < run.count; want--, skip += step)
            reserve(test, frame(run.first.value + skip));
        skip -= skip < run.count ? skip : run.count;
    }
}

/* Every frame must still hold its own address, and lead to the next. */
static void read_back(struct frame_test *test)
{
    phys_addr_t address = test->first;

    for (uint64_t i = 0; i < test->count; i++) {
        const struct tested_frame *f = reach(test, address);

        if (f->self.value != address.value)
            panic("frame test: the frame at %lx holds %lx instead of its own address", address.value, f->self.value);
        if (i + 1 == test->count)
            break;
        if (!f->next.value || f->next.value & PAGE_MASK ||
            !pmm_is_usable(test->memory->pmm, test->memory->cpu, frame_of(f->next)))
            panic("frame test: the frame at %lx holds %lx instead of the next frame's address", address.value,
                  f->next.value);
        address = f->next;
    }
}

static void give_back(struct frame_test *test, phys_addr_t address)
{
    const enum pmm_status status = pmm_dealloc_frame(test->memory->pmm, test->memory->cpu, frame_of(address));

    if (status != PMM_OK)
        panic("frame test: cannot give back the frame at %lx: %s", address.value, pmm_status_text(status));
}

/* Not in the order of allocation: every second frame, then the others. */
static void give_all_back(struct frame_test *test)
{
    for (uint64_t odd = 0; odd < 2; odd++) {
        phys_addr_t address = test->first;

        for (uint64_t i = 0; i < test->count; i++) {
            const phys_addr_t next = reach(test, address)->next;

            if (i % 2 != odd)
                give_back(test, address);
            address = next;
        }
    }
}

static void check_count(const char *what, uint64_t before, uint64_t after)
{
    if (before != after)
        panic("frame test: %s were %lu before and are %lu after", what, before, after);
}

/* Free frames in [from, below). */
static uint64_t count_free(struct memory *m, frame_t from, frame_t below)
{
    struct frame_range run;
    uint64_t n = 0;

    for (; from.value < below.value && (run = pmm_next_free_run(m->pmm, m->cpu, from)).count;
         from.value = run.first.value + run.count) {
        if (run.first.value >= below.value)
            break;
        n += run.first.value + run.count <= below.value ? run.count : below.value - run.first.value;
    }
    return n;
}

struct frame_test_result frame_test_run(struct memory *memory, const struct boot_info *info)
{
    struct frame_test test = { .memory = memory, .info = info };
    const uint32_t asked_for = info->options.test_mib;
    const uint64_t want = MIB(asked_for ? asked_for : LOWEST_MIB) >> PAGE_SHIFT;
    const frame_t low_end = frame_of(phys_addr(MIB(1))), end = end_of_lowest(&test, want);
    const struct pmm_stats before = pmm_stats(memory->pmm, memory->cpu);
    struct frame_test_result result = { 0 };
    struct pmm_stats after;

    result.low_memory = count_free(memory, frame(0), low_end);
    result.lowest = take_lowest(&test, want, end);
    const uint64_t beyond = test.count - result.lowest;
    const uint64_t rest = pmm_free_frames(memory->pmm, memory->cpu) - result.low_memory;

    take_spread(&test, end, rest, beyond < SPREAD_FRAMES ? SPREAD_FRAMES - beyond : 0);
    result.spread = test.count - result.lowest;
    result.left_out = rest + beyond - result.spread;
    read_back(&test);
    give_all_back(&test);

    after = pmm_stats(memory->pmm, memory->cpu);
    check_count("usable frames", before.usable_frames, after.usable_frames);
    check_count("free frames", before.free_frames, after.free_frames);
    check_count("allocated frames", before.allocated_frames, after.allocated_frames);
    check_count("frames of the largest free run", before.largest_free_run, after.largest_free_run);
    return result;
}
