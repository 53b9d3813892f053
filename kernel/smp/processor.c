#include "processors.h"

#include "panic.h"
#include "x86.h"

/*
 * Both stacks in one run of frames:
 *
 *   [guard][ stack  ][guard][ fault stack ]
 */
#define STACK_PAGES 4
#define FAULT_STACK_PAGES 4
#define STACK_GUARD 0
#define FAULT_STACK_GUARD (1 + STACK_PAGES)
#define STACKS_PAGES (FAULT_STACK_GUARD + 1 + FAULT_STACK_PAGES)

static frame_t page_of(const struct processor *processor, const struct memory *memory, unsigned page)
{
    return frame(frame_of(mmu_physical(&memory->mmu, processor->stacks)).value + page);
}

static virt_addr_t page_start(const struct processor *processor, unsigned page)
{
    return virt_addr(virt_of(processor->stacks).value + page * PAGE_SIZE);
}

virt_addr_t processor_stack_top(const struct processor *processor)
{
    return page_start(processor, FAULT_STACK_GUARD);
}

bool processor_take_stacks(struct processor *processor, struct memory *memory)
{
    processor->stacks = memory_allocate(memory, STACKS_PAGES * PAGE_SIZE);
    if (!processor->stacks)
        return false;
    if (mmu_guard_page(&memory->mmu, page_of(processor, memory, STACK_GUARD)) == PAGING_OK) {
        if (mmu_guard_page(&memory->mmu, page_of(processor, memory, FAULT_STACK_GUARD)) == PAGING_OK)
            return true;
        if (mmu_unguard_page(&memory->mmu, page_of(processor, memory, STACK_GUARD)) != PAGING_OK)
            panic("cannot map a guard page again");
    }
    memory_free(memory, processor->stacks, STACKS_PAGES * PAGE_SIZE);
    return false;
}

void processor_drop_stacks(struct processor *processor, struct memory *memory)
{
    if (mmu_unguard_page(&memory->mmu, page_of(processor, memory, STACK_GUARD)) != PAGING_OK ||
        mmu_unguard_page(&memory->mmu, page_of(processor, memory, FAULT_STACK_GUARD)) != PAGING_OK)
        panic("cannot map a guard page again");
    memory_free(memory, processor->stacks, STACKS_PAGES * PAGE_SIZE);
    processor->stacks = NULL;
}

/*
 * Until INIT comes, at once. In assembly: the stack may be somebody else's once the store is visible. Without a halt:
 * QEMU 7.2 keeps INIT from a halted processor until something else wakes it.
 */
NORETURN static void park(struct processor *processor)
{
    __asm__ volatile("movl %1, %0\n"
                     "1:\n\t"
                     "pause\n\t"
                     "jmp 1b" : "=m"(processor->state) : "i"(PROCESSOR_PARKED) : "memory");
    __builtin_unreachable();
}

static uint32_t state_of(struct processor *processor)
{
    return atomic_load_explicit(&processor->state, memory_order_acquire);
}

void processor_main(void *argument)
{
    struct processor *processor = argument;
    uint32_t state = PROCESSOR_STARTING;

    gdt_init(&processor->tables, page_start(processor, STACKS_PAGES));
    idt_init(&processor->idt); /* from here on a fault is a panic */
    if (!atomic_compare_exchange_strong_explicit(&processor->state, &state, PROCESSOR_ONLINE, memory_order_acq_rel,
                                                 memory_order_acquire))
        park(processor);
    while ((state = state_of(processor)) != PROCESSOR_PARKING && state != PROCESSOR_ABANDONED) {
        if (state == PROCESSOR_WORKING) {
            processor->work(processor->context, processor->index);
            atomic_store_explicit(&processor->state, PROCESSOR_ONLINE, memory_order_release);
        }
        panic_wait();
        pause();
    }
    park(processor);
}
