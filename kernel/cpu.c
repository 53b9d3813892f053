#include "cpu.h"

#include <stdint.h>

#include "addr.h"
#include "x86.h"

/* Without CPUID leaf 80000008h: Intel SDM vol 3A, 4.1.4 Enumeration of Paging Features by CPUID. */
#define PHYS_BITS_DEFAULT 36

/* The vendor string: 12 characters in EBX, EDX, ECX (Intel SDM vol 2A, CPUID, "Vendor Identification String"). */
static bool vendor_is(const struct cpuid_registers *vendor, const char name[12])
{
    const uint32_t words[3] = { vendor->ebx, vendor->edx, vendor->ecx };

    for (unsigned i = 0; i < 12; i++)
        if ((char)(words[i / 4] >> (i % 4 * 8)) != name[i])
            return false;
    return true;
}

static unsigned physical_bits(uint32_t extended_max)
{
    if (extended_max < CPUID_ADDRESS_SIZES)
        return PHYS_BITS_DEFAULT;

    const unsigned bits = cpuid(CPUID_ADDRESS_SIZES, 0).eax & CPUID_ADDRESS_SIZES_EAX_PHYSICAL;
    return bits < PHYS_BITS_MAX ? bits : PHYS_BITS_MAX;
}

struct cpu_features cpu_features(void)
{
    const struct cpuid_registers vendor = cpuid(CPUID_MAX_LEAF, 0);
    const uint32_t extended_max = cpuid(CPUID_EXTENDED_MAX_LEAF, 0).eax;
    const uint32_t extended = cpuid(CPUID_EXTENDED_FEATURES, 0).edx; /* every processor with long mode has it */

    return (struct cpu_features){
        .paging_levels = read_cr4() & CR4_LA57 ? 5 : 4,
        .phys_bits = physical_bits(extended_max),
        .pages_1g = extended & CPUID_EXTENDED_FEATURES_EDX_PAGE1GB,
        .no_execute = extended & CPUID_EXTENDED_FEATURES_EDX_NX,
        .rdrand = cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_ECX_RDRAND,
        .is_amd = vendor_is(&vendor, "AuthenticAMD") || vendor_is(&vendor, "HygonGenuine"),
    };
}

unsigned cpu_mappable_bits(const struct cpu_features *cpu)
{
    const unsigned lower_half_bits = PAGE_SHIFT + 9 * cpu->paging_levels - 1;

    return cpu->phys_bits < lower_half_bits ? cpu->phys_bits : lower_half_bits;
}
