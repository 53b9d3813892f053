/*
 * The last steps to a kernel: into other tables, and into the state that the protocol promises.
 */
#ifndef LIMINE_ENTER_H
#define LIMINE_ENTER_H

/* Offsets in struct limine_state. */
#define STATE_ROOT 0x00
#define STATE_CR0 0x08
#define STATE_CR4 0x10
#define STATE_EFER 0x18
#define STATE_TASK 0x20
#define STATE_GDT 0x30
#define STATE_IDT 0x40
#define STATE_STACK 0x50
#define STATE_ENTRY 0x58
#define STATE_INFO 0x60

/* Selectors in the kernel's GDT. */
#define LIMINE_CODE_64 0x28
#define LIMINE_DATA_64 0x30

/* In a table of its own, that is loaded for a moment. */
#define LIMINE_NO_TASK 0x08

#define MP_INFO_GOTO 0x10

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "limine_protocol.h"
#include "x86.h"

#define LIMINE_GDT_ENTRIES 7

struct limine_state {
    uint64_t root; /* CR3 */
    uint64_t cr0, cr4;
    uint64_t efer;
    struct descriptor_table_pointer task; /* task_gdt, by its address in the direct map */
    uint8_t unused0[6];
    struct descriptor_table_pointer gdt;
    uint8_t unused1[6];
    struct descriptor_table_pointer idt;
    uint8_t unused2[6];
    uint64_t stack; /* top */
    uint64_t entry; /* 0: wait until info->goto_address says */
    uint64_t info;  /* struct limine_mp_info of a processor that waits; becomes its rdi. Else 0 */
    uint64_t task_gdt[3]; /* null, a task state segment of no bytes. Of each processor: loading TR writes to it */
};
_Static_assert(offsetof(struct limine_state, root) == STATE_ROOT, "enter.S");
_Static_assert(offsetof(struct limine_state, cr0) == STATE_CR0, "enter.S");
_Static_assert(offsetof(struct limine_state, cr4) == STATE_CR4, "enter.S");
_Static_assert(offsetof(struct limine_state, efer) == STATE_EFER, "enter.S");
_Static_assert(offsetof(struct limine_state, task) == STATE_TASK, "enter.S");
_Static_assert(offsetof(struct limine_state, gdt) == STATE_GDT, "enter.S");
_Static_assert(offsetof(struct limine_state, idt) == STATE_IDT, "enter.S");
_Static_assert(offsetof(struct limine_state, stack) == STATE_STACK, "enter.S");
_Static_assert(offsetof(struct limine_state, entry) == STATE_ENTRY, "enter.S");
_Static_assert(offsetof(struct limine_state, info) == STATE_INFO, "enter.S");
_Static_assert(offsetof(struct limine_mp_info, goto_address) == MP_INFO_GOTO, "enter.S");

#pragma GCC visibility push(hidden)
/* What all processors have in common: everything but stack, entry and info. */
struct limine_state limine_state(uint64_t root, unsigned paging_levels, bool no_execute, uint64_t gdt);

/*
 * Makes `state`, which lies in the direct map, complete, and leaves by limine_enter(). Its stack may be the current one,
 * if that is used from LIMINE_STACK_SPARE below its top on.
 */
#define LIMINE_STACK_SPARE 512
NORETURN void limine_leave(struct limine_state *state, uint64_t hhdm_offset);

/* In other tables, on another stack (16-aligned, exclusive): function(argument), which never returns. */
NORETURN void limine_switch(uint64_t root, uint64_t stack_top, void (*function)(void *argument), void *argument);

/*
 * Gives this processor the state of the facts and jumps. Called by its address in the direct map, with a state there:
 * our image is mapped nowhere else any more once CR3 has changed.
 */
NORETURN void limine_enter(const struct limine_state *state);
#pragma GCC visibility pop

#endif
#endif
