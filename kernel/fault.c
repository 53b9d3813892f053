#include "fault.h"

#include "addr.h"
#include "console.h"
#include "image.h"
#include "panic.h"
#include "x86.h"

/* No machine has memory there that a loader would map: the last page of what 4 levels address in the lower half. */
#define UNMAPPED (TIB(128) - PAGE_SIZE)

#define SMASHED_BYTES 16

/* In assembly, all of them: compilers take undefined behaviour for a promise that it does not happen. */
static void read_from(uint64_t address)
{
    uint64_t value;

    __asm__ volatile("mov (%1), %0" : "=r"(value) : "r"(address) : "memory");
}

static void write_to(phys_addr_t address)
{
    __asm__ volatile("movq $0, (%0)" : : "r"(address.value) : "memory");
}

static void call_to(phys_addr_t address) { __asm__ volatile("call *%0" : : "r"(address.value) : "memory"); }

static void divide_by_zero(void)
{
    uint32_t quotient = 1, remainder = 0;

    __asm__ volatile("divl %2" : "+a"(quotient), "+d"(remainder) : "r"(0));
}

static void run_off_the_stack(void)
{
    __asm__ volatile("1: pushq $0\n\t"
                     "jmp 1b" : : : "memory");
}

/* Writes over its own canary, saved rbp and return address. */
__attribute__((noinline)) static void smash_stack(void)
{
    volatile char bytes[SMASHED_BYTES];
    volatile char *at = bytes;

    __asm__ volatile("" : "+r"(at)); /* hides from the compiler where `at` points */
    for (unsigned i = 0; i < 4 * SMASHED_BYTES; i++)
        at[i] = 'X';
}

static void panicking_write(const struct sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    (void)text;
    panic("this sink cannot write %lu bytes", (uint64_t)bytes);
}

static void panic_while_panicking(void)
{
    static const struct sink sink = { panicking_write };

    console_add(&sink);
    panic("this panic meets another one");
}

bool fault_is_elsewhere(enum fault_kind kind)
{
    return kind == FAULT_CPU || kind == FAULT_CPU_GUARD || kind == FAULT_CPU_HANG;
}

bool fault_is_here(enum fault_kind kind)
{
    return kind != FAULT_NONE && kind != FAULT_ABSENT && !fault_is_elsewhere(kind);
}

void fault_now(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_READ:
    case FAULT_CPU:
        read_from(UNMAPPED);
        break;
    case FAULT_WRITE:
        write_to(image_layout().rodata.start);
        break;
    case FAULT_FETCH:
        call_to(image_layout().data.start);
        break;
    case FAULT_NULL:
        read_from(0);
        break;
    case FAULT_DIVIDE:
        divide_by_zero();
        break;
    case FAULT_GUARD:
    case FAULT_CPU_GUARD:
        run_off_the_stack();
        break;
    case FAULT_SMASH:
        smash_stack();
        break;
    case FAULT_ASSERT:
        ASSERT(kind != FAULT_ASSERT);
        break;
    case FAULT_NESTED:
        panic_while_panicking();
        break;
    case FAULT_CPU_HANG:
        for (;;)
            pause();
    case FAULT_ABSENT: /* smp/processors.c does that */
    case FAULT_NONE:
    case FAULT_KINDS:
        break;
    }
    panic("fault %u did not happen", (unsigned)kind);
}
