#include "limine_main.h"

#include "../fault.h"
#include "../gdt.h"
#include "../idt.h"
#include "../mmu.h"
#include "../pat.h"
#include "../smp/start_page.h"
#include "../stack_protector.h"
#include "allocator.h"
#include "cpu.h"
#include "interrupts.h"
#include "outputs.h"
#include "panic.h"
#include "processors.h"
#include "x86.h"

#define STRICT_REVISION_MIN 5 /* of the processors' and interrupt controllers' state */
#define US_PER_S 1000000ull

/* What is known by the time the tables change, and needed after that. In the image, which both have. */
struct departure {
    const struct boot_info *info;
    const struct handover *handover;
    struct handover direct; /* the same once the tables have changed: its pointers in the direct map */
    struct region_map map;
    struct limine_tables tables;
    struct cpu_tables cpu;
    struct clock clock;
    struct apic apic;
};

static void normalize(struct departure *d, size_t n_claims)
{
    const struct boot_info *info = d->info;
    const struct region_parameters parameters = { d->handover->claims, n_claims, info->phys_bits, REGION_VIEW_BOOT };
    const struct phys_range *buffer = &info->loader[LOADER_REGIONS];
    const enum region_status status = region_normalize(&info->map, &parameters, identity_pointer(buffer->start),
                                                       buffer->bytes, &d->map);

    if (status != REGION_OK)
        panic("the firmware's last memory map is unusable: status %u, %lu bytes in descriptors of %lu, buffer %lu",
              (unsigned)status, info->map.bytes, info->map.stride, buffer->bytes);
}

static bool is_readable(const struct departure *d, const struct handover_table *table)
{
    const uint64_t end = phys_range_end(table->bytes);
    const struct mem_region *region;

    for (uint64_t at = table->bytes.start.value; at < end; at = region->end.value) {
        region = region_find(&d->map, phys_addr(at));
        if (!region)
            return false;
        switch (region->type) {
        case REGION_ACPI_RECLAIMABLE:
        case REGION_ACPI_NVS:
            if (!table->is_acpi)
                return false;
            break;
        case REGION_RUNTIME_SERVICES:
            if (d->handover->base_revision < STRICT_REVISION_MIN)
                return false;
            break;
        case REGION_RESERVED_MAPPED:
            break;
        default:
            return false;
        }
    }
    return true;
}

/* The regions; firmware's tables that lie where the kernel would not find them mapped become regions of their own. */
static void read_map(struct departure *d)
{
    const struct handover *h = d->handover;
    size_t n = h->n_claims;

    normalize(d, n);
    for (size_t i = 0; i < h->n_tables && n < h->claims_capacity; i++)
        if (!is_readable(d, &h->tables[i]))
            h->claims[n++] = (struct region_claim){ h->tables[i].bytes, REGION_RESERVED_MAPPED };
    if (n != h->n_claims)
        normalize(d, n);
}

static size_t write_memory_map(struct departure *d)
{
    const struct handover *h = d->handover;
    const struct handover_responses *r = &h->responses;
    size_t n;

    if (limine_memory_map_capacity(d->map.n_regions, h->claims_capacity) > r->map_capacity)
        panic("the memory map grew: %lu regions, the loader has room for %lu entries", d->map.n_regions,
              r->map_capacity);
    n = limine_memory_map(&d->map, h->claims, h->n_claims, h->base_revision, r->map_entries);
    for (size_t i = 0; i < n; i++)
        r->map_pointers[i] = h->hhdm_offset + virt_of(&r->map_entries[i]).value;
    if (r->memory_map)
        r->memory_map->count = n;
    if (r->efi_memory_map) {
        r->efi_memory_map->map = h->hhdm_offset + virt_of(d->info->map.descriptors).value;
        r->efi_memory_map->bytes = d->info->map.bytes;
        r->efi_memory_map->descriptor_bytes = d->info->map.stride;
    }
    return n;
}

static void build_tables(struct departure *d, size_t n_entries)
{
    const struct handover *h = d->handover;
    const struct cpu_features cpu = cpu_features();
    const struct limine_map map = { h, h->responses.map_entries, n_entries, cpu.pages_1g, cpu.no_execute };
    const enum paging_status status = limine_tables_build(&d->tables, d->info, &map, limine_apic_page(&d->apic));

    if (status != PAGING_OK)
        panic("cannot build page tables in %lu frames: status %u",
              d->info->loader[LOADER_PAGE_TABLES].bytes >> PAGE_SHIFT, (unsigned)status);
}

static void measure_time(struct departure *d)
{
    const struct handover_responses *r = &d->handover->responses;

    if (!d->handover->n_others && !r->tsc && !r->performance)
        return;
    d->clock = clock_measure();
    if (r->tsc && d->clock.is_measured) {
        r->tsc->hz = d->clock.hz;
        *r->tsc_request = r->tsc_response;
    }
}

