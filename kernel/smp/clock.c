#include "clock.h"

#include "x86.h"

/* Intel SDM vol 3A, 19.7.3 Determining the Processor Base Frequency: crystal Hz * ebx / eax. */
#define CPUID_TSC 0x15

/* Intel 82C54 data sheet, "Programming the 82C54"; channel 2's gate and output: port 61H of the PC/AT. */
#define PIT_CHANNEL_2 0x42
#define PIT_CONTROL 0x43
#define PIT_CONTROL_2_BOTH_BYTES_MODE_0 0xB0 /* counts down; the output rises when it comes to 0, and stays high */
#define PIT_CONTROL_2_LATCH 0x80
#define PIT_COUNT_MAX 0xFFFF
#define PIT_HZ 1193182
#define PORT_B 0x61
#define PORT_B_GATE_2 (1u << 0)
#define PORT_B_SPEAKER (1u << 1)
#define PORT_B_OUT_2 (1u << 5)

#define PIT_WAIT_MS 10
#define PIT_COUNT (PIT_HZ * PIT_WAIT_MS / 1000)
#define PIT_ATTEMPTS 16
#define PIT_READINGS 4

/* No x86-64 processor is slower or faster. The upper one makes waits long enough where nothing can be measured. */
#define HZ_MIN 100000000ull
#define HZ_MAX 10000000000ull

/* Longer than the wait takes on any processor. */
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

/* One moment by both clocks. */
struct moment {
    uint64_t ticks;
    uint16_t count; /* of the 8254, downwards */
};

static uint16_t read_count(void)
{
    uint8_t low;

    outb(PIT_CONTROL, PIT_CONTROL_2_LATCH);
    low = inb(PIT_CHANNEL_2);
    return (uint16_t)(low | inb(PIT_CHANNEL_2) << 8);
}

/* A hypervisor may take the processor away between two readings: of several pairs the closest is the one to believe. */
static struct moment read_moment(void)
{
    struct moment best = { 0, 0 };
    uint64_t closest = UINT64_MAX;

    for (unsigned i = 0; i < PIT_READINGS; i++) {
        const uint64_t before = rdtsc();
        const uint16_t count = read_count();
        const uint64_t took = rdtsc() - before;

        if (took < closest) {
            closest = took;
            best = (struct moment){ before + took / 2, count };
        }
    }
    return best;
}

/* The counter has not come to 0 since it was started: what it says is unambiguous. */
static bool is_counting(void) { return !(inb(PORT_B) & PORT_B_OUT_2); }

/* 0: there is no such counter, or the processor was away for too long. */
static uint64_t hz_of_one_run(void)
{
    struct moment start, now;

    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE_2));
    outb(PIT_CONTROL, PIT_CONTROL_2_BOTH_BYTES_MODE_0);
    outb(PIT_CHANNEL_2, PIT_COUNT_MAX & 0xFF);
    outb(PIT_CHANNEL_2, PIT_COUNT_MAX >> 8);
    start = read_moment();
    do
        now = read_moment();
    while ((uint16_t)(start.count - now.count) < PIT_COUNT && now.ticks - start.ticks < PIT_TICKS_MAX && is_counting());
    if (!is_counting() || now.count >= start.count)
        return 0;
    return (now.ticks - start.ticks) * PIT_HZ / (uint16_t)(start.count - now.count);
}

static uint64_t hz_from_pit(void)
{
    uint64_t hz = 0;

    for (unsigned attempt = 0; attempt < PIT_ATTEMPTS && !is_plausible(hz); attempt++)
        hz = hz_of_one_run();
    return hz;
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
