#include "boot_info.h"
#include "console.h"
#include "cpu.h"
#include "fault.h"
#include "gdt.h"
#include "idt.h"
#include "kernel.h"
#include "memory.h"
#include "memory_report.h"
#include "outputs.h"
#include "panic.h"
#include "report.h"
#include "result.h"
#include "stack_protector.h"
#include "x86.h"

static void result_start(const struct boot_info *info)
{
    *result() = (struct kernel_result){
        .magic = RESULT_MAGIC,
        .stage = STAGE_STARTED,
        .has_serial = outputs_have_serial(),
        .has_framebuffer = framebuffer_present(&info->framebuffer),
    };
}

/* The counts as they are now. */
static void result_reach(enum result_stage stage, struct memory *memory)
{
    const struct pmm_stats stats = pmm_stats(memory->pmm, memory->cpu);

    result()->usable_frames = stats.usable_frames;
    result()->free_frames = stats.free_frames;
    result()->stage = stage;
}

void kernel_main(const struct boot_info *info)
{
    static struct cpu_tables boot_cpu;
    static struct idt boot_idt;
    static struct memory memory;
    const uint64_t start = rdtsc();

    stack_protector_init();
    cpu_drop_firmware_features();
    gdt_init(&boot_cpu, virt_addr(phys_range_end(info->loader[LOADER_FAULT_STACK])));
    idt_init(&boot_idt); /* first: a fault is a panic now, instead of a reset */
    outputs_start(info); /* second: and can be read */
    result_start(info);

    report_firmware(info);
    print_text(console(), "Initializing memory management...\n");
    memory_read_map(&memory, info);
    memory_take_over(&memory, info);
    if (info->options.raw_map)
        report_raw_map(&memory, info);
    memory_report_map(console(), &memory.map);
    report_allocator(&memory);
    result()->memory_ticks = rdtsc() - start;
    result_reach(STAGE_MEMORY, &memory);

    report_frame_test(&memory, info);
    result_reach(STAGE_TESTED, &memory);
    if (fault_is_here(info->options.fault))
        fault_now(info->options.fault);
    report_processors(&memory, info);
    report_framebuffer(&memory, info);

    result_reach(STAGE_FINISHED, &memory);
    print_text(console(), "Kernel initialized successfully! Halting.\n");
    halt_forever();
}