static uint64_t us_of(const struct clock *clock, uint64_t ticks)
{
    return clock->is_measured ? ticks / (clock->hz / US_PER_S) : 0;
}

/* The TSC counts from the reset on. */
static void report_performance(const struct departure *d)
{
    struct limine_bootloader_performance_response *response = d->direct.responses.performance;

    if (!response)
        return;
    response->init_us = us_of(&d->clock, d->direct.entry_ticks);
    response->exec_us = us_of(&d->clock, rdtsc());
}

static void *in_direct_map(const struct departure *d, const void *pointer)
{
    return pointer ? virt_pointer(virt_addr(d->handover->hhdm_offset + virt_of(pointer).value)) : NULL;
}

/* What is used once the tables have changed. */
static void move_to_direct_map(struct departure *d)
{
    struct handover *h = &d->direct;

    *h = *d->handover;
    h->others = in_direct_map(d, h->others);
    h->nmis = in_direct_map(d, h->nmis);
    h->responses.mp = in_direct_map(d, h->responses.mp);
    h->responses.cpus = in_direct_map(d, h->responses.cpus);
    h->responses.cpu_pointers = in_direct_map(d, h->responses.cpu_pointers);
    h->responses.performance = in_direct_map(d, h->responses.performance);
}

/* From here on the direct map is all there is of memory, but for our image. */
static void panics_in_direct_map(struct departure *d)
{
    const uint64_t offset = d->direct.hhdm_offset;

    mmu_reach_tables_at(offset);
    outputs_reach_memory_at(offset);
    gdt_init(&d->cpu, virt_addr(offset + phys_range_end(d->info->loader[LOADER_FAULT_STACK])));
}

/* In the start root, in the kernel's number of levels, on the kernel's stack where the kernel will see it. */
static void finish(void *argument)
{
    struct departure *d = argument;
    const struct handover *h = &d->direct;
    struct limine_state state;

    panics_in_direct_map(d);
    state = limine_state(d->tables.kernel.root.value, h->paging_levels, d->tables.kernel.no_execute,
                         h->hhdm_offset + h->gdt.value);
    if (h->responses.mp) {
        _Atomic uint64_t n_settled = 0;
        struct limine_processors processors = { h, &d->tables, &d->clock, d->apic,
                                                h->base_revision >= STRICT_REVISION_MIN, state, &n_settled };

        limine_processors_start(&processors);
    }
    report_performance(d);
    if (fault_is_here(d->info->options.fault))
        fault_now(d->info->options.fault);
    state.stack = h->hhdm_offset + phys_range_end(d->info->loader[LOADER_STACK]);
    state.entry = h->entry.value;
    limine_leave(&state, h->hhdm_offset);
}

/* Fills the start page, through which other processors come, and this one, if the number of levels changes. */
static void fill_start_page(const struct departure *d)
{
    const struct handover *h = d->handover;
    struct start_registers registers = start_registers_here();

    registers.cr3 = (uint32_t)d->tables.start_root.value;
    registers.root = registers.cr3;
    registers.cr4 = (uint32_t)((registers.cr4 & ~CR4_LA57) | (h->paging_levels == 5 ? CR4_LA57 : 0));
    start_page_fill(identity_pointer(frame_start(h->start_page)), h->start_page, &registers);
}

NORETURN static void change_tables(struct departure *d)
{
    const struct handover *h = d->handover;
    const uint64_t stack = h->hhdm_offset + phys_range_end(d->info->loader[LOADER_STACK]) - LIMINE_STACK_SPARE;
    struct start_page *page = identity_pointer(frame_start(h->start_page));

    move_to_direct_map(d);
    if (d->tables.kernel.no_execute)
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    wrmsr(MSR_PAT, PAT);
    if (h->start_page.value)
        fill_start_page(d); /* for processors like this one */
    if (cpu_features().paging_levels == h->paging_levels)
        limine_switch(d->tables.start_root.value, stack, finish, d);
    start_page_aim(page, virt_addr(stack), finish, d);
    start_page_again(d->tables.low_root, h->start_page);
}

static void run(void *argument)
{
    static struct idt boot_idt;
    static struct departure d;
    const struct boot_info *info = argument;
    const struct handover *h = info->handover;

    stack_protector_init();
    cpu_drop_firmware_features();
    d.info = info;
    d.handover = h;
    gdt_init(&d.cpu, virt_addr(phys_range_end(info->loader[LOADER_FAULT_STACK])));
    idt_init(&boot_idt);
    outputs_start_late(info);

    read_map(&d);
    d.apic = limine_apic_open(h);
    build_tables(&d, write_memory_map(&d));
    if (h->responses.allocator)
        limine_allocator_build(&d.map, info, h);
    measure_time(&d);
    interrupts_mask(h, &d.apic);
    change_tables(&d);
}

void limine_start(const struct boot_info *info)
{
    limine_switch(read_cr3(), phys_range_end(info->loader[LOADER_STACK]), run, (void *)(uintptr_t)virt_of(info).value);
}
