#include "addr.h"
#include "mmu.h"
#include "panic_output.h"
#include "trap.h"
#include "x86.h"

/* Intel SDM vol 3A, 4.7 Page-Fault Exceptions. */
#define PAGE_FAULT_PRESENT (1u << 0)
#define PAGE_FAULT_WRITE (1u << 1)
#define PAGE_FAULT_RESERVED (1u << 3)
#define PAGE_FAULT_FETCH (1u << 4)

/* Intel SDM vol 3A, 6.13 Error Code. */
#define SELECTOR_ERROR_EXTERNAL (1u << 0)
#define SELECTOR_ERROR_IDT (1u << 1)
#define SELECTOR_ERROR_LDT (1u << 2)
#define SELECTOR_ERROR_INDEX 0xFFF8u

/* Characters rather than pointers, which would need relocating. */
static const char names[EXCEPTIONS][32] = {
    "divide error",
    "debug exception",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack-segment fault",
    "general protection fault",
    "page fault",
    "exception 15",
    "x87 floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point exception",
    "virtualization exception",
    "control protection exception",
    "exception 22",
    "exception 23",
    "exception 24",
    "exception 25",
    "exception 26",
    "exception 27",
    "hypervisor injection exception",
    "VMM communication exception",
    "security exception",
    "exception 31",
};

static void describe_page_fault(const struct sink *sink, uint64_t error)
{
    const char *access = error & PAGE_FAULT_FETCH ? "fetch" : error & PAGE_FAULT_WRITE ? "write" : "read";
    const char *page = "not present";

    if (error & PAGE_FAULT_RESERVED)
        page = "present, with a reserved bit set";
    else if (error & PAGE_FAULT_PRESENT)
        page = error & PAGE_FAULT_FETCH ? "present, but not executable" :
               error & PAGE_FAULT_WRITE ? "present, but not writable" : "present";
    print_format(sink, ": %s of %lx, %s", access, read_cr2(), page);
}

static void describe_selector(const struct sink *sink, uint64_t error)
{
    if (!error)
        return;
    print_format(sink, ": %s %lx%s",
                 error & SELECTOR_ERROR_IDT   ? "IDT entry at" :
                 error & SELECTOR_ERROR_LDT   ? "LDT selector" : "GDT selector",
                 error & SELECTOR_ERROR_INDEX, error & SELECTOR_ERROR_EXTERNAL ? " (external event)" : "");
}

/*
 * The processor could not push onto the stack. If that is because the page below rsp is missing while the one that
 * rsp came from is there, the stack has run into its guard page.
 */
static void describe_double_fault(const struct sink *sink, const struct trap_frame *frame)
{
    const virt_addr_t next_push = virt_addr(frame->rsp - sizeof(uint64_t));

    if (mmu_maps_now(next_push))
        return;
    if (mmu_maps_now(virt_addr(align_up(frame->rsp, PAGE_SIZE))))
        print_format(sink, ": kernel stack overflow, guard page at %lx", align_down(next_push.value, PAGE_SIZE));
    else
        print_format(sink, ": no stack at %lx", frame->rsp);
}

void exception_handle(const struct trap_frame *frame)
{
    const struct sink *sink = panic_begin();

    print_text(sink, names[frame->vector % EXCEPTIONS]);
    switch (frame->vector) {
    case EXCEPTION_PAGE_FAULT:
        describe_page_fault(sink, frame->error_code);
        break;
    case EXCEPTION_DOUBLE_FAULT:
        describe_double_fault(sink, frame);
        break;
    case EXCEPTION_INVALID_TSS:
    case EXCEPTION_SEGMENT_NOT_PRESENT:
    case EXCEPTION_STACK_SEGMENT:
    case EXCEPTION_GENERAL_PROTECTION:
        describe_selector(sink, frame->error_code);
        break;
    default:
        break;
    }
    panic_finish(frame);
}
