#include "enter.h"

/* Intel SDM vol 3A, 3.5.2: a 64-bit TSS, available, present, of one byte at 0: a limit of 0 is the least there is. */
#define NO_TASK (9ull << 40 | 1ull << 47)

/* Intel SDM vol 3A, 2.5 Control Registers. */
#define CR0_KERNEL (1ull << 0 | 1ull << 4 | CR0_WP | 1ull << 31) /* PE, ET, PG */
#define CR4_PAE (1ull << 5)

struct limine_state limine_state(uint64_t root, unsigned paging_levels, bool no_execute, uint64_t gdt)
{
    return (struct limine_state){
        .root = root,
        .cr0 = CR0_KERNEL,
        .cr4 = CR4_PAE | (paging_levels == 5 ? CR4_LA57 : 0),
        .efer = EFER_LME | EFER_LMA | (no_execute ? EFER_NXE : 0),
        .gdt = { LIMINE_GDT_ENTRIES * sizeof(uint64_t) - 1, gdt },
        .task_gdt = { 0, NO_TASK, 0 },
    };
}

void limine_leave(struct limine_state *state, uint64_t hhdm_offset)
{
    const virt_addr_t there = virt_addr(hhdm_offset + virt_of((const void *)limine_enter).value);
    void (*enter)(const struct limine_state *) = (void (*)(const struct limine_state *))virt_pointer(there);

    state->task = (struct descriptor_table_pointer){ sizeof(state->task_gdt) - 1, virt_of(state->task_gdt).value };
    enter(state);
    __builtin_unreachable();
}
