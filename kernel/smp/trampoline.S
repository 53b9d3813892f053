#include "start_page.h"

#define CR0_PE 1
#define CR0_PG 0x80000000
#define MSR_PAT 0x277
#define MSR_EFER 0xC0000080

/*
 * Copied to a page below 1 MiB; only what start.h names is known of where that is.
 * In:       real mode, cs = page >> 4, ip = 0: out of a start-up interrupt.
 * Out:      64-bit mode, processor_enter with rbx = the page.
 * Clobbers: everything; there is no stack.
 *
 * start_again, in the same page: for a processor that is in 64-bit mode and needs other control registers.
 * In:       rbx = the page, in tables that map it one to one; interrupts off.
 * Out, Clobbers: as above.
 */
    .section .rodata
    .hidden start_code, start_protected, start_long, start_again, start_unpaged, start_code_end
    .globl start_code, start_protected, start_long, start_again, start_unpaged, start_code_end

    .code16
    .balign 16
start_code:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    movzwl %ax, %ebx
    shl $4, %ebx
    lgdtl START_GDT_POINTER
    mov %cr0, %eax
    or $CR0_PE, %eax
    mov %eax, %cr0
    ljmpl *START_PROTECTED

    .code32
start_protected:
    mov $START_DATA_32, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov START_CR4(%ebx), %eax /* before paging: PAE and LA57 cannot be set after it */
    mov %eax, %cr4
    mov START_CR3(%ebx), %eax
    mov %eax, %cr3
    mov $MSR_PAT, %ecx
    mov START_PAT(%ebx), %eax
    mov START_PAT + 4(%ebx), %edx
    wrmsr
    mov $MSR_EFER, %ecx
    mov START_EFER(%ebx), %eax
    xor %edx, %edx
    wrmsr
    mov START_CR0(%ebx), %eax /* with PG: from here on in compatibility mode */
    mov %eax, %cr0
    ljmpl *START_LONG(%ebx)

    .code64
start_long:
    mov %ebx, %ebx /* the upper half is undefined after the change of modes */
    mov START_ENTRY(%rbx), %rax
    jmp *%rax

start_again:
    lgdt START_GDT_POINTER(%rbx)
    ljmpl *START_UNPAGED(%rbx)

    .code32
start_unpaged: /* compatibility mode; paging must end before the number of levels can change */
    mov $START_DATA_32, %eax
    mov %eax, %ds
    mov %eax, %ss
    mov %cr0, %eax
    and $~CR0_PG, %eax
    mov %eax, %cr0
    jmp start_protected
    .code64
start_code_end:

/*
 * In:       rbx = the start page, in tables that map it and the image's text.
 * Out:      main(argument) on its stack in the kernel's tables, interrupts off, rbp = 0.
 * Clobbers: everything else.
 */
    .text
    .globl processor_enter
    .hidden processor_enter
    .type processor_enter, @function
processor_enter:
    mov START_ROOT(%rbx), %rax
    mov START_STACK(%rbx), %rsp
    mov START_ARGUMENT(%rbx), %rdi
    mov START_MAIN(%rbx), %rdx
    mov %rax, %cr3 /* rip is in the image, which the kernel's tables map alike; the page they may not map */
    xor %ebp, %ebp
    call *%rdx
    ud2 /* it does not return */
    .size processor_enter, . - processor_enter

    .section .note.GNU-stack, "", @progbits
