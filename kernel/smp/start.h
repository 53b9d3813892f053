/*
 * The page in which a processor starts: code in real mode, and what leads it from there to 64-bit mode and to its own
 * stack. Below 1 MiB, as the start-up interrupt wants it (Intel SDM vol 3A, 8.4.3 MP Initialization Protocol Algorithm
 * for MP Systems: the interrupt's vector is the page's number).
 *
 * Until it is on its stack the processor uses tables made for this: the page and the image's text, one to one, both not
 * writable, with a root below 4 GiB. So the kernel's own tables never have executable memory outside the image.
 */
#ifndef START_H
#define START_H

/* Offsets in the page. Code fills it up to START_DATA. */
#define START_DATA 0x200
#define START_GDT 0x200
#define START_GDT_POINTER 0x220
#define START_PROTECTED 0x228
#define START_LONG 0x230
#define START_CR0 0x238
#define START_CR3 0x23C
#define START_CR4 0x240
#define START_EFER 0x244
#define START_PAT 0x248
#define START_ENTRY 0x250
#define START_ROOT 0x258
#define START_STACK 0x260
#define START_ARGUMENT 0x268

/* Selectors in START_GDT. */
#define START_CODE_32 0x08
#define START_CODE_64 0x10
#define START_DATA_32 0x18

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "../memory.h"
#include "compiler.h"

/* Operand of an indirect far jump. */
struct PACKED far_pointer {
    uint32_t offset;
    uint16_t selector;
    uint16_t unused;
};

struct start_page {
    char code[START_DATA];
    uint64_t gdt[4];
    struct PACKED {
        uint16_t limit; /* bytes - 1 */
        uint32_t base;
        uint16_t unused;
    } gdt_pointer;
    struct far_pointer protected_mode;
    struct far_pointer long_mode;
    uint32_t cr0, cr3, cr4, efer;
    uint64_t pat;
    uint64_t entry;    /* in the image: processor_enter */
    uint64_t root;     /* the kernel's own tables */
    uint64_t stack;    /* top */
    uint64_t argument; /* of processor_main() */
};
_Static_assert(offsetof(struct start_page, gdt) == START_GDT, "trampoline.S");
_Static_assert(offsetof(struct start_page, gdt_pointer) == START_GDT_POINTER, "trampoline.S");
_Static_assert(offsetof(struct start_page, protected_mode) == START_PROTECTED, "trampoline.S");
_Static_assert(offsetof(struct start_page, long_mode) == START_LONG, "trampoline.S");
_Static_assert(offsetof(struct start_page, cr0) == START_CR0, "trampoline.S");
_Static_assert(offsetof(struct start_page, cr3) == START_CR3, "trampoline.S");
_Static_assert(offsetof(struct start_page, cr4) == START_CR4, "trampoline.S");
_Static_assert(offsetof(struct start_page, efer) == START_EFER, "trampoline.S");
_Static_assert(offsetof(struct start_page, pat) == START_PAT, "trampoline.S");
_Static_assert(offsetof(struct start_page, entry) == START_ENTRY, "trampoline.S");
_Static_assert(offsetof(struct start_page, root) == START_ROOT, "trampoline.S");
_Static_assert(offsetof(struct start_page, stack) == START_STACK, "trampoline.S");
_Static_assert(offsetof(struct start_page, argument) == START_ARGUMENT, "trampoline.S");
_Static_assert(sizeof(struct start_page) <= PAGE_SIZE, "one page");

#pragma GCC visibility push(hidden)
/* What is copied to the start of the page, and where in it the modes begin. In trampoline.S. */
extern const char start_code[], start_protected[], start_long[], start_code_end[];
/* Where the start page leads to, in trampoline.S, and where that leads to, on a stack of its own. */
extern const char processor_enter[];
#pragma GCC visibility pop

/* Tables for the start: the page, the image's text, and what paging needs for each. */
#define START_TABLES_MAX 16

/* A start page in use, and its tables. */
struct start {
    struct memory *memory;
    frame_t page;
    struct start_page *at; /* in the HHDM */
    frame_t tables[START_TABLES_MAX];
    unsigned n_tables;
};

/*
 * Takes the page and the tables from the allocator, and fills them for processors like this one: same control
 * registers, same PAT. Returns false, with nothing taken, if there is no memory below 1 MiB or below 4 GiB.
 */
MUST_CHECK bool start_open(struct start *start, struct memory *memory);

/* Where the next processor that starts goes: processor_main(argument) on this stack (16-aligned, exclusive). */
void start_aim(struct start *start, virt_addr_t stack_top, void *argument);

/* Gives everything back. No processor may be on its way through the page. */
void start_close(struct start *start);

#endif
#endif
