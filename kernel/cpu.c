#include "cpu.h"

#include "x86.h"

/* What firmware may have switched on for itself, and our stacks and tables do not provide for. */
#define CR4_UNWANTED (CR4_PGE | CR4_PCIDE | CR4_CET | CR4_PKS)

struct cpu_features cpu_features(void)
{
    const struct cpuid_registers features = cpuid(CPUID_FEATURES, 0);
    const struct cpuid_registers extended = cpuid(CPUID_EXTENDED_FEATURES, 0); /* there wherever long mode is */

    return (struct cpu_features){
        .paging_levels = read_cr4() & CR4_LA57 ? 5 : 4,
        .pages_1g = extended.edx & CPUID_EXTENDED_FEATURES_EDX_PAGE1GB,
        .no_execute = extended.edx & CPUID_EXTENDED_FEATURES_EDX_NX,
        .rdrand = features.ecx & CPUID_FEATURES_ECX_RDRAND,
    };
}

void cpu_drop_firmware_features(void)
{
    write_cr4(read_cr4() & ~CR4_UNWANTED);
}
