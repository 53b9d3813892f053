/* Exceptions between the entry stubs (isr.S) and their description (exception.c). */
#ifndef TRAP_H
#define TRAP_H

/* Intel SDM vol 3A, table 6-1 Protected-Mode Exceptions and Interrupts. */
#define EXCEPTIONS 32
#define EXCEPTION_NMI 2
#define EXCEPTION_DOUBLE_FAULT 8
#define EXCEPTION_INVALID_TSS 10
#define EXCEPTION_SEGMENT_NOT_PRESENT 11
#define EXCEPTION_STACK_SEGMENT 12
#define EXCEPTION_GENERAL_PROTECTION 13
#define EXCEPTION_PAGE_FAULT 14
#define EXCEPTION_MACHINE_CHECK 18

/* Each entry stub takes this much, so that the table of their addresses needs no relocations. */
#define EXCEPTION_STUB_BYTES 16

/* Offsets in struct trap_frame. */
#define TRAP_R15 0x00
#define TRAP_R14 0x08
#define TRAP_R13 0x10
#define TRAP_R12 0x18
#define TRAP_R11 0x20
#define TRAP_R10 0x28
#define TRAP_R9 0x30
#define TRAP_R8 0x38
#define TRAP_RBP 0x40
#define TRAP_RDI 0x48
#define TRAP_RSI 0x50
#define TRAP_RDX 0x58
#define TRAP_RCX 0x60
#define TRAP_RBX 0x68
#define TRAP_RAX 0x70
#define TRAP_VECTOR 0x78
#define TRAP_ERROR_CODE 0x80
#define TRAP_RIP 0x88
#define TRAP_CS 0x90
#define TRAP_RFLAGS 0x98
#define TRAP_RSP 0xA0
#define TRAP_SS 0xA8
#define TRAP_FRAME_BYTES 0xB0

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* On the stack, from low to high: what isr.S pushed, then what the processor did. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error_code; /* 0 where the exception has none */
    uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(offsetof(struct trap_frame, r8) == TRAP_R8, "isr.S");
_Static_assert(offsetof(struct trap_frame, rbp) == TRAP_RBP, "isr.S");
_Static_assert(offsetof(struct trap_frame, rax) == TRAP_RAX, "isr.S");
_Static_assert(offsetof(struct trap_frame, vector) == TRAP_VECTOR, "isr.S");
_Static_assert(offsetof(struct trap_frame, rip) == TRAP_RIP, "isr.S");
_Static_assert(offsetof(struct trap_frame, ss) == TRAP_SS, "isr.S");
_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_BYTES, "isr.S");

/* EXCEPTIONS entry points of EXCEPTION_STUB_BYTES each. In isr.S. */
extern const char exception_stubs[] __attribute__((visibility("hidden")));

/*
 * Records the registers of the caller: those that a call preserves are the caller's own, the others whatever they
 * happen to hold; rip is where the call returns to. In isr.S.
 */
void trap_frame_capture(struct trap_frame *ret) __attribute__((visibility("hidden")));

/* Describes the exception on the console, and ends. Called by isr.S, on whatever stack there is. */
NORETURN void exception_handle(const struct trap_frame *frame) __attribute__((visibility("hidden")));

#endif
#endif
