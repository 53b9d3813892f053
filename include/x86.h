/*
 * The processor's privileged instructions, one inline function each, and the registers' bits under their manual's
 * names (Intel SDM vol 3A, 2.5 Control Registers; vol 4, 2.1 Architectural MSRs).
 */
#ifndef X86_H
#define X86_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"

#define CR0_WP (1ull << 16)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)

#define CR3_ADDRESS_MASK 0x000FFFFFFFFFF000ull

#define CR4_PGE (1ull << 7)
#define CR4_LA57 (1ull << 12)
#define CR4_PCIDE (1ull << 17)
#define CR4_CET (1ull << 23)
#define CR4_PKS (1ull << 24)

#define RFLAGS_IF (1ull << 9)

#define MSR_APIC_BASE 0x1B
#define MSR_PAT 0x277
#define MSR_EFER 0xC0000080
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)

#define CPUID_MAX_LEAF 0x0
#define CPUID_FEATURES 0x1
#define CPUID_FEATURES_ECX_RDRAND (1u << 30)
#define CPUID_FEATURES_EDX_APIC (1u << 9)
#define CPUID_EXTENDED_MAX_LEAF 0x80000000
#define CPUID_EXTENDED_FEATURES 0x80000001
#define CPUID_EXTENDED_FEATURES_EDX_NX (1u << 20)
#define CPUID_EXTENDED_FEATURES_EDX_PAGE1GB (1u << 26)

/* Operand of LGDT and LIDT: Intel SDM vol 3A, 2.4.1 GDTR, 2.4.3 IDTR. */
struct PACKED descriptor_table_pointer {
    uint16_t limit; /* bytes - 1 */
    uint64_t base;
};

struct cpuid_registers {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_registers cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_registers r;

    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outb(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* False when the generator has nothing ready: try again a few times. Needs CPUID_FEATURES_ECX_RDRAND. */
static inline bool rdrand(uint64_t *ret)
{
    bool ready;

    __asm__ volatile("rdrand %0" : "=r"(*ret), "=@ccc"(ready));
    return ready;
}

static inline uint64_t read_cr0(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr3(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr4(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void write_cr0(uint64_t value) { __asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory"); }
static inline void write_cr3(uint64_t value) { __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory"); }
static inline void write_cr4(uint64_t value) { __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory"); }

static inline void invlpg(virt_addr_t page) { __asm__ volatile("invlpg (%0)" : : "r"(page.value) : "memory"); }

static inline void lgdt(const struct descriptor_table_pointer *gdt) { __asm__ volatile("lgdt %0" : : "m"(*gdt)); }
static inline struct descriptor_table_pointer sgdt(void)
{
    struct descriptor_table_pointer gdt;

    __asm__ volatile("sgdt %0" : "=m"(gdt));
    return gdt;
}

static inline void lidt(const struct descriptor_table_pointer *idt) { __asm__ volatile("lidt %0" : : "m"(*idt)); }
static inline void ltr(uint16_t selector) { __asm__ volatile("ltr %0" : : "r"(selector) : "memory"); }

static inline void cli(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void hlt(void) { __asm__ volatile("hlt" : : : "memory"); }
static inline void pause(void) { __asm__ volatile("pause"); }

/* All earlier stores are visible, and all earlier instructions done, before anything that follows. */
static inline void fence_all(void) { __asm__ volatile("mfence; lfence" : : : "memory"); }

#endif
