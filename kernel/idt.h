/* The interrupt descriptor table of one processor: 32 exceptions, each of which is a panic. */
#ifndef IDT_H
#define IDT_H

#include <stdint.h>

#include "trap.h"

/* Intel SDM vol 3A, figure 6-8 64-Bit IDT Gate Descriptors. */
struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist; /* 0: the current stack */
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "Intel SDM vol 3A, 6.14.1 64-Bit Mode IDT");

/* Stays where it is while the processor runs. */
struct idt {
    _Alignas(16) struct gate gates[EXCEPTIONS];
};

/* Fills the table and loads it on this processor. After gdt_init(). */
void idt_init(struct idt *idt);

#endif
