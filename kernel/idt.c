#include "idt.h"

#include "gdt.h"
#include "x86.h"

#define GATE_PRESENT 0x80
#define GATE_INTERRUPT 0x0E /* interrupts off on entry */

/*
 * What may arrive while rsp is worthless gets a stack of its own. All three share it: each is fatal, and the one that
 * arrives second overwrites the first only to find a panic in progress, and halts.
 */
static uint8_t stack_of(unsigned vector)
{
    switch (vector) {
    case EXCEPTION_NMI:
    case EXCEPTION_DOUBLE_FAULT:
    case EXCEPTION_MACHINE_CHECK:
        return IST_FAULT;
    default:
        return 0;
    }
}

void idt_init(struct idt *idt)
{
    const struct descriptor_table_pointer idtr = { sizeof(idt->gates) - 1, virt_of(idt->gates).value };

    for (unsigned vector = 0; vector < EXCEPTIONS; vector++) {
        const uint64_t stub = virt_of(exception_stubs).value + vector * EXCEPTION_STUB_BYTES;

        idt->gates[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
            .selector = SELECTOR_KERNEL_CODE,
            .ist = stack_of(vector),
            .type = GATE_PRESENT | GATE_INTERRUPT,
        };
    }
    lidt(&idtr);
}
