/* What a processor holds at the kernel's first instruction, saved before anything else is done. */
#ifndef TEST_KERNEL_STATE_H
#define TEST_KERNEL_STATE_H

#define STATE_RAX 0x00
#define STATE_RBX 0x08
#define STATE_RCX 0x10
#define STATE_RDX 0x18
#define STATE_RSI 0x20
#define STATE_RDI 0x28
#define STATE_RBP 0x30
#define STATE_RSP 0x38
#define STATE_R8 0x40
#define STATE_R9 0x48
#define STATE_R10 0x50
#define STATE_R11 0x58
#define STATE_R12 0x60
#define STATE_R13 0x68
#define STATE_R14 0x70
#define STATE_R15 0x78
#define STATE_RFLAGS 0x80
#define STATE_WORD_AT_RSP 0x88
#define STATE_CS 0x90
#define STATE_DS 0x98
#define STATE_ES 0xA0
#define STATE_SS 0xA8
#define STATE_FS 0xB0
#define STATE_GS 0xB8
#define STATE_TR 0xC0
#define STATE_LDTR 0xC8
#define STATE_CR0 0xD0
#define STATE_CR3 0xD8
#define STATE_CR4 0xE0
#define STATE_CR8 0xE8
#define STATE_EFER 0xF0
#define STATE_PAT 0xF8
#define STATE_FS_BASE 0x100
#define STATE_GS_BASE 0x108
#define STATE_APIC_BASE 0x110
#define STATE_GDTR 0x118 /* of 16 bytes: 6 unused, limit, base */
#define STATE_IDTR 0x128
#define STATE_ENTRY 0x138

#define ENTRY_OF_ELF 1
#define ENTRY_REQUESTED 2
#define ENTRY_OF_PROCESSOR 3

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct state_table {
    uint16_t unused[3];
    uint16_t limit;
    uint64_t base;
};

struct cpu_state {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags, word_at_rsp;
    uint64_t cs, ds, es, ss, fs, gs, tr, ldtr;
    uint64_t cr0, cr3, cr4, cr8, efer, pat, fs_base, gs_base, apic_base;
    struct state_table gdtr, idtr;
    uint64_t entry; /* ENTRY_ */
};

_Static_assert(offsetof(struct cpu_state, rsp) == STATE_RSP && offsetof(struct cpu_state, r15) == STATE_R15 &&
               offsetof(struct cpu_state, rflags) == STATE_RFLAGS && offsetof(struct cpu_state, cs) == STATE_CS &&
               offsetof(struct cpu_state, cr0) == STATE_CR0 && offsetof(struct cpu_state, efer) == STATE_EFER &&
               offsetof(struct cpu_state, apic_base) == STATE_APIC_BASE &&
               offsetof(struct cpu_state, gdtr) == STATE_GDTR && offsetof(struct cpu_state, idtr) == STATE_IDTR &&
               offsetof(struct cpu_state, entry) == STATE_ENTRY, "entry.S writes these");

extern struct cpu_state boot_state;      /* of the processor that started the kernel */
extern struct cpu_state processor_state; /* of the one that came last to entry_of_processor */

extern const uint8_t entry_of_elf[], entry_requested[], entry_of_processor[];
#endif

#endif
