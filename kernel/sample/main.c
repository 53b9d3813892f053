#include "sample.h"

static void print_counts(const char *when, uint64_t total, uint64_t usable, uint64_t free)
{
    print("%s: %u frames tracked, %u usable, %u free\n", when, total, usable, free);
}

/* Frames that the memory map calls this. */
static uint64_t mapped_frames(const struct limine_memory_map_response *map, enum limine_memory_type type)
{
    const uint64_t *entries = virt_pointer(virt_addr(map->entries));
    uint64_t frames = 0;

    for (uint64_t i = 0; i < map->count; i++) {
        const struct limine_memory_map_entry *e = virt_pointer(virt_addr(entries[i]));

        frames += e->type == type ? e->length >> PAGE_SHIFT : 0;
    }
    return frames;
}

/* What the loader says there is, to be compared with what the allocator says. */
static void print_before(const struct handover *h)
{
    const struct polyglot_allocator_response *answer = h->allocator.allocator;
    const uint64_t free = mapped_frames(h->allocator.memory_map, LIMINE_MEMORY_USABLE);
    const uint64_t usable = free + mapped_frames(h->allocator.memory_map, LIMINE_MEMORY_EXECUTABLE_AND_MODULES);
    const uint64_t loader = mapped_frames(h->allocator.memory_map, LIMINE_MEMORY_BOOTLOADER_RECLAIMABLE);

    print_counts("memory map", usable + loader, usable, free);
    if (answer)
        print_counts("handed over", answer->total_frames, answer->usable_frames, answer->free_frames);
}

static void print_now(const char *when, struct machine *m, struct pmm_cpu *cpu)
{
    const struct pmm_stats stats = pmm_stats(m->pmm, cpu);

    print_counts(when, stats.total_frames, stats.usable_frames, stats.free_frames);
}

/* One CPU at first: memory for the others comes from the allocator itself. */
static void start_allocator(struct machine *m, struct handover *h, struct pmm_cpu *boot_cpu)
{
    const struct pmm_barrier wait = { 0 };
    enum pmm_status status = pmm_limine_start(&h->allocator, boot_cpu, 1, wait, &m->pmm);

    if (status != PMM_OK && h->allocator.allocator) {
        print("refused: %s\n", pmm_status_text(status));
        h->allocator.allocator = NULL;
        status = pmm_limine_start(&h->allocator, boot_cpu, 1, wait, &m->pmm);
    }
    if (status != PMM_OK)
        stop(pmm_status_text(status));
    m->hhdm_offset = h->allocator.hhdm_offset;
    print_now(h->allocator.allocator ? "adopted" : "built from the memory map", m, boot_cpu);
}

static void verify(struct machine *m)
{
    uint64_t offset = 0;
    const enum pmm_status status = pmm_verify(m->pmm, m->cpus, &offset);

    print("every bit checked: %s", pmm_status_text(status));
    print(status == PMM_OK ? "\n" : ", at %u\n", offset);
}

/* entry.S comes here, on our stack and GDT. */
void sample_main(void)
{
    static struct pmm_cpu boot_cpu;
    static struct machine machine;
    struct handover handover;

    serial_init();
    print("sample kernel\n");
    if (!requests_read(&handover))
        stop("the loader does not know base revision 2, or has no memory map");
    print_before(&handover);
    start_allocator(&machine, &handover, &boot_cpu);

    const bool all_moved = processors_work(&machine, &boot_cpu, handover.mp);

    print_now("all given back", &machine, machine.cpus);
    if (all_moved) { /* stacks, GDTs and page tables are ours, and the responses done with: nothing is the loader's */
        print("reclaimed: %u frames\n", pmm_reclaim_loader(machine.pmm, machine.cpus));
        print_now("now", &machine, machine.cpus);
    }
    verify(&machine);

    const struct pmm_stats stats = pmm_stats(machine.pmm, machine.cpus);

    screen_draw(&handover.screen, stats.free_frames, stats.total_frames);
    stop("done");
}
