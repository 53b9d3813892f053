/*
 * The kernel whose start is measured: a Limine-protocol kernel of base revision 2 that asks for what every kernel does.
 * Its first instruction reads the TSC; it then tells the host (record.h) and stops.
 */
#include "record.h"

#define FILLER_BYTES (100 << 10) /* with it the file is as long as a small kernel is */

    .section .text, "ax"
    .globl _start
_start:
    rdtsc
    movl %eax, %ebx
    movl %edx, %ecx
    movb $RECORD_KERNEL, %al
    outb %al, $RECORD_PORT
    movl %ebx, %eax
    call out_four
    movl %ecx, %eax
    call out_four
    cli
1:  hlt
    jmp 1b

/* In: eax. Clobbers: eax, edx. */
out_four:
    movl $4, %edx
1:  outb %al, $RECORD_PORT
    shrl $8, %eax
    decl %edx
    jnz 1b
    ret

    .section .rodata, "a"
    .fill FILLER_BYTES / 8, 8, 0x5A5A5A5A3C3C3C3C

    .section .data, "aw"
    .balign 8
    .quad 0xf9562b2d5c95a6c8, 0x6a7b384944536bdc, 2 /* base revision */

.macro request first, second
    .quad 0xc7b1dd30df4c8b88, 0x0a82e883a194f07b, \first, \second, 0, 0
.endm
    request 0x67cf3d9d378a806f, 0xe304acdfc50c3c62 /* memory map */
    request 0x48dcf1cb8ad2b852, 0x63984e959a98244b /* HHDM */
    request 0x71ba76863cc55f63, 0xb2644a48c516a487 /* executable address */
    request 0x3e7e279702be32af, 0xca1c4f3bd1280cee /* modules */
    request 0xc5e77b6b397e7b43, 0x27637845accdcf3c /* RSDP */
    request 0x9d5827dcd881dd75, 0xa3148604f6fab11b /* framebuffer */

    .section .note.GNU-stack, "", @progbits
