#include "gdt.h"

#include "x86.h"

/* Intel SDM vol 3A, 3.4.5 Segment Descriptors. In 64-bit mode base and limit of code and data mean nothing. */
#define DESCRIPTOR_ACCESSED (1ull << 40)
#define DESCRIPTOR_WRITABLE (1ull << 41) /* data */
#define DESCRIPTOR_READABLE (1ull << 41) /* code */
#define DESCRIPTOR_EXECUTABLE (1ull << 43)
#define DESCRIPTOR_CODE_OR_DATA (1ull << 44)
#define DESCRIPTOR_PRESENT (1ull << 47)
#define DESCRIPTOR_LONG (1ull << 53)
#define DESCRIPTOR_TSS_AVAILABLE (9ull << 40)

/* Accessed from the start, so that the processor never writes to the table. */
#define SEGMENT (DESCRIPTOR_PRESENT | DESCRIPTOR_CODE_OR_DATA | DESCRIPTOR_ACCESSED)
#define KERNEL_CODE (SEGMENT | DESCRIPTOR_EXECUTABLE | DESCRIPTOR_READABLE | DESCRIPTOR_LONG)
#define KERNEL_DATA (SEGMENT | DESCRIPTOR_WRITABLE)

/* Intel SDM vol 3A, figure 7-4 Format of TSS and LDT Descriptors in 64-bit Mode: the base is scattered. */
static void set_tss_descriptor(uint64_t entry[2], const struct tss *tss)
{
    const uint64_t base = virt_of(tss).value;

    entry[0] = (sizeof(*tss) - 1) | (base & 0xFFFFFF) << 16 | DESCRIPTOR_TSS_AVAILABLE | DESCRIPTOR_PRESENT |
               (base >> 24 & 0xFF) << 56;
    entry[1] = base >> 32;
}

/* CS changes only by a far transfer: returns to the next instruction as if from a far call. */
static void reload_segments(void)
{
    uint64_t scratch;

    __asm__ volatile("pushq %[code]\n\t"
                     "lea 1f(%%rip), %[scratch]\n\t"
                     "pushq %[scratch]\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %[data], %%ds\n\t"
                     "mov %[data], %%es\n\t"
                     "mov %[data], %%ss\n\t"
                     "mov %[data], %%fs\n\t"
                     "mov %[data], %%gs"
                     : [scratch] "=&r"(scratch)
                     : [code] "i"(SELECTOR_KERNEL_CODE), [data] "r"(SELECTOR_KERNEL_DATA)
                     : "memory");
}

void gdt_init(struct cpu_tables *cpu, virt_addr_t fault_stack_top)
{
    const struct descriptor_table_pointer gdtr = { sizeof(cpu->gdt) - 1, virt_of(cpu->gdt).value };

    cpu->tss = (struct tss){ .io_map_base = sizeof(struct tss) }; /* beyond the limit: no I/O bitmap */
    cpu->tss.ist[IST_FAULT - 1] = fault_stack_top.value;

    cpu->gdt[0] = 0;
    cpu->gdt[SELECTOR_KERNEL_CODE / sizeof(uint64_t)] = KERNEL_CODE;
    cpu->gdt[SELECTOR_KERNEL_DATA / sizeof(uint64_t)] = KERNEL_DATA;
    set_tss_descriptor(&cpu->gdt[SELECTOR_TSS / sizeof(uint64_t)], &cpu->tss);

    lgdt(&gdtr);
    reload_segments();
    ltr(SELECTOR_TSS);
}
