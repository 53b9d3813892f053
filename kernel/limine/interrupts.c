#include "interrupts.h"

#include "../mmu.h"
#include "io_apic.h"
#include "iommu.h"
#include "panic.h"
#include "processors.h"
#include "x86.h"

#define STRICT_REVISION_MIN 5

/* Intel 8259A data sheet, "Operation Control Word 1"; the ports are the PC/AT's. */
#define PIC_1_MASK 0x21
#define PIC_2_MASK 0xA1
#define PIC_ALL 0xFF

static uint32_t read_word(void *context, uint32_t offset)
{
    return *(volatile uint32_t *)((char *)context + offset);
}

static void write_word(void *context, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)((char *)context + offset) = value;
}

/* False: they are not mapped. */
static bool open_registers(phys_addr_t at, uint64_t bytes, struct mmio *ret)
{
    const virt_addr_t first = virt_addr(at.value), last = virt_addr(at.value + bytes - 1);

    *ret = (struct mmio){ virt_pointer(first), read_word, write_word };
    return mmu_maps_now(first) && mmu_maps_now(last);
}

static void mask_io_apics(const struct handover *h)
{
    struct mmio registers;

    for (size_t i = 0; i < h->n_io_apics; i++)
        if (open_registers(h->io_apics[i], IO_APIC_REGISTER_BYTES, &registers))
            io_apic_mask(&registers, h->base_revision >= STRICT_REVISION_MIN);
}

static void stop_iommus(const struct handover *h)
{
    struct mmio registers;

    for (size_t i = 0; i < h->n_intel_iommus; i++)
        if (open_registers(h->intel_iommus[i], IOMMU_REGISTER_BYTES, &registers) && !iommu_stop_intel(&registers))
            panic("the DMA remapping unit at %lx cannot be switched off", h->intel_iommus[i].value);
    for (size_t i = 0; i < h->n_amd_iommus; i++)
        if (open_registers(h->amd_iommus[i], IOMMU_REGISTER_BYTES, &registers))
            iommu_stop_amd(&registers);
}

void interrupts_mask(const struct handover *h, const struct apic *apic)
{
    outb(PIC_1_MASK, PIC_ALL);
    outb(PIC_2_MASK, PIC_ALL);
    mask_io_apics(h);
    if (h->base_revision < STRICT_REVISION_MIN)
        return;
    limine_apic_settle(apic, h, h->self.acpi_uid);
    if (!h->keep_iommu)
        stop_iommus(h);
}
