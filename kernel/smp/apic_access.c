#include "apic_access.h"

#include "x86.h"

static uint32_t read_word(void *context, uint32_t offset)
{
    return *(volatile uint32_t *)((char *)context + offset);
}

static void write_word(void *context, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)((char *)context + offset) = value;
}

static uint64_t read_msr(void *context, uint32_t msr)
{
    (void)context;
    return rdmsr(msr);
}

/* Intel SDM vol 3A, 11.12.3 MSR Access in x2APIC Mode: these writes wait for nothing by themselves. */
static void write_msr(void *context, uint32_t msr, uint64_t value)
{
    (void)context;
    fence_all();
    wrmsr(msr, value);
}

struct apic_registers apic_registers_at(void *base)
{
    return (struct apic_registers){ base, read_word, write_word, read_msr, write_msr };
}
