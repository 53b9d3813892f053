#include <stdatomic.h>

#include "sample.h"
#include "x86.h"

#define STACK_FRAMES 8
#define FRAMES_EACH 1000
#define NO_FRAME UINT64_MAX
#define PATIENCE_TURNS 2000000000u /* some seconds */

/* Begins each frame that was taken: they are a list, and each knows whose it is. */
struct link {
    uint64_t next; /* frame */
    uint64_t owner;
};

static struct link *link_of(struct processor *p, uint64_t f)
{
    return in_direct_map(p->machine, frame_start(frame(f)).value);
}

static uint64_t take_list(struct processor *p, struct pmm_cpu *cpu)
{
    uint64_t list = NO_FRAME;

    for (p->n_frames = 0; p->n_frames < FRAMES_EACH; p->n_frames++) {
        const struct pmm_frame got = pmm_take_frame(p->machine->pmm, cpu);

        if (got.status != PMM_OK)
            break;
        if (list == NO_FRAME)
            p->first_frame = got.frame.value;
        *link_of(p, got.frame.value) = (struct link){ list, p->number };
        list = got.frame.value;
    }
    return list;
}

static void give_list(struct processor *p, struct pmm_cpu *cpu, uint64_t list)
{
    for (uint64_t n = 0, next; n < p->n_frames && list != NO_FRAME; n++, list = next) {
        next = link_of(p, list)->next;
        p->n_wrong += link_of(p, list)->owner != p->number;
        p->n_wrong += pmm_dealloc_frame(p->machine->pmm, cpu, frame(list)) != PMM_OK;
    }
}

void processor_main(struct processor *p)
{
    struct pmm_cpu *cpu = &p->machine->cpus[p->number];

    give_list(p, cpu, take_list(p, cpu));
    atomic_store_explicit(&p->done, true, memory_order_release);
}

/* Contiguous frames as memory; stops the kernel if there are none. */
static void *take_bytes(struct machine *m, struct pmm_cpu *cpu, uint64_t bytes)
{
    frame_t first;

    if (pmm_alloc_run(m->pmm, cpu, bytes_to_frames(bytes), 1, PMM_ANYWHERE, &first) != PMM_OK)
        stop("no memory for the processors");
    return __builtin_memset(in_direct_map(m, frame_start(first).value), 0, bytes);
}

/* From here on they all allocate at once: each its own stack and its own part of the allocator, on our page tables. */
static struct processor *prepare(struct machine *m, struct pmm_cpu *boot_cpu, const struct limine_mp_response *mp)
{
    m->n_cpus = mp ? mp->count : 1;
    struct processor *processors = take_bytes(m, boot_cpu, m->n_cpus * sizeof(struct processor));
    char *stacks = take_bytes(m, boot_cpu, m->n_cpus * frames_to_bytes(STACK_FRAMES));

    m->cpus = take_bytes(m, boot_cpu, m->n_cpus * sizeof(struct pmm_cpu));
    m->tables = tables_copy(m, boot_cpu);
    for (uint64_t i = 0; i < m->n_cpus; i++)
        processors[i] = (struct processor){
            .tables = m->tables,
            .stack_top = virt_of(stacks + (i + 1) * frames_to_bytes(STACK_FRAMES)).value,
            .machine = m,
            .number = i,
        };
    pmm_drain(m->pmm, boot_cpu);
    pmm_cpus_init(m->pmm, m->cpus, m->n_cpus, (struct pmm_barrier){ 0 });
    write_cr3(m->tables);
    return processors;
}

/* Those that wait in the loader's code go to processor_entry(), as number 1, 2, ...; this one remains number 0. */
static void start_others(struct processor *processors, const struct limine_mp_response *mp)
{
    const uint64_t *infos = virt_pointer(virt_addr(mp->cpus));

    for (uint64_t i = 0, next = 1; i < mp->count; i++) {
        struct limine_mp_info *info = virt_pointer(virt_addr(infos[i]));
        struct processor *p = info->lapic_id == mp->bsp_lapic_id ? &processors[0] : &processors[next++];

        p->apic_id = info->lapic_id;
        if (!p->number)
            continue;
        info->extra_argument = virt_of(p).value;
        __atomic_store_n(&info->goto_address, (uintptr_t)processor_entry, __ATOMIC_RELEASE);
    }
}

static bool report(struct processor *p)
{
    for (uint32_t turns = 0; !atomic_load_explicit(&p->done, memory_order_acquire); turns++) {
        if (turns == PATIENCE_TURNS)
            return false;
        pause();
    }
    print("processor %u, APIC %u: %u frames from %x, %u wrong\n", p->number, p->apic_id, p->n_frames,
          frame_start(frame(p->first_frame)).value, p->n_wrong);
    return true;
}

bool processors_work(struct machine *m, struct pmm_cpu *boot_cpu, const struct limine_mp_response *mp)
{
    struct processor *processors = prepare(m, boot_cpu, mp);
    bool all = true;

    if (mp)
        start_others(processors, mp);
    processor_main(&processors[0]);
    for (uint64_t i = 0; i < m->n_cpus; i++)
        all = report(&processors[i]) && all;
    return all;
}
