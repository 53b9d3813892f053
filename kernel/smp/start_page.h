/*
 * The page in which a processor starts: code in real mode, and what leads it from there to 64-bit mode and to its own
 * stack. Below 1 MiB, as the start-up interrupt wants it (Intel SDM vol 3A, 8.4.3 MP Initialization Protocol Algorithm
 * for MP Systems: the interrupt's vector is the page's number). A processor that runs already comes here to change what
 * cannot be changed in 64-bit mode: the number of paging levels.
 */
#ifndef START_PAGE_H
#define START_PAGE_H

/* Offsets in the page. Code fills it up to START_DATA. */
#define START_DATA 0x200
#define START_GDT 0x200
#define START_GDT_POINTER 0x220
#define START_PROTECTED 0x22C
#define START_LONG 0x234
#define START_UNPAGED 0x23C
#define START_CR0 0x244
#define START_CR3 0x248
#define START_CR4 0x24C
#define START_EFER 0x250
#define START_PAT 0x258
#define START_ENTRY 0x260
#define START_ROOT 0x268
#define START_STACK 0x270
#define START_MAIN 0x278
#define START_ARGUMENT 0x280

/* Selectors in START_GDT. */
#define START_CODE_32 0x08
#define START_CODE_64 0x10
#define START_DATA_32 0x18

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
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
        uint64_t base;  /* real mode reads the lower half */
        uint16_t unused;
    } gdt_pointer;
    struct far_pointer protected_mode;
    struct far_pointer long_mode;
    struct far_pointer unpaged;
    uint32_t cr0, cr3, cr4, efer;
    uint32_t unused;
    uint64_t pat;
    uint64_t entry;    /* in the image: processor_enter */
    uint64_t root;     /* the tables to go on with */
    uint64_t stack;    /* top */
    uint64_t main;     /* void (*)(void *), never to return */
    uint64_t argument; /* its */
};
_Static_assert(offsetof(struct start_page, gdt) == START_GDT, "trampoline.S");
_Static_assert(offsetof(struct start_page, gdt_pointer) == START_GDT_POINTER, "trampoline.S");
_Static_assert(offsetof(struct start_page, protected_mode) == START_PROTECTED, "trampoline.S");
_Static_assert(offsetof(struct start_page, long_mode) == START_LONG, "trampoline.S");
_Static_assert(offsetof(struct start_page, unpaged) == START_UNPAGED, "trampoline.S");
_Static_assert(offsetof(struct start_page, cr0) == START_CR0, "trampoline.S");
_Static_assert(offsetof(struct start_page, cr3) == START_CR3, "trampoline.S");
_Static_assert(offsetof(struct start_page, cr4) == START_CR4, "trampoline.S");
_Static_assert(offsetof(struct start_page, efer) == START_EFER, "trampoline.S");
_Static_assert(offsetof(struct start_page, pat) == START_PAT, "trampoline.S");
_Static_assert(offsetof(struct start_page, entry) == START_ENTRY, "trampoline.S");
_Static_assert(offsetof(struct start_page, root) == START_ROOT, "trampoline.S");
_Static_assert(offsetof(struct start_page, stack) == START_STACK, "trampoline.S");
_Static_assert(offsetof(struct start_page, main) == START_MAIN, "trampoline.S");
_Static_assert(offsetof(struct start_page, argument) == START_ARGUMENT, "trampoline.S");
_Static_assert(sizeof(struct start_page) <= PAGE_SIZE, "one page");

#pragma GCC visibility push(hidden)
/* What is copied to the start of the page, and where in it the modes begin. In trampoline.S. */
extern const char start_code[], start_protected[], start_long[], start_again[], start_unpaged[], start_code_end[];
/* Where the start page leads to, and where that leads to, on a stack of its own. */
extern const char processor_enter[];
#pragma GCC visibility pop

/* Takes this processor through the page, with interrupts off. `root`: maps the page one to one, in the levels of now. */
NORETURN void start_page_again(phys_addr_t root, frame_t page);

/* What a processor is to have when it leaves the page. */
struct start_registers {
    uint32_t cr0, cr3, cr4, efer; /* cr3: a root below 4 GiB that maps the page and our text one to one */
    uint64_t pat;
    uint64_t root; /* then */
};

/* This processor's own, but for the roots. */
struct start_registers start_registers_here(void);

/*
 * Fills the page for processors that are to be like that. All that remains to be said is where each goes: main.
 * at     where the page can be written;    page  which it is, below 1 MiB.
 */
void start_page_fill(struct start_page *at, frame_t page, const struct start_registers *registers);

/* Where the next processor that starts goes: main(argument) on this stack (16-aligned, exclusive). */
void start_page_aim(struct start_page *at, virt_addr_t stack_top, void (*main)(void *argument), const void *argument);

#endif
#endif
