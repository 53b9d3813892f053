#include "clock.h"

#include "x86.h"

/* Intel SDM vol 3A, 19.7.3 Determining the Processor Base Frequency: crystal Hz * ebx / eax. */
#define CPUID_TSC 0x15

/* Intel 82C54 data sheet, "Programming the 82C54"; channel 2's gate and output: port 61H of the PC/AT. */
#define PIT_CHANNEL_2 0x42
#define PIT_CONTROL 0x43
#define PIT_CONTROL_2_BOTH_BYTES_MODE_0 0xB0 /* counts down once; the output then rises */
#define PIT_HZ 1193182
#define PORT_B 0x61
#define PORT_B_GATE_2 (1u << 0)
#define PORT_B_SPEAKER (1u << 1)
#define PORT_B_OUT_2 (1u << 5)

#define PIT_WAIT_MS 10
#define PIT_COUNT (PIT_HZ * PIT_WAIT_MS / 1000)
#define PIT_ATTEMPTS 3

/* No x86-64 processor is slower or faster. The upper one makes waits long enough where nothing can be measured. */
#define HZ_MIN 100000000ull
#define HZ_MAX 10000000000ull

/* Longer than the counter takes on any processor. */
#define PIT_TICKS_MAX (2 * HZ_MAX * PIT_WAIT_MS / 1000)

static bool is_plausible(uint64_t hz) { return hz >= HZ_MIN && hz <= HZ_MAX; }

/* 0: the processor does not say. */
static uint64_t hz_from_cpuid(void)
{
    struct cpuid_registers r;

    if (cpuid(CPUID_MAX_LEAF, 0).eax < CPUID_TSC)
        return 0;
    r = cpuid(CPUID_TSC, 0);
    return r.eax ? (uint64_t)r.ecx * r.ebx / r.eax : 0;
}

/* TSC ticks while the counter runs out; UINT64_MAX: it does not. */
static uint64_t ticks_of_pit(void)
{
    uint64_t start;

    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE_2));
    outb(PIT_CONTROL, PIT_CONTROL_2_BOTH_BYTES_MODE_0);
    start = rdtsc();
    outb(PIT_CHANNEL_2, PIT_COUNT & 0xFF);
    outb(PIT_CHANNEL_2, PIT_COUNT >> 8);
    while (rdtsc() - start < PIT_TICKS_MAX)
        if (inb(PORT_B) & PORT_B_OUT_2)
            return rdtsc() - start;
    return UINT64_MAX;
}

/* Whatever disturbs a measurement makes it longer: the shortest is the best. 0: none succeeded. */
static uint64_t hz_from_pit(void)
{
    uint64_t shortest = UINT64_MAX;

    for (unsigned attempt = 0; attempt < PIT_ATTEMPTS; attempt++) {
        const uint64_t ticks = ticks_of_pit();

        if (ticks == UINT64_MAX)
            break; /* there is no such counter */
        if (ticks < shortest)
            shortest = ticks;
    }
    return shortest == UINT64_MAX ? 0 : shortest * 1000 / PIT_WAIT_MS;
}

struct clock clock_measure(void)
{
    uint64_t hz = hz_from_cpuid();

    if (!is_plausible(hz))
        hz = hz_from_pit();
    return is_plausible(hz) ? (struct clock){ hz, true } : (struct clock){ HZ_MAX, false };
}

uint64_t clock_ticks_of_us(const struct clock *clock, uint64_t us) { return clock->hz / 1000 * us / 1000; }

void clock_wait_us(const struct clock *clock, uint64_t us)
{
    const uint64_t ticks = clock_ticks_of_us(clock, us);

    for (const uint64_t start = rdtsc(); rdtsc() - start < ticks;)
        pause();
}
