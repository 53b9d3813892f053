/*
 * The local APIC of the processor that calls: who it is, and how it starts others (Intel SDM vol 3A, chapter 11
 * Advanced Programmable Interrupt Controller). One interface over the registers of both modes: xAPIC, 32-bit words in
 * memory, and x2APIC, MSRs. The mode stays as the firmware left it. Pure: registers are reached through the caller.
 */
#ifndef APIC_H
#define APIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"

enum apic_mode {
    APIC_NONE,   /* switched off, or the processor has none */
    APIC_XAPIC,  /* reaches ids below 255 */
    APIC_X2APIC, /* reaches all */
};

#define XAPIC_REGISTER_BYTES 0x400

struct apic_registers {
    void *context;
    uint32_t (*read_word)(void *context, uint32_t offset); /* xAPIC: offset from the base, bytes */
    void (*write_word)(void *context, uint32_t offset, uint32_t value);
    uint64_t (*read_msr)(void *context, uint32_t msr); /* x2APIC */
    void (*write_msr)(void *context, uint32_t msr, uint64_t value); /* after all earlier stores are visible */
};

struct apic {
    enum apic_mode mode;
    struct apic_registers registers;
};

/* What IA32_APIC_BASE says: the mode, and where the xAPIC's registers lie. */
enum apic_mode apic_base_mode(uint64_t apic_base);
phys_addr_t apic_base_address(uint64_t apic_base);

/*
 * Whether the processor can leave x2APIC mode: firmware may lock it, and then to try is a general protection fault
 * (Intel SDM vol 4, table 2-2: IA32_ARCH_CAPABILITIES, IA32_XAPIC_DISABLE_STATUS).
 * read_msr   as in struct apic_registers. An MSR is read only if those before it say that it is there.
 * has_arch_capabilities   CPUID.7.0:EDX[29].
 */
bool apic_is_locked(uint64_t (*read_msr)(void *context, uint32_t msr), void *context, bool has_arch_capabilities);

/* The id of this processor. Not in mode APIC_NONE; nor are the others. */
uint32_t apic_id(const struct apic *apic);

/* Whether an interrupt can be sent to that id alone. */
bool apic_reaches(const struct apic *apic, uint32_t id);

/*
 * Send INIT, or a start-up interrupt, to one processor; false: the APIC did not get rid of it, for so many reads of the
 * register that it never will. id must be reachable.
 * page   below 1 MiB: where the processor starts, in real mode with IP = 0.
 */
MUST_CHECK bool apic_send_init(const struct apic *apic, uint32_t id);
MUST_CHECK bool apic_send_startup(const struct apic *apic, uint32_t id, frame_t page);

/* What the MADT says of a local interrupt pin that is wired to NMI. */
struct apic_nmi {
    uint8_t lint;  /* 0 or 1 */
    uint32_t mode; /* APIC_ACTIVE_LOW, APIC_LEVEL */
};
#define APIC_ACTIVE_LOW (1u << 13)
#define APIC_LEVEL (1u << 15)

/*
 * Leaves the local APIC as the Limine protocol wants it from base revision 5 on: enabled by software, spurious vector
 * 0xFF, task priority 0; what the local vector table has of mode Fixed, Lowest Priority, NMI and ExtINT is masked, and
 * the pins of `nmis` are NMI, masked.
 */
void apic_settle(const struct apic *apic, const struct apic_nmi *nmis, size_t n_nmis);

/* "xAPIC", "x2APIC", "no APIC". */
const char *apic_mode_name(enum apic_mode mode);

#endif
