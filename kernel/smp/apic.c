#include "apic.h"

/* Intel SDM vol 3A, 11.4.4 Local APIC Status and Location; 11.12.1 Detecting and Enabling x2APIC Mode. */
#define APIC_BASE_EXTD (1ull << 10)
#define APIC_BASE_EN (1ull << 11)
#define APIC_BASE_ADDRESS 0x000FFFFFFFFFF000ull

/* Intel SDM vol 4, table 2-2 IA-32 Architectural MSRs. */
#define MSR_ARCH_CAPABILITIES 0x10A
#define ARCH_CAPABILITIES_XAPIC_DISABLE (1ull << 21) /* the next one exists */
#define MSR_XAPIC_DISABLE_STATUS 0xBD
#define XAPIC_DISABLE_LEGACY_DISABLED (1ull << 0)

/* Intel SDM vol 3A, table 11-1 Local APIC Register Address Map. */
#define XAPIC_ID 0x20
#define XAPIC_ICR_LOW 0x300
#define XAPIC_ICR_HIGH 0x310
#define XAPIC_ID_SHIFT 24 /* in the id register and in ICR_HIGH */
#define XAPIC_ID_ALL 0xFF

#define XAPIC_VERSION 0x30
#define XAPIC_TASK_PRIORITY 0x80
#define XAPIC_SPURIOUS 0xF0
#define XAPIC_LVT_CMCI 0x2F0
#define XAPIC_LVT_TIMER 0x320
#define XAPIC_LVT_THERMAL 0x330
#define XAPIC_LVT_COUNTER 0x340
#define XAPIC_LVT_LINT0 0x350
#define XAPIC_LVT_STEP 0x10u /* from LINT0 to LINT1 */
#define XAPIC_LVT_ERROR 0x370

#define VERSION_MAX_LVT_SHIFT 16
#define SPURIOUS_ENABLE (1u << 8)
#define SPURIOUS_VECTOR 0xFF

/* Intel SDM vol 3A, figure 11-8 Local Vector Table (LVT): delivery modes. */
#define LVT_MODE (7u << 8)
#define LVT_FIXED (0u << 8)
#define LVT_LOWEST_PRIORITY (1u << 8)
#define LVT_NMI (4u << 8)
#define LVT_EXTINT (7u << 8)
#define LVT_MASKED (1u << 16)

/* Intel SDM vol 3A, 11.12.1.2 x2APIC Register Address Space. */
#define X2APIC_MSR(offset) (0x800 + (offset) / 0x10)

/* Intel SDM vol 3A, table 11-6 Local APIC Register Address Map Supported by x2APIC. */
#define X2APIC_ID 0x802
#define X2APIC_ICR 0x830
#define X2APIC_DESTINATION_SHIFT 32
#define X2APIC_ID_ALL 0xFFFFFFFF

/* Intel SDM vol 3A, figure 11-12 Interrupt Command Register (ICR): physical destination, edge-triggered. */
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_PENDING (1u << 12)
#define ICR_ASSERT (1u << 14)

#define PENDING_READS_MAX 100000 /* some 10 ms; a send takes microseconds */

enum apic_mode apic_base_mode(uint64_t apic_base)
{
    if (!(apic_base & APIC_BASE_EN))
        return APIC_NONE;
    return apic_base & APIC_BASE_EXTD ? APIC_X2APIC : APIC_XAPIC;
}

phys_addr_t apic_base_address(uint64_t apic_base) { return phys_addr(apic_base & APIC_BASE_ADDRESS); }

bool apic_is_locked(uint64_t (*read_msr)(void *context, uint32_t msr), void *context, bool has_arch_capabilities)
{
    return has_arch_capabilities && read_msr(context, MSR_ARCH_CAPABILITIES) & ARCH_CAPABILITIES_XAPIC_DISABLE &&
           read_msr(context, MSR_XAPIC_DISABLE_STATUS) & XAPIC_DISABLE_LEGACY_DISABLED;
}

uint32_t apic_id(const struct apic *apic)
{
    const struct apic_registers *r = &apic->registers;

    if (apic->mode == APIC_X2APIC)
        return (uint32_t)r->read_msr(r->context, X2APIC_ID);
    return r->read_word(r->context, XAPIC_ID) >> XAPIC_ID_SHIFT;
}

bool apic_reaches(const struct apic *apic, uint32_t id)
{
    return apic->mode == APIC_X2APIC ? id != X2APIC_ID_ALL : id < XAPIC_ID_ALL;
}

