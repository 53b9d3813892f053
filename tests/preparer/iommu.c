#include "preparer.h"

#define ENTRIES 256
#define READS_MAX 1000000

/* Where QEMU has them. */
#define INTEL_UNIT ((volatile uint32_t *)0xFED90000)
#define AMD_UNIT ((volatile uint32_t *)0xFED80000)

/* VT-d Architecture Specification 3.4, 9.1 Root Entry, 9.3 Context Entry; 11.4.4 to 11.4.5 command, status, root table. */
#define INTEL_COMMAND (0x18 / 4)
#define INTEL_STATUS (0x1C / 4)
#define INTEL_ROOT (0x20 / 4)
#define INTEL_INTERRUPTS (0xB8 / 4)
#define TRANSLATE (1u << 31)
#define SET_ROOT (1u << 30)
#define REMAP_INTERRUPTS (1u << 25)
#define SET_INTERRUPTS (1u << 24)
#define PRESENT 1u
#define PASS_THROUGH (2u << 2)
#define WIDTH_39 1u

/* I/O Virtualization Technology Specification 3.05, 2.2.2 Device Table; 3.4.1 registers. */
#define AMD_DEVICE_TABLE 0
#define AMD_CONTROL (0x18 / 4)
#define AMD_ENABLE 1u
#define AMD_TABLE_PAGES 512 /* 2 MiB: an entry of 32 bytes for every device that can be */

/* Sets one bit of the state, which is in `status` already as it is. */
static void command(uint32_t bit, uint32_t state)
{
    INTEL_UNIT[INTEL_COMMAND] = state | bit;
    for (unsigned reads = 0; reads < READS_MAX && !(INTEL_UNIT[INTEL_STATUS] & bit); reads++)
        ;
}

static void write_address(volatile uint32_t *at, const void *address)
{
    at[0] = (uint32_t)(uintptr_t)address;
    at[1] = (uint32_t)((uintptr_t)address >> 32);
}

/* One context table for every bus, whose devices all pass through. Interrupts have a table without entries. */
void start_intel_iommu(struct preparer *p)
{
    uint64_t *root = take_pages(p, 3);
    uint64_t *contexts = root + 2 * ENTRIES, *interrupts = contexts + 2 * ENTRIES;

    if (!root)
        return;
    for (unsigned i = 0; i < ENTRIES; i++) {
        root[2 * i] = (uintptr_t)contexts | PRESENT;
        contexts[2 * i] = PRESENT | PASS_THROUGH;
        contexts[2 * i + 1] = WIDTH_39 | 1u << 8; /* domain 1 */
    }
    write_address(INTEL_UNIT + INTEL_ROOT, root);
    command(SET_ROOT, 0);
    command(TRANSLATE, 0);
    write_address(INTEL_UNIT + INTEL_INTERRUPTS, (uint8_t *)interrupts + 7); /* 2 to the 8th entries */
    command(SET_INTERRUPTS, TRANSLATE);
    command(REMAP_INTERRUPTS, TRANSLATE);
    Print((CHAR16 *)L"prepare: Intel's unit: status %08x\n", INTEL_UNIT[INTEL_STATUS]);
}

/* Entries that are not valid let everything pass as it is. */
void start_amd_iommu(struct preparer *p)
{
    uint8_t *table = take_pages(p, AMD_TABLE_PAGES);

    if (!table)
        return;
    write_address(AMD_UNIT + AMD_DEVICE_TABLE, table + AMD_TABLE_PAGES - 1); /* and its size, in pages less one */
    AMD_UNIT[AMD_CONTROL] |= AMD_ENABLE;
    Print((CHAR16 *)L"prepare: AMD's unit: control %08x\n", AMD_UNIT[AMD_CONTROL]);
}
