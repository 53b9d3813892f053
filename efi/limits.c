#include "cpu.h"
#include "firmware.h"
#include "x86.h"

#define CPUID_ADDRESS_SIZES 0x80000008 /* Intel SDM vol 2A, CPUID; eax[7:0]: physical address bits */
#define PHYS_BITS_WITHOUT_LEAF 36      /* Intel SDM vol 3A, 4.1.4 */

/* With 4 levels half of the 48-bit virtual space maps physical memory; with 5 levels all that a processor can have. */
#define PHYS_BITS_4_LEVEL 47

/*
 * What AMD's and Hygon's processors use for HyperTransport messages: not memory, whatever the firmware says (AMD64
 * Architecture Programmer's Manual vol 2; AMD I/O Virtualization Technology Specification, "Special Ranges").
 */
#define HYPERTRANSPORT_START 0xFD00000000ull
static const struct phys_range hypertransport = { { HYPERTRANSPORT_START }, TIB(1) - HYPERTRANSPORT_START };

static unsigned processor_phys_bits(void)
{
    unsigned bits = 0;

    if (cpuid(CPUID_EXTENDED_MAX_LEAF, 0).eax >= CPUID_ADDRESS_SIZES)
        bits = cpuid(CPUID_ADDRESS_SIZES, 0).eax & 0xff;
    return bits < PHYS_BITS_WITHOUT_LEAF ? PHYS_BITS_WITHOUT_LEAF : bits; /* a hypervisor may say anything */
}

static bool maker_is(const struct cpuid_registers *leaf0, const char name[12])
{
    return !__builtin_memcmp(&leaf0->ebx, name, 4) && !__builtin_memcmp(&leaf0->edx, name + 4, 4) &&
           !__builtin_memcmp(&leaf0->ecx, name + 8, 4);
}

void limits_find(struct boot_info *info)
{
    const unsigned mappable = cpu_features().paging_levels == 5 ? PHYS_BITS_MAX : PHYS_BITS_4_LEVEL;
    const unsigned has = processor_phys_bits();
    const struct cpuid_registers leaf0 = cpuid(CPUID_MAX_LEAF, 0);

    info->phys_bits = has < mappable ? has : mappable;
    if ((maker_is(&leaf0, "AuthenticAMD") || maker_is(&leaf0, "HygonGenuine")) &&
        phys_range_end(hypertransport) <= 1ull << info->phys_bits)
        info->claims[info->n_claims++] = (struct region_claim){ hypertransport, REGION_RESERVED };
}
