#include "../smp/apic_access.h"
#include "processors.h"

#include "x86.h"

#define CPUID_FEATURES_ECX_X2APIC (1u << 21)
#define APIC_BASE_EXTD (1ull << 10) /* Intel SDM vol 3A, 11.12.1 Detecting and Enabling x2APIC Mode */
#define APIC_BASE_EN (1ull << 11)
#define NMIS_MAX 4

/* x2APIC mode is left only through the state in which the APIC is off (figure 11-26). */
void limine_apic_choose_mode(const struct handover *h)
{
    const bool wants_x2apic = h->wants_x2apic;
    uint64_t base;

    if (!h->responses.mp)
        return;
    base = rdmsr(MSR_APIC_BASE);
    if (wants_x2apic && cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_ECX_X2APIC) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN);
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN | APIC_BASE_EXTD);
    } else if (base & APIC_BASE_EXTD) {
        wrmsr(MSR_APIC_BASE, base & ~(APIC_BASE_EN | APIC_BASE_EXTD));
        wrmsr(MSR_APIC_BASE, (base & ~APIC_BASE_EXTD) | APIC_BASE_EN);
    }
}

struct apic limine_apic_open(const struct handover *h)
{
    struct apic apic = { .registers = apic_registers_at(NULL) };
    uint64_t base;

    if (!(cpuid(CPUID_FEATURES, 0).edx & CPUID_FEATURES_EDX_APIC))
        return apic;
    limine_apic_choose_mode(h);
    base = rdmsr(MSR_APIC_BASE);
    apic.mode = apic_base_mode(base);
    apic.registers.context = identity_pointer(apic_base_address(base));
    return apic;
}

struct phys_range limine_apic_page(const struct apic *apic)
{
    return (struct phys_range){ identity_of(apic->registers.context), apic->mode == APIC_XAPIC ? PAGE_SIZE : 0 };
}

void limine_apic_settle(const struct apic *apic, const struct handover *h, uint32_t acpi_uid)
{
    struct apic_nmi nmis[NMIS_MAX];
    size_t n = 0;

    if (apic->mode == APIC_NONE)
        return;
    for (size_t i = 0; i < h->n_nmis && n < NMIS_MAX; i++)
        if (h->nmis[i].acpi_uid == UINT32_MAX || h->nmis[i].acpi_uid == acpi_uid)
            nmis[n++] = (struct apic_nmi){ h->nmis[i].lint, h->nmis[i].flags };
    apic_settle(apic, nmis, n);
}
