#include "exceptions.h"

/* Intel SDM vol 3A, table 6-1 Exceptions and Interrupts. */
#define HAS_ERROR_CODE(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21)

    .text
    .hidden exception_stubs, exception_handle
    .globl exception_stubs

/*
 * const uint8_t exception_stubs[EXCEPTIONS][EXCEPTION_STUB_BYTES];
 * In:       what the processor pushed.
 * Out:      exception_handle(rdi = struct trap_frame); back to where the frame then says.
 * Clobbers: nothing.
 */
    .balign EXCEPTION_STUB_BYTES
exception_stubs:
    .set vector, 0
    .rept EXCEPTIONS
    .balign EXCEPTION_STUB_BYTES
    .if !HAS_ERROR_CODE(vector)
    pushq $0
    .endif
    pushq $vector
    jmp exception_common
    .set vector, vector + 1
    .endr

exception_common:
    .irp register, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    push %\register
    .endr
    cld
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call exception_handle
    mov %rbx, %rsp
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
    pop %\register
    .endr
    add $16, %rsp
    iretq

/*
 * bool probe_read(uint64_t address), probe_write, probe_call.
 * In:       rdi = address.
 * Out:      al = 1, or, by way of the exception's handler, 0.
 * Clobbers: rcx; probe_call what the code there clobbers.
 */
    .globl probe_read, probe_read_access, probe_write, probe_write_access, probe_call, probe_call_return, probe_failed
    .hidden probe_read, probe_read_access, probe_write, probe_write_access, probe_call, probe_call_return, probe_failed
probe_read:
probe_read_access:
    mov (%rdi), %cl
    mov $1, %eax
    ret
probe_write:
probe_write_access:
    lock orb $0, (%rdi)
    mov $1, %eax
    ret
probe_call:
    call *%rdi
probe_call_return:
    mov $1, %eax
    ret
probe_failed:
    xor %eax, %eax
    ret

    .section .note.GNU-stack, "", @progbits
