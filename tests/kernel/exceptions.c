#include "exceptions.h"

#include "check.h"
#include "x86.h"

#define VECTOR_PAGE_FAULT 14
#define GATE_PRESENT_INTERRUPT 0x8E00u

struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error_code, rip, cs, rflags, rsp, ss;
};

/* Intel SDM vol 3A, 6.14.1 64-Bit Mode IDT. */
struct gate {
    uint16_t offset_low, selector;
    uint16_t flags, offset_middle;
    uint32_t offset_high, reserved;
};

extern const uint8_t exception_stubs[EXCEPTIONS][EXCEPTION_STUB_BYTES];
extern const uint8_t probe_read_access[], probe_write_access[], probe_call_return[], probe_failed[];
void exception_handle(struct trap_frame *frame);

static struct gate gates[EXCEPTIONS];

void exceptions_init(uint16_t selector)
{
    for (unsigned i = 0; i < EXCEPTIONS; i++) {
        const uint64_t stub = (uint64_t)exception_stubs[i];

        gates[i] = (struct gate){ .offset_low = (uint16_t)stub, .selector = selector,
                                  .flags = GATE_PRESENT_INTERRUPT, .offset_middle = (uint16_t)(stub >> 16),
                                  .offset_high = (uint32_t)(stub >> 32) };
    }
    exceptions_load();
}

void exceptions_load(void)
{
    lidt(&(struct descriptor_table_pointer){ sizeof(gates) - 1, (uint64_t)gates });
}

/* A call that could not be fetched has pushed its return address already. */
static bool is_probed_call(const struct trap_frame *frame)
{
    return frame->vector == VECTOR_PAGE_FAULT && frame->rip == read_cr2() &&
           *(const uint64_t *)frame->rsp == (uint64_t)probe_call_return;
}

void exception_handle(struct trap_frame *frame)
{
    if (frame->rip == (uint64_t)probe_read_access || frame->rip == (uint64_t)probe_write_access) {
        frame->rip = (uint64_t)probe_failed;
    } else if (is_probed_call(frame)) {
        frame->rip = (uint64_t)probe_failed;
        frame->rsp += sizeof(uint64_t);
    } else {
        check_give_up("FAIL exception: vector %lu, error code %lx, rip %lx, cr2 %lx, rsp %lx\n", frame->vector,
                      frame->error_code, frame->rip, read_cr2(), frame->rsp);
    }
}
