#include "state.h"

#define MSR_APIC_BASE 0x1B
#define MSR_PAT 0x277
#define MSR_EFER 0xC0000080
#define MSR_FS_BASE 0xC0000100
#define MSR_GS_BASE 0xC0000101

    .macro SAVE_MSR number, to
    mov $\number, %ecx
    rdmsr
    shl $32, %rdx
    or %rdx, %rax
    mov %rax, \to(%rip)
    .endm

    .macro SAVE_SELECTOR register, to
    xor %eax, %eax
    mov \register, %ax
    mov %rax, \to(%rip)
    .endm

    .macro SAVE_CONTROL register, to
    mov \register, %rax
    mov %rax, \to(%rip)
    .endm

/* Saves the processor's state at `to`; clobbers rax, rcx and rdx once they are saved. */
    .macro SAVE_STATE to, entry
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp
    mov %\register, \to + SAVE_AT(%rip)
    .set SAVE_AT, SAVE_AT + 8
    .endr
    .irp register, r8, r9, r10, r11, r12, r13, r14, r15
    mov %\register, \to + SAVE_AT(%rip)
    .set SAVE_AT, SAVE_AT + 8
    .endr
    mov (%rsp), %rax
    mov %rax, \to + STATE_WORD_AT_RSP(%rip)
    pushfq
    popq \to + STATE_RFLAGS(%rip)
    SAVE_SELECTOR %cs, \to + STATE_CS
    SAVE_SELECTOR %ds, \to + STATE_DS
    SAVE_SELECTOR %es, \to + STATE_ES
    SAVE_SELECTOR %ss, \to + STATE_SS
    SAVE_SELECTOR %fs, \to + STATE_FS
    SAVE_SELECTOR %gs, \to + STATE_GS
    xor %eax, %eax
    str %ax
    mov %rax, \to + STATE_TR(%rip)
    xor %eax, %eax
    sldt %ax
    mov %rax, \to + STATE_LDTR(%rip)
    SAVE_CONTROL %cr0, \to + STATE_CR0
    SAVE_CONTROL %cr3, \to + STATE_CR3
    SAVE_CONTROL %cr4, \to + STATE_CR4
    SAVE_CONTROL %cr8, \to + STATE_CR8
    SAVE_MSR MSR_EFER, \to + STATE_EFER
    SAVE_MSR MSR_PAT, \to + STATE_PAT
    SAVE_MSR MSR_FS_BASE, \to + STATE_FS_BASE
    SAVE_MSR MSR_GS_BASE, \to + STATE_GS_BASE
    SAVE_MSR MSR_APIC_BASE, \to + STATE_APIC_BASE
    sgdt \to + STATE_GDTR + 6(%rip)
    sidt \to + STATE_IDTR + 6(%rip)
    movq $\entry, \to + STATE_ENTRY(%rip)
    .endm

    .hidden boot_state, processor_state, test_main, processor_main
    .text

/*
 * In:       as the protocol has it.
 * Out:      boot_state filled, test_main() on the loader's stack.
 * Clobbers: everything once it is saved.
 */
    .globl entry_of_elf
    .hidden entry_of_elf
    .type entry_of_elf, @function
entry_of_elf:
    .set SAVE_AT, 0
    SAVE_STATE boot_state, ENTRY_OF_ELF
start:
    xor %ebp, %ebp
    and $-16, %rsp
    call test_main
halt:
    cli
    hlt
    jmp halt
    .size entry_of_elf, . - entry_of_elf

/* As entry_of_elf, but by the Entry Point request. */
    .globl entry_requested
    .hidden entry_requested
    .type entry_requested, @function
entry_requested:
    .set SAVE_AT, 0
    SAVE_STATE boot_state, ENTRY_REQUESTED
    jmp start
    .size entry_requested, . - entry_requested

/*
 * In:       as the protocol has it: rdi = this processor's struct limine_mp_info. One processor at a time.
 * Out:      processor_state filled, processor_main(rdi) on the loader's stack.
 * Clobbers: everything once it is saved.
 */
    .globl entry_of_processor
    .hidden entry_of_processor
    .type entry_of_processor, @function
entry_of_processor:
    .set SAVE_AT, 0
    SAVE_STATE processor_state, ENTRY_OF_PROCESSOR
    xor %ebp, %ebp
    and $-16, %rsp
    call processor_main
    jmp halt
    .size entry_of_processor, . - entry_of_processor

    .section .note.GNU-stack, "", @progbits
