#include "io_apic.h"

/* Word indexes: the selector and the window. */
#define IOREGSEL 0
#define IOWIN 4

#define IOAPICVER 1
#define VERSION_MAX_ENTRY_SHIFT 16
#define IOREDTBL 0x10 /* two words an entry, the lower one first */

#define ENTRY_MODE (7u << 8)
#define ENTRY_FIXED (0u << 8)
#define ENTRY_LOWEST_PRIORITY (1u << 8)
#define ENTRY_NMI (4u << 8)
#define ENTRY_EXTINT (7u << 8)
#define ENTRY_MASKED (1u << 16)

static uint32_t read_register(volatile uint32_t *registers, uint32_t index)
{
    registers[IOREGSEL] = index;
    return registers[IOWIN];
}

static void write_register(volatile uint32_t *registers, uint32_t index, uint32_t value)
{
    registers[IOREGSEL] = index;
    registers[IOWIN] = value;
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

void io_apic_mask(volatile uint32_t *registers, bool nmi_too)
{
    const uint32_t last = read_register(registers, IOAPICVER) >> VERSION_MAX_ENTRY_SHIFT & 0xFF;

    for (uint32_t i = 0; i <= last; i++) {
        const uint32_t index = IOREDTBL + 2 * i, entry = read_register(registers, index);

        if (is_to_mask(entry, nmi_too))
            write_register(registers, index, entry | ENTRY_MASKED);
    }
}
