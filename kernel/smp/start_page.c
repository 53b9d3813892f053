#include "start_page.h"

#include "panic.h"
#include "x86.h"

/* Intel SDM vol 3A, 3.4.5 Segment Descriptors: present, accessed; 32-bit ones of 4 GiB from 0. */
#define CODE_32 0x00CF9B000000FFFFull
#define CODE_64 0x00AF9B000000FFFFull
#define DATA_32 0x00CF93000000FFFFull

static struct far_pointer far_to(frame_t page, const char *label, uint16_t selector)
{
    return (struct far_pointer){ (uint32_t)(frame_start(page).value + (uint64_t)(label - start_code)), selector, 0 };
}

struct start_registers start_registers_here(void)
{
    return (struct start_registers){
        .cr0 = (uint32_t)read_cr0(),
        .cr4 = (uint32_t)read_cr4(),
        .efer = (uint32_t)(rdmsr(MSR_EFER) & (EFER_LME | EFER_NXE)),
        .pat = rdmsr(MSR_PAT),
    };
}

void start_page_fill(struct start_page *at, frame_t page, const struct start_registers *registers)
{
    ASSERT(start_code_end - start_code <= START_DATA);
    *at = (struct start_page){
        .gdt = { 0, CODE_32, CODE_64, DATA_32 },
        .gdt_pointer = { sizeof(at->gdt) - 1, frame_start(page).value + START_GDT, 0 },
        .protected_mode = far_to(page, start_protected, START_CODE_32),
        .long_mode = far_to(page, start_long, START_CODE_64),
        .unpaged = far_to(page, start_unpaged, START_CODE_32),
        .cr0 = registers->cr0,
        .cr3 = registers->cr3,
        .cr4 = registers->cr4,
        .efer = registers->efer,
        .pat = registers->pat,
        .entry = virt_of(processor_enter).value,
        .root = registers->root,
    };
    __builtin_memcpy(at->code, start_code, (size_t)(start_code_end - start_code));
}

void start_page_again(phys_addr_t root, frame_t page)
{
    const uint64_t there = frame_start(page).value + (uint64_t)(start_again - start_code);

    __asm__ volatile("mov %0, %%cr3\n\t"
                     "jmp *%1"
                     :
                     : "r"(root.value), "r"(there), "b"(frame_start(page).value)
                     : "memory");
    __builtin_unreachable();
}

void start_page_aim(struct start_page *at, virt_addr_t stack_top, void (*main)(void *argument), const void *argument)
{
    at->stack = stack_top.value;
    at->main = virt_of((const void *)main).value;
    at->argument = virt_of(argument).value;
}
