#include "panic.h"

#include <stdatomic.h>
#include <stdarg.h>

#include "console.h"
#include "image.h"
#include "mmu.h"
#include "panic_output.h"
#include "serial.h"
#include "x86.h"

#define RETURN_ADDRESSES_MAX 32

/* Four columns fit a line of 100 characters, as 800x600 has. */
#define REGISTERS_PER_LINE 4
#define REGISTER_DIGITS 16

/*
 * The first processor that panics, by the address of its GDT, which no two share; 0: none. Written once, by that one.
 * Nothing else depends on the order in which it becomes visible.
 */
static _Atomic uint64_t panicking;

/* Written by that processor alone: how many panics it has begun. */
static unsigned panics;

/* What the compiler keeps at rbp (System V AMD64 ABI, 3.2.2 The Stack Frame). */
struct stack_frame {
    virt_addr_t caller; /* the caller's rbp */
    virt_addr_t return_address;
};

void halt_forever(void)
{
    for (;;) {
        cli();
        hlt();
    }
}

/* Readable now, and above the frame before it: a walk over garbage ends, and never faults. */
static bool is_stack_frame(virt_addr_t at, virt_addr_t below)
{
    return at.value > below.value && at.value % sizeof(uint64_t) == 0 && mmu_maps_now(at) &&
           mmu_maps_now(virt_addr(at.value + sizeof(struct stack_frame) - 1));
}

static void print_place(const struct sink *sink, uint64_t offset) { print_format(sink, "  BOOTX64.EFI+%lx\n", offset); }

/*
 * First where it happened, then the calls that led there. For a call the address of its last byte is printed, because
 * what follows a call that does not return belongs to another line, if not to another function.
 */
static void print_return_addresses(const struct sink *sink, const struct trap_frame *frame)
{
    virt_addr_t below = virt_addr(0);
    virt_addr_t at = virt_addr(frame->rbp);
    unsigned left = RETURN_ADDRESSES_MAX;

    print_text(sink, "Return addresses:\n");
    if (image_contains_text(virt_addr(frame->rip))) {
        print_place(sink, image_offset(virt_addr(frame->rip)));
    } else if (mmu_maps_now(virt_addr(frame->rsp)) && mmu_maps_now(virt_addr(frame->rsp + sizeof(uint64_t) - 1))) {
        /* A call of something that is not code: the caller's address is on top of the stack. */
        const virt_addr_t caller = *(const virt_addr_t *)virt_pointer(virt_addr(frame->rsp));

        if (image_contains_text(caller))
            print_place(sink, image_offset(caller) - 1);
    }

    while (left-- && is_stack_frame(at, below)) {
        const struct stack_frame *stack_frame = virt_pointer(at);

        if (!image_contains_text(stack_frame->return_address))
            break;
        print_place(sink, image_offset(stack_frame->return_address) - 1);
        below = at;
        at = stack_frame->caller;
    }
}

static void print_registers(const struct sink *sink, const struct trap_frame *f)
{
    const struct {
        char name[8];
        uint64_t value;
    } registers[] = {
        { "rax", f->rax }, { "rbx", f->rbx },      { "rcx", f->rcx },      { "rdx", f->rdx },
        { "rsi", f->rsi }, { "rdi", f->rdi },      { "rbp", f->rbp },      { "rsp", f->rsp },
        { "r8 ", f->r8 },  { "r9 ", f->r9 },       { "r10", f->r10 },      { "r11", f->r11 },
        { "r12", f->r12 }, { "r13", f->r13 },      { "r14", f->r14 },      { "r15", f->r15 },
        { "rip", f->rip }, { "flg", f->rflags },   { "cs ", f->cs },       { "ss ", f->ss },
        { "cr0", read_cr0() }, { "cr2", read_cr2() }, { "cr3", read_cr3() }, { "cr4", read_cr4() },
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i++) {
        print_format(sink, "%s ", registers[i].name);
        print_hex_wide(sink, registers[i].value, REGISTER_DIGITS);
        print_text(sink, i % REGISTERS_PER_LINE == REGISTERS_PER_LINE - 1 ? "\n" : "  ");
    }
}

void panic_wait(void)
{
    const uint64_t other = atomic_load_explicit(&panicking, memory_order_relaxed);

    if (other && other != sgdt().base)
        halt_forever();
}

/* The outputs belong to the first that comes, for ever. */
static void claim_outputs(void)
{
    uint64_t nobody = 0;

    atomic_compare_exchange_strong_explicit(&panicking, &nobody, sgdt().base, memory_order_relaxed,
                                            memory_order_relaxed);
    panic_wait();
}

const struct sink *panic_begin(void)
{
    const struct sink *sink = console();

    cli();
    claim_outputs();
    switch (panics++) {
    case 0:
        break;
    case 1:
        sink = serial_sink();
        break;
    default:
        halt_forever();
    }
    print_text(sink, "\n*** PANIC: ");
    return sink;
}

void panic_finish(const struct trap_frame *frame)
{
    if (panics > 1) {
        print_text(serial_sink(), "\n*** Panic inside a panic: halting\n");
        halt_forever();
    }
    print_text(console(), "\nPolyglot OS " POLYGLOT_VERSION "\n");
    print_registers(console(), frame);
    print_return_addresses(console(), frame);
    halt_forever();
}

void panic(const char *format, ...)
{
    struct trap_frame frame;
    va_list arguments;

    trap_frame_capture(&frame);
    va_start(arguments, format);
    print_format_list(panic_begin(), format, arguments);
    va_end(arguments);
    panic_finish(&frame);
}

void assert_failed(const char *expression, const char *file, int line)
{
    panic("assertion failed: %s (%s:%u)", expression, file, (unsigned)line);
}
