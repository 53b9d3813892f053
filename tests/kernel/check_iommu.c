/*
 * DMA remapping: Intel VT-d (Architecture Specification 3.4, 8.1 DMA Remapping Reporting Structure, 11.4.4.2 Global
 * Status) and AMD's (I/O Virtualization Technology Specification 3.05, 5.2.1 IVRS, 3.4.1 IOMMU Control Register).
 */
#include "check.h"
#include "checks.h"
#include "firmware_tables.h"
#include "requests.h"
#include "tables.h"

#define ENTRIES_AT 48 /* in DMAR and IVRS alike */
#define REGISTERS_AT 8

#define DMAR_DRHD 0
#define GSTS (0x1C / 4)
#define GSTS_TRANSLATION (1u << 31)
#define GSTS_INTERRUPT_REMAPPING (1u << 25)

#define IVRS_IVHD_10 0x10
#define IVRS_IVHD_11 0x11
#define IVRS_IVHD_40 0x40
#define AMD_CONTROL (0x18 / 4)
#define AMD_ENABLED (1u << 0)

#define OFF_FROM 5

/* What the units of one maker have in that register, all together. */
struct units {
    const char signature[5];
    unsigned status_register;
    bool (*is_unit)(uint16_t type);
    uint32_t status;
    bool are_there;
};

static bool is_intel_unit(uint16_t type)
{
    return type == DMAR_DRHD;
}

/* The second byte holds flags. */
static bool is_amd_unit(uint16_t type)
{
    return (type & 0xFF) == IVRS_IVHD_10 || (type & 0xFF) == IVRS_IVHD_11 || (type & 0xFF) == IVRS_IVHD_40;
}

static void read_units(const struct acpi_tables *tables, struct units *units)
{
    const size_t table = acpi_tables_find(tables, units->signature);
    uint16_t head[2]; /* type, length */

    if (table == tables->n)
        return;
    for (uint32_t at = ENTRIES_AT; at + sizeof(head) <= tables->bytes[table]; at += head[1]) {
        uint64_t registers;

        window_read(tables->at[table] + at, head, sizeof(head));
        if (head[1] < sizeof(head))
            break;
        if (!units->is_unit(head[0]))
            continue;
        window_read(tables->at[table] + at + REGISTERS_AT, &registers, sizeof(registers));
        units->status |= window_map_device(registers)[units->status_register];
        units->are_there = true;
    }
}

void check_iommu(struct context *c)
{
    static struct acpi_tables tables;
    struct units intel = { "DMAR", GSTS, is_intel_unit, 0, false };
    struct units amd = { "IVRS", AMD_CONTROL, is_amd_unit, 0, false };
    const struct limine_rsdp_response *r = requests_answer(LIMINE_RSDP);
    const bool is_promised = c->revision >= OFF_FROM && !requests_has(LIMINE_KEEP_IOMMU);
    const char *reason = is_promised ? "there is none" : "no promise, or it is to be kept";

    if (r && acpi_tables_read(r->address < c->hhdm ? r->address : r->address - c->hhdm, &tables)) {
        read_units(&tables, &intel);
        read_units(&tables, &amd);
    }
    if (intel.are_there)
        info("iommu_status", intel.status);
    if (amd.are_there)
        info("iommu_amd_control", amd.status);
    check_equal_if(is_promised && intel.are_there, reason, "iommu.translation_is_off", 0,
                   intel.status & GSTS_TRANSLATION);
    check_equal_if(is_promised && intel.are_there, reason, "iommu.remapping_is_off", 0,
                   intel.status & GSTS_INTERRUPT_REMAPPING);
    check_equal_if(is_promised && amd.are_there, reason, "iommu.amd_is_off", 0, amd.status & AMD_ENABLED);
}
