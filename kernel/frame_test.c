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

/* Appends a frame. Addresses must rise, as the allocator promises; so no frame can occur twice. */
static void take(struct frame_test *test, frame_t f)
{
    const phys_addr_t address = frame_start(f);

    check_place(test, address);
    if (test->count && address.value <= test->last.value)
        panic("frame test: the frame at %lx was handed out after that at %lx", address.value, test->last.value);
    *reach(test, address) = (struct tested_frame){ address, phys_addr(0) };
    if (test->count++)
        reach(test, test->last)->next = address;
    else
        test->first = address;
    test->last = address;
}

static uint64_t take_lowest(struct frame_test *test)
{
    const uint32_t asked_for = test->info->options.test_mib;
    const uint64_t want = MIB(asked_for ? asked_for : LOWEST_MIB) >> PAGE_SHIFT;
    struct memory *m = test->memory;
    frame_t batch[BATCH];
    uint64_t n;

    do {
        n = pmm_alloc_frames(m->pmm, m->cpu, batch, BATCH); /* divides every whole MiB */
        for (uint64_t i = 0; i < n; i++)
            take(test, batch[i]);
    } while (n == BATCH && test->count < want);
    return test->count;
}

/* Takes about `want` frames at equal distances from what is free from `from` on. */
static void take_spread(struct frame_test *test, frame_t from, uint64_t n_free, uint64_t want)
{
    struct memory *m = test->memory;
    const uint64_t step = n_free > want ? n_free / want : 1;
    uint64_t skip = 0; /* free frames to pass over before the next one to take */
    struct frame_range run;

    for (; want && (run = pmm_next_free_run(m->pmm, m->cpu, from)).count; from.value = run.first.value + run.count) {
        for (; want && skip < run.count; want--, skip += step) {
            const struct frame_range one = { { run.first.value + skip }, 1 };
            const enum pmm_status status = pmm_reserve(m->pmm, m->cpu, one);

            if (status != PMM_OK)
                panic("frame test: cannot reserve the free frame at %lx: %s", frame_start(one.first).value,
                      pmm_status_text(status));
            take(test, one.first);
        }
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
        if (f->next.value & PAGE_MASK || f->next.value <= address.value || f->next.value > test->last.value ||
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
    const frame_t low_end = frame_of(phys_addr(MIB(1)));
    const struct pmm_stats before = pmm_stats(memory->pmm, memory->cpu);
    struct frame_test_result result = { 0 };
    struct pmm_stats after;

    result.low_memory = count_free(memory, frame(0), low_end);
    result.lowest = take_lowest(&test);
    if (test.count) {
        const uint64_t rest = pmm_free_frames(memory->pmm, memory->cpu) - result.low_memory;

        take_spread(&test, frame_of(test.last), rest, SPREAD_FRAMES);
        result.spread = test.count - result.lowest;
        result.left_out = rest - result.spread;
    }
    read_back(&test);
    give_all_back(&test);

    after = pmm_stats(memory->pmm, memory->cpu);
    check_count("usable frames", before.usable_frames, after.usable_frames);
    check_count("free frames", before.free_frames, after.free_frames);
    check_count("allocated frames", before.allocated_frames, after.allocated_frames);
    check_count("frames of the largest free run", before.largest_free_run, after.largest_free_run);
    return result;
}
