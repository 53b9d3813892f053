#include "../report.h"

#include "../fault.h"
#include "../result.h"
#include "console.h"
#include "hammer.h"
#include "panic.h"
#include "processors.h"

#define FAULT_LIMIT_US 1000000
#define NS_PER_S 1000000000ull

static void fail_elsewhere(void *context, unsigned index)
{
    const struct boot_info *info = context;

    if (index == 1)
        fault_now(info->options.fault);
}

/* On average; in the TSC's own unit where its frequency is not known. */
static void print_time(const struct hammer_result *hammered, const struct clock *clock)
{
    const uint64_t ticks = hammered->ticks / hammered->operations;

    if (clock->is_measured)
        print_format(console(), "%lu ns", ticks * NS_PER_S / clock->hz);
    else
        print_format(console(), "%lu ticks", ticks);
}

void report_processors(struct memory *memory, const struct boot_info *info)
{
    static struct processors processors;
    const uint64_t free_before = pmm_free_frames(memory->pmm, memory->cpu), tables_before = memory->late_tables;
    struct hammer_result hammered;
    uint64_t given;

    processors_find(&processors, memory, info);
    processors_start(&processors);
    result()->processors = processors.n_online;
    result()->tsc_hz = processors.clock.is_measured ? processors.clock.hz : 0;
    print_format(console(), "Processors: %u online (%s)\n", processors.n_online, apic_mode_name(processors.apic.mode));
    if (fault_is_elsewhere(info->options.fault))
        processors_run(&processors, fail_elsewhere, (void *)info, FAULT_LIMIT_US);

    hammered = hammer_run(&processors);
    processors_stop(&processors);
    given = memory->late_tables - tables_before;
    if (pmm_free_frames(memory->pmm, memory->cpu) + given != free_before)
        panic("processors: %lu frames were free before and %lu are now, without %lu page tables", free_before,
              pmm_free_frames(memory->pmm, memory->cpu), given);
    print_format(console(), "Allocator test: %lu operations or more on each processor, ", hammered.operations_min);
    print_time(&hammered, &processors.clock);
    print_text(console(), " each: passed\n\n");
    result()->late_tables = memory->late_tables;
    result()->late_frames = memory->late_frames;
}
