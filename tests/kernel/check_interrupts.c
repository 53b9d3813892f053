#include "apic.h"
#include "check.h"
#include "checks.h"
#include "requests.h"
#include "tables.h"
#include "x86.h"

#define STRICT_FROM 5
#define NOT_STRICT "no promise before base revision 5"

#define IO_APIC_VERSION 1
#define IO_APIC_REDIRECTION 0x10
#define IO_APIC_DATA_WORD 4 /* at 0x10, in words */
#define MASKED (1u << 16)

enum delivery_mode { MODE_FIXED = 0, MODE_LOWEST = 1, MODE_NMI = 4, MODE_EXTINT = 7 };

static enum delivery_mode mode_of(uint32_t entry) { return entry >> 8 & 7; }

/* From base revision 5 on also what cannot be held back by the interrupt flag, or comes by way of the PIC. */
static bool must_be_masked(uint32_t entry, bool strict)
{
    switch (mode_of(entry)) {
    case MODE_FIXED:
    case MODE_LOWEST:
        return true;
    case MODE_NMI:
    case MODE_EXTINT:
        return strict;
    default:
        return false;
    }
}

static uint32_t io_apic_read(volatile uint32_t *io_apic, uint32_t index)
{
    io_apic[0] = index;
    return io_apic[IO_APIC_DATA_WORD];
}

static void check_io_apics(const struct madt *madt, bool strict)
{
    uint64_t n_entries = 0, n_open = 0;

    for (size_t i = 0; i < madt->n_io_apics; i++) {
        volatile uint32_t *io_apic = window_map_device(madt->io_apics[i]);
        const uint32_t last = io_apic_read(io_apic, IO_APIC_VERSION) >> 16 & 0xFF;

        for (uint32_t n = 0; n <= last; n++, n_entries++) {
            const uint32_t entry = io_apic_read(io_apic, IO_APIC_REDIRECTION + 2 * n);

            n_open += must_be_masked(entry, strict) && !(entry & MASKED);
        }
    }
    check_that("machine.io_apics", n_entries, madt->n_io_apics);
    check_equal("machine.io_apics_masked", 0, n_open);
}

void check_interrupt_controllers(struct context *c)
{
    const struct limine_rsdp_response *r = requests_answer(LIMINE_RSDP);
    static struct madt madt;
    const bool strict = c->revision >= STRICT_FROM;

    if (!r)
        return;
    const bool has_madt = madt_of_tests_read(r->address < c->hhdm ? r->address : r->address - c->hhdm, &madt);

    check_that("machine.madt", has_madt, r->address);
    if (!has_madt)
        return;
    check_io_apics(&madt, strict);
    if (!strict) {
        check_skip("lapic", NOT_STRICT);
        return;
    }
    const struct local_apic apic = local_apic_read(window_map_device(rdmsr(MSR_APIC_BASE) & CR3_ADDRESS_MASK));

    check_local_apic(&apic, madt.nmi_lints);
}
