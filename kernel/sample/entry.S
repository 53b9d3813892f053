/*
 * Where processors arrive from the loader, with interrupts off, in 64-bit mode, on the loader's stack, GDT and page
 * tables: Limine boot protocol, "Machine state at entry". What they leave it for is the kernel's own.
 */

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define STACK_BYTES 0x8000

#define PROCESSOR_TABLES 0x00 /* struct processor */
#define PROCESSOR_STACK_TOP 0x08
#define MP_INFO_EXTRA_ARGUMENT 0x18 /* struct limine_mp_info */

    .section .text
    .globl sample_entry, processor_entry

/* The processor that boots. In: nothing. The page tables are changed later, when there is memory for them. */
sample_entry:
    lea stack_top(%rip), %rsp
    xor %ebp, %ebp
    call load_segments
    call sample_main
    ud2

/* void processor_entry(struct limine_mp_info *info). In: rdi. */
processor_entry:
    mov MP_INFO_EXTRA_ARGUMENT(%rdi), %rdi
    mov PROCESSOR_TABLES(%rdi), %rax
    mov %rax, %cr3
    mov PROCESSOR_STACK_TOP(%rdi), %rsp
    xor %ebp, %ebp
    call load_segments
    call processor_main
1:  cli
    hlt
    jmp 1b

/* Segment registers keep what they were loaded with: each is loaded again, CS by a far return. Clobbers: rax. */
load_segments:
    lgdt gdt_pointer(%rip)
    mov $KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    pop %rax
    push $KERNEL_CODE
    push %rax
    lretq

    .section .rodata
    .balign 8
gdt: /* Intel SDM vol 3A, 3.4.5 Segment Descriptors: present, accessed; code is 64-bit, data writable */
    .quad 0
    .quad 0x00209b0000000000
    .quad 0x0000930000000000
gdt_end:
    .balign 8
    .word 0, 0, 0
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt

    .section .bss
    .balign 16
    .skip STACK_BYTES
stack_top:

    .section .note.GNU-stack, "", @progbits
