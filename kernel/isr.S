#include "trap.h"

/*
 * const char exception_stubs[EXCEPTIONS][EXCEPTION_STUB_BYTES];
 * In:       the processor pushed ss, rsp, rflags, cs, rip and, for some exceptions, an error code; rsp was 16-aligned
 *           before (Intel SDM vol 3A, 6.14.2 64-Bit Mode Stack Frame).
 * Out:      exception_common, with an error code (0 where there was none) and the vector on top.
 * Clobbers: nothing.
 */
    .text
    .hidden exception_stubs
    .globl exception_stubs
    .hidden exception_handle

/* Intel SDM vol 3A, table 6-1; 21 (control protection), 29 and 30 (AMD64 APM vol 2, 8.1 General Characteristics). */
#define HAS_ERROR_CODE(v) \
    ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || (v) == 29 || (v) == 30)

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
    .balign EXCEPTION_STUB_BYTES

/*
 * In:       a stub's stack. 48 bytes from the processor (error code included) + vector + 15 registers = 176 = 11 * 16.
 * Out:      exception_handle(rdi = struct trap_frame), rsp 16-aligned as a call wants it.
 * Clobbers: everything; it does not return.
 */
    .type exception_common, @function
exception_common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    xor %ebp, %ebp
    call exception_handle
    ud2
    .size exception_common, . - exception_common

/*
 * void trap_frame_capture(struct trap_frame *ret);
 * In:       rdi = ret.
 * Out:      *ret: the caller's registers, as they are once this has returned.
 * Clobbers: rax.
 */
    .globl trap_frame_capture
    .hidden trap_frame_capture
    .type trap_frame_capture, @function
trap_frame_capture:
    mov %r15, TRAP_R15(%rdi)
    mov %r14, TRAP_R14(%rdi)
    mov %r13, TRAP_R13(%rdi)
    mov %r12, TRAP_R12(%rdi)
    mov %r11, TRAP_R11(%rdi)
    mov %r10, TRAP_R10(%rdi)
    mov %r9, TRAP_R9(%rdi)
    mov %r8, TRAP_R8(%rdi)
    mov %rbp, TRAP_RBP(%rdi)
    mov %rdi, TRAP_RDI(%rdi)
    mov %rsi, TRAP_RSI(%rdi)
    mov %rdx, TRAP_RDX(%rdi)
    mov %rcx, TRAP_RCX(%rdi)
    mov %rbx, TRAP_RBX(%rdi)
    mov %rax, TRAP_RAX(%rdi)
    movq $0, TRAP_VECTOR(%rdi)
    movq $0, TRAP_ERROR_CODE(%rdi)
    mov (%rsp), %rax /* the return address */
    mov %rax, TRAP_RIP(%rdi)
    lea 8(%rsp), %rax
    mov %rax, TRAP_RSP(%rdi)
    pushf
    pop TRAP_RFLAGS(%rdi)
    mov %cs, %eax
    mov %rax, TRAP_CS(%rdi)
    mov %ss, %eax
    mov %rax, TRAP_SS(%rdi)
    ret
    .size trap_frame_capture, . - trap_frame_capture

    .section .note.GNU-stack, "", @progbits