static bool wait_until_sent(const struct apic_registers *r)
{
    for (unsigned reads = 0; reads < PENDING_READS_MAX; reads++)
        if (!(r->read_word(r->context, XAPIC_ICR_LOW) & ICR_PENDING))
            return true;
    return false;
}

/* In xAPIC mode the write of the low half sends; x2APIC takes both halves at once, and any number of them. */
static bool send(const struct apic *apic, uint32_t id, uint32_t command)
{
    const struct apic_registers *r = &apic->registers;

    if (apic->mode == APIC_X2APIC) {
        r->write_msr(r->context, X2APIC_ICR, (uint64_t)id << X2APIC_DESTINATION_SHIFT | command);
        return true;
    }
    if (!wait_until_sent(r))
        return false;
    r->write_word(r->context, XAPIC_ICR_HIGH, id << XAPIC_ID_SHIFT);
    r->write_word(r->context, XAPIC_ICR_LOW, command);
    return wait_until_sent(r);
}

bool apic_send_init(const struct apic *apic, uint32_t id) { return send(apic, id, ICR_INIT | ICR_ASSERT); }

bool apic_send_startup(const struct apic *apic, uint32_t id, frame_t page)
{
    return send(apic, id, ICR_STARTUP | ICR_ASSERT | (uint8_t)page.value);
}

static uint32_t read_register(const struct apic *apic, uint32_t offset)
{
    const struct apic_registers *r = &apic->registers;

    return apic->mode == APIC_X2APIC ? (uint32_t)r->read_msr(r->context, X2APIC_MSR(offset))
                                     : r->read_word(r->context, offset);
}

static void write_register(const struct apic *apic, uint32_t offset, uint32_t value)
{
    const struct apic_registers *r = &apic->registers;

    if (apic->mode == APIC_X2APIC)
        r->write_msr(r->context, X2APIC_MSR(offset), value);
    else
        r->write_word(r->context, offset, value);
}

static bool is_maskable(uint32_t lvt)
{
    switch (lvt & LVT_MODE) {
    case LVT_FIXED:
    case LVT_LOWEST_PRIORITY:
    case LVT_NMI:
    case LVT_EXTINT:
        return true;
    default:
        return false;
    }
}

/* Entries of the local vector table, and the number of entries from which on a processor has each. */
static const struct {
    uint16_t offset;
    uint8_t entries_min;
} lvt_entries[] = {
    { XAPIC_LVT_TIMER, 1 },       { XAPIC_LVT_LINT0, 2 },   { XAPIC_LVT_LINT0 + XAPIC_LVT_STEP, 3 },
    { XAPIC_LVT_ERROR, 4 },       { XAPIC_LVT_COUNTER, 5 }, { XAPIC_LVT_THERMAL, 6 },
    { XAPIC_LVT_CMCI, 7 },
};

void apic_settle(const struct apic *apic, const struct apic_nmi *nmis, size_t n_nmis)
{
    const unsigned n_entries = (read_register(apic, XAPIC_VERSION) >> VERSION_MAX_LVT_SHIFT & 0xFF) + 1;

    /* Enabled first: while it is not, all entries are masked and cannot be unmasked; their modes can be written. */
    write_register(apic, XAPIC_SPURIOUS, SPURIOUS_ENABLE | SPURIOUS_VECTOR);
    write_register(apic, XAPIC_TASK_PRIORITY, 0);
    for (size_t i = 0; i < sizeof(lvt_entries) / sizeof(lvt_entries[0]); i++) {
        const uint32_t offset = lvt_entries[i].offset;

        if (n_entries < lvt_entries[i].entries_min)
            continue;
        const uint32_t lvt = read_register(apic, offset);
        if (offset == XAPIC_LVT_TIMER || offset == XAPIC_LVT_ERROR || is_maskable(lvt)) /* those two have no mode */
            write_register(apic, offset, lvt | LVT_MASKED);
    }
    for (size_t i = 0; i < n_nmis; i++)
        write_register(apic, XAPIC_LVT_LINT0 + nmis[i].lint * XAPIC_LVT_STEP, LVT_NMI | LVT_MASKED | nmis[i].mode);
}

const char *apic_mode_name(enum apic_mode mode)
{
    switch (mode) {
    case APIC_NONE:
        break;
    case APIC_XAPIC:
        return "xAPIC";
    case APIC_X2APIC:
        return "x2APIC";
    }
    return "no APIC";
}
