/*
 * _Noreturn void kernel_enter(const struct boot_info *info, virt_addr_t stack_top);
 * In:       rdi = info, rsi = stack_top, 16-aligned.
 * Out:      kernel_main(info) on the new stack, interrupts off, rbp = 0: where walks along frames end.
 * Clobbers: everything else. The old stack is not used again.
 */
    .text
    .globl kernel_enter
    .hidden kernel_enter
    .hidden kernel_main
    .type kernel_enter, @function
kernel_enter:
    cli
    cld
    mov %rsi, %rsp
    xor %ebp, %ebp
    call kernel_main
    ud2 /* kernel_main does not return */
    .size kernel_enter, . - kernel_enter

    .section .note.GNU-stack, "", @progbits
