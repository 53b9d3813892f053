#include "enter.h"

#define MSR_EFER 0xC0000080
#define RFLAGS_FIXED 2 /* bit 1 is always set */

/*
 * _Noreturn void limine_switch(uint64_t root, uint64_t stack_top, void (*function)(void *), void *argument);
 * In:       rdi = root, which maps our image where it is; rsi, rdx, rcx the rest. Interrupts off.
 * Out:      function(argument), rbp = 0.
 * Clobbers: everything.
 */
    .text
    .globl limine_switch
    .hidden limine_switch
    .type limine_switch, @function
limine_switch:
    mov %rdi, %cr3
    mov %rsi, %rsp
    mov %rcx, %rdi
    xor %ebp, %ebp
    call *%rdx
    ud2 /* it does not return */
    .size limine_switch, . - limine_switch

/*
 * _Noreturn void limine_enter(const struct limine_state *state);
 * In:       rdi = state; it, its stack, rip and the GDT in the direct map of state->root. Interrupts off.
 * Out:      rip = state->entry, or what state->info->goto_address becomes; rsp = stack - 8, where a 0 lies;
 *           rdi = state->info; all other registers 0, rflags = 2.
 * Clobbers: everything.
 */
    .globl limine_enter
    .hidden limine_enter
    .type limine_enter, @function
limine_enter:
    cld
    mov STATE_ROOT(%rdi), %rax
    mov %rax, %cr3
    mov STATE_CR4(%rdi), %rax /* no global pages are left in the TLB: there were none */
    mov %rax, %cr4
    mov $MSR_EFER, %ecx
    mov STATE_EFER(%rdi), %eax
    mov STATE_EFER + 4(%rdi), %edx
    wrmsr
    mov STATE_CR0(%rdi), %rax
    mov %rax, %cr0
    lidt STATE_IDT(%rdi)

    mov STATE_STACK(%rdi), %rsp
    sub $16, %rsp
    lgdt STATE_TASK(%rdi)
    mov $LIMINE_NO_TASK, %eax /* TR: base 0, limit 0. There is no other way to get rid of what it has */
    ltr %ax
    xor %eax, %eax
    lldt %ax
    lgdt STATE_GDT(%rdi)
    pushq $LIMINE_CODE_64
    lea 1f(%rip), %rax
    push %rax
    lretq
1:
    mov $LIMINE_DATA_64, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs /* and with it the base: 0 */
    mov %eax, %gs
    mov %eax, %ss

    mov STATE_ENTRY(%rdi), %rax
    mov STATE_INFO(%rdi), %rdi
    test %rax, %rax
    jnz 3f
2:
    pause
    mov MP_INFO_GOTO(%rdi), %rax /* x86 loads are acquires (Intel SDM vol 3A, 8.2.2) */
    test %rax, %rax
    jz 2b
3:
    movq $0, 8(%rsp)
    mov %rax, (%rsp)
    xor %eax, %eax
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %ebp, %ebp
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    /* Last, for xor changes flags. */
    pushq $RFLAGS_FIXED
    popfq
    ret
    .size limine_enter, . - limine_enter

    .section .note.GNU-stack, "", @progbits
