/*
 * Segments and the task state segment of one processor (Intel SDM vol 3A, 3.5 System Descriptor Types; 7.7 Task
 * Management in 64-bit Mode).
 */
#ifndef GDT_H
#define GDT_H

#include <stdint.h>

#include "addr.h"
#include "compiler.h"

/* Selectors: byte offsets into the GDT. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_TSS 0x18

/* Interrupt stack table entry of what must not run on the current stack: double fault, NMI, machine check. */
#define IST_FAULT 1

/* Intel SDM vol 3A, figure 7-11 64-Bit TSS Format. Fields are 4-aligned only, hence packed. */
struct PACKED tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[n - 1] is IST n */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map_base;
};
_Static_assert(sizeof(struct tss) == 104, "Intel SDM vol 3A, 7.7");

/* What each processor has for itself. Stays where it is while the processor runs. */
struct cpu_tables {
    _Alignas(16) uint64_t gdt[5]; /* null, kernel code, kernel data, TSS (two entries) */
    struct tss tss;
};

/*
 * Fills `cpu` and makes it this processor's tables; segment registers are reloaded.
 * fault_stack_top   16-aligned, exclusive: the stack of IST_FAULT.
 */
void gdt_init(struct cpu_tables *cpu, virt_addr_t fault_stack_top);

#endif
