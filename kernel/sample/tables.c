#include "sample.h"
#include "x86.h"

/* Intel SDM vol 3A, 4.5 4-Level Paging and 5-Level Paging. */
#define PRESENT 0x1ull
#define LARGE_PAGE 0x80ull
#define ADDRESS 0x000FFFFFFFFFF000ull
#define ENTRIES 512

void *take_zeroed(struct machine *m, struct pmm_cpu *cpu, uint64_t *ret_physical)
{
    const struct pmm_frame got = pmm_take_frame(m->pmm, cpu);

    if (got.status != PMM_OK)
        stop(pmm_status_text(got.status));
    *ret_physical = frame_start(got.frame).value;
    return __builtin_memset(in_direct_map(m, *ret_physical), 0, PAGE_SIZE);
}

static uint64_t copy(struct machine *m, struct pmm_cpu *cpu, uint64_t table, unsigned level)
{
    const uint64_t *from = in_direct_map(m, table);
    uint64_t physical;
    uint64_t *to = take_zeroed(m, cpu, &physical);

    for (unsigned i = 0; i < ENTRIES; i++) {
        const bool leads_on = level > 1 && (from[i] & PRESENT) && !(from[i] & LARGE_PAGE);

        to[i] = leads_on ? copy(m, cpu, from[i] & ADDRESS, level - 1) | (from[i] & ~ADDRESS) : from[i];
    }
    return physical;
}

uint64_t tables_copy(struct machine *m, struct pmm_cpu *cpu)
{
    return copy(m, cpu, read_cr3() & CR3_ADDRESS_MASK, read_cr4() & CR4_LA57 ? 5 : 4);
}
