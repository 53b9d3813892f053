/* Intel VT-d (Architecture Specification 3.4, 8.1 DMA Remapping Reporting Structure, 11.4.4.2 Global Status). */
#include "check.h"
#include "checks.h"
#include "firmware_tables.h"
#include "requests.h"
#include "tables.h"

#define DMAR_ENTRIES_AT 48
#define DMAR_DRHD 0
#define DRHD_REGISTERS_AT 8
#define GSTS (0x1C / 4)
#define GSTS_TRANSLATION (1u << 31)
#define GSTS_INTERRUPT_REMAPPING (1u << 25)
#define OFF_FROM 5

static uint32_t status_of_units(const struct acpi_tables *tables, size_t dmar)
{
    uint16_t head[2]; /* type, length */
    uint32_t status = 0;

    for (uint32_t at = DMAR_ENTRIES_AT; at + sizeof(head) <= tables->bytes[dmar]; at += head[1]) {
        uint64_t registers;

        window_read(tables->at[dmar] + at, head, sizeof(head));
        if (head[1] < sizeof(head))
            break;
        if (head[0] != DMAR_DRHD)
            continue;
        window_read(tables->at[dmar] + at + DRHD_REGISTERS_AT, &registers, sizeof(registers));
        status |= window_map_device(registers)[GSTS];
    }
    return status;
}

void check_iommu(struct context *c)
{
    static struct acpi_tables tables;
    const struct limine_rsdp_response *r = requests_answer(LIMINE_RSDP);
    const char *reason = "there is none";
    uint32_t status = 0;
    bool applies = false;

    if (r && acpi_tables_read(r->address < c->hhdm ? r->address : r->address - c->hhdm, &tables)) {
        const size_t dmar = acpi_tables_find(&tables, "DMAR");

        if (dmar < tables.n) {
            status = status_of_units(&tables, dmar);
            info("iommu_status", status);
            applies = c->revision >= OFF_FROM && !requests_has(LIMINE_KEEP_IOMMU);
            reason = requests_has(LIMINE_KEEP_IOMMU) ? "it is to be kept" : "no promise before base revision 5";
        }
    }
    check_equal_if(applies, reason, "iommu.translation_is_off", 0, status & GSTS_TRANSLATION);
    check_equal_if(applies, reason, "iommu.remapping_is_off", 0, status & GSTS_INTERRUPT_REMAPPING);
}
