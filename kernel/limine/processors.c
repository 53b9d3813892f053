#include "processors.h"

#include <stdatomic.h>

#include "../serial.h"
#include "../smp/start_page.h"
#include "../smp/wake.h"
#include "format.h"
#include "panic.h"
#include "x86.h"

#define SETTLE_LIMIT_US 10000000 /* a virtual processor may have to wait for its host */

enum waiting_state { WAITING_STARTS, WAITING_ABANDONED, WAITING_READY };

/* A processor on its way: on the stack of the one that starts it, until it is ready. */
struct arrival {
    _Atomic uint32_t state; /* by the processor itself: STARTS to READY; by the other: to ABANDONED */
    const struct limine_processors *processors;
    uint32_t acpi_uid;
    struct limine_state final;
};

/* Where a started processor goes on: its stack in the direct map, our image and the APIC below. */
static void arrive(void *argument)
{
    struct arrival *arrival = argument;
    const struct limine_processors *p = arrival->processors;
    struct limine_state final = arrival->final; /* on our own stack: the other's will be gone */
    const uint64_t hhdm_offset = p->handover->hhdm_offset;
    const uint32_t acpi_uid = arrival->acpi_uid;
    uint32_t seen = WAITING_STARTS;

    if (!atomic_compare_exchange_strong_explicit(&arrival->state, &seen, WAITING_READY, memory_order_acq_rel,
                                                 memory_order_acquire))
        for (;;)
            pause(); /* too late; INIT is on its way */
    limine_apic_choose_mode(p->handover);
    if (p->settles_apic)
        limine_apic_settle(&p->apic, p->handover, acpi_uid);
    /* The last access to p, which lies on the other's stack: that may be the kernel's from now on. */
    atomic_fetch_add_explicit(p->n_settled, 1, memory_order_release);
    limine_leave(&final, hhdm_offset);
}

static void warn(uint32_t apic_id)
{
    if (serial_init())
        print_format(serial_sink(), "Warning: the processor with APIC id %u does not start\n", apic_id);
}

/* It reads what is on our stack, and its local APIC is to be as promised before the kernel starts. */
static void wait_settled(const struct limine_processors *p, uint32_t apic_id, uint64_t n)
{
    const uint64_t limit = clock_ticks_of_us(p->clock, SETTLE_LIMIT_US), start = rdtsc();

    while (atomic_load_explicit(p->n_settled, memory_order_acquire) < n) {
        if (rdtsc() - start > limit)
            panic("the processor with APIC id %u started, and then stopped", apic_id);
        pause();
    }
}

static void add_info(const struct limine_processors *p, uint64_t index, uint32_t uid, uint32_t apic_id)
{
    const struct handover_responses *r = &p->handover->responses;
    struct limine_mp_info *info = &r->cpus[index];

    *info = (struct limine_mp_info){ .processor_id = uid, .lapic_id = apic_id };
    r->cpu_pointers[index] = virt_of(info).value;
}

/* The next processor's entry and stack are free again if it does not come. */
static bool start_one(const struct limine_processors *p, struct start_page *page, struct waker *waking,
                      const struct handover_processor *who, uint64_t index)
{
    const struct handover *h = p->handover;
    const struct wake_states states = { WAITING_STARTS, WAITING_READY, WAITING_ABANDONED };
    const uint64_t stack_top = h->hhdm_offset + h->stacks.start.value + index * h->stack_bytes;
    struct arrival arrival = { .processors = p, .acpi_uid = who->acpi_uid, .final = p->state };

    add_info(p, index, who->acpi_uid, who->apic_id);
    arrival.final.stack = stack_top;
    arrival.final.entry = 0;
    arrival.final.info = virt_of(&h->responses.cpus[index]).value;
    start_page_aim(page, virt_addr(stack_top - LIMINE_STACK_SPARE), arrive, &arrival);
    if (wake_processor(waking, who->apic_id, &arrival.state, states)) {
        wait_settled(p, who->apic_id, index);
        return true;
    }
    warn(who->apic_id);
    return false;
}

void limine_processors_start(struct limine_processors *p)
{
    const struct handover *h = p->handover;
    struct limine_mp_response *response = h->responses.mp;
    struct start_page *page = identity_pointer(frame_start(h->start_page));
    struct waker waking = waker(&p->apic, p->clock, h->start_page);
    const unsigned n_others = p->apic.mode == APIC_NONE ? 0 : h->n_others; /* the MADT may list them nevertheless */
    uint64_t n = 1;

    for (unsigned i = 0; i < n_others; i++)
        if (start_one(p, page, &waking, &h->others[i], n))
            n++;
    response->count = n;
    response->flags = p->apic.mode == APIC_X2APIC ? LIMINE_MP_X2APIC : 0;
}
