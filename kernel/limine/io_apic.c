#include "io_apic.h"

/* The selector, of 8 bits, and the window. */
#define IOREGSEL 0x00
#define IOWIN 0x10
#define INDEX_MAX 0xFF

#define IOAPICVER 1
#define VERSION_MAX_ENTRY_SHIFT 16
#define IOREDTBL 0x10 /* two words an entry, the lower one first */

#define ENTRY_MODE (7u << 8)
#define ENTRY_FIXED (0u << 8)
#define ENTRY_LOWEST_PRIORITY (1u << 8)
#define ENTRY_NMI (4u << 8)
#define ENTRY_EXTINT (7u << 8)
#define ENTRY_MASKED (1u << 16)

static uint32_t read_register(const struct mmio *registers, uint32_t index)
{
    mmio_write(registers, IOREGSEL, index);
    return mmio_read(registers, IOWIN);
}

static void write_register(const struct mmio *registers, uint32_t index, uint32_t value)
{
    mmio_write(registers, IOREGSEL, index);
    mmio_write(registers, IOWIN, value);
}

static bool is_to_mask(uint32_t entry, bool nmi_too)
{
    switch (entry & ENTRY_MODE) {
    case ENTRY_FIXED:
    case ENTRY_LOWEST_PRIORITY:
        return true;
    case ENTRY_NMI:
    case ENTRY_EXTINT:
        return nmi_too;
    default:
        return false;
    }
}

void io_apic_mask(const struct mmio *registers, bool nmi_too)
{
    const uint32_t version = read_register(registers, IOAPICVER);
    const uint32_t last = version >> VERSION_MAX_ENTRY_SHIFT & 0xFF;

    if (version == MMIO_NOBODY)
        return;
    for (uint32_t i = 0, index = IOREDTBL; i <= last && index < INDEX_MAX; i++, index += 2) {
        const uint32_t entry = read_register(registers, index);

        if (is_to_mask(entry, nmi_too))
            write_register(registers, index, entry | ENTRY_MASKED);
    }
}
