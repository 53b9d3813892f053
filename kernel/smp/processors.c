#include "processors.h"

#include "console.h"
#include "panic.h"
#include "start.h"
#include "wake.h"
#include "x86.h"

/* Intel SDM vol 3A, 8.4.4.1 Typical BSP Initialization Sequence. */
#define INIT_WAIT_US 10000

#define PARK_LIMIT_US 10000000
#define WARNINGS_MAX 4

static void change_state(struct processor *processor, enum processor_state state)
{
    atomic_store_explicit(&processor->state, state, memory_order_release);
}

static void warn_of_silence(struct processors *processors, const struct processor *processor)
{
    if (processors->n_silent++ < WARNINGS_MAX)
        print_format(console(), "Warning: the processor with APIC id %u does not start\n", processor->apic_id);
}

/* False: there is no memory for any further one. */
static bool start_one(struct processors *processors, struct start *start, struct waker *waker, uint32_t id)
{
    const struct wake_states states = { PROCESSOR_STARTING, PROCESSOR_ONLINE, PROCESSOR_ABANDONED };
    struct processor *processor = &processors->all[processors->n_online];

    *processor = (struct processor){ .apic_id = id, .index = processors->n_online };
    if (!processor_take_stacks(processor, processors->memory))
        return false;
    start_page_aim(start->at, processor_stack_top(processor), processor_main, processor);
    if (wake_processor(waker, id, &processor->state, states)) {
        processors->n_online++;
        return true;
    }
    warn_of_silence(processors, processor);
    processor_drop_stacks(processor, processors->memory);
    return true;
}

static void warn_of_memory(unsigned n)
{
    if (n)
        print_format(console(), "Warning: no memory to start %u processors\n", n);
}

static void start_others(struct processors *processors)
{
    struct start start;
    struct waker waking;
    unsigned i = 0;

    if (!start_open(&start, processors->memory)) {
        processors->alone = "no memory below 1 MB to start them from";
        return;
    }
    waking = waker(&processors->apic, &processors->clock, start.page);
    while (i < processors->n_ids && start_one(processors, &start, &waking, processors->ids[i]))
        i++;
    start_close(&start);
    warn_of_memory(processors->n_ids - i);
    if (processors->n_silent > WARNINGS_MAX)
        print_format(console(), "Warning: %u processors do not start\n", processors->n_silent);
}

static uint64_t all_bytes(const struct processors *processors)
{
    return (1 + (uint64_t)processors->n_ids) * sizeof(struct processor);
}

/* For as many as there is room. */
static void allocate_all(struct processors *processors)
{
    const unsigned n = processors->n_ids;

    while (!(processors->all = memory_allocate(processors->memory, all_bytes(processors)))) {
        if (!processors->n_ids)
            panic("no memory for one processor: %lu frames are free",
                  pmm_free_frames(processors->memory->pmm, processors->memory->cpu));
        processors->n_ids /= 2;
    }
    warn_of_memory(n - processors->n_ids);
}

void processors_start(struct processors *processors)
{
    allocate_all(processors);
    processors->n_online = 1;
    if (processors->n_ids)
        start_others(processors);
    if (processors->alone)
        print_format(console(), "Warning: no other processors: %s\n", processors->alone);
}

void processors_run(struct processors *processors, void (*work)(void *context, unsigned index), void *context,
                    uint64_t limit_us)
{
    for (unsigned i = 1; i < processors->n_online; i++) {
        processors->all[i].work = work;
        processors->all[i].context = context;
        change_state(&processors->all[i], PROCESSOR_WORKING);
    }
    work(context, 0);
    for (unsigned i = 1; i < processors->n_online; i++)
        if (!wake_wait(&processors->clock, &processors->all[i].state, PROCESSOR_ONLINE, limit_us))
            panic("the processor with APIC id %u does not come to an end", processors->all[i].apic_id);
}

void processors_stop(struct processors *processors)
{
    for (unsigned i = 1; i < processors->n_online; i++) {
        struct processor *processor = &processors->all[i];

        change_state(processor, PROCESSOR_PARKING);
        if (!wake_wait(&processors->clock, &processor->state, PROCESSOR_PARKED, PARK_LIMIT_US) ||
            !apic_send_init(&processors->apic, processor->apic_id))
            panic("the processor with APIC id %u does not stop", processor->apic_id);
    }
    if (processors->n_online > 1)
        clock_wait_us(&processors->clock, INIT_WAIT_US);
    for (unsigned i = 1; i < processors->n_online; i++)
        processor_drop_stacks(&processors->all[i], processors->memory);
    memory_free(processors->memory, processors->all, all_bytes(processors));
    processors->n_online = 1;
}
