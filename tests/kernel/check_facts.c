/* Answers that are a number or a text. */
#include "check.h"
#include "checks.h"
#include "requests.h"
#include "x86.h"

#define DATE_EARLY_S 10
#define DATE_LATE_S 600
#define HIGHER_HALF (1ull << 63)
#define MICROSECONDS_MAX 3600000000ull

static void check_names(const struct context *c)
{
    const struct limine_bootloader_info_response *r = requests_answer(LIMINE_BOOTLOADER_INFO);

    if (!r)
        return;
    check_that("bootloader_info.name", is_text_handed_over(c, r->name) && *(const char *)r->name, r->name);
    check_that("bootloader_info.version", is_text_handed_over(c, r->version) && *(const char *)r->version, r->version);
    info_text("bootloader", (const char *)r->name);
    info_text("bootloader_version", (const char *)r->version);
}

static void check_paging_answers(const struct context *c)
{
    const struct limine_paging_mode_response *mode = requests_answer(LIMINE_PAGING_MODE);

    check_that("hhdm.higher_half", c->hhdm >= HIGHER_HALF, c->hhdm);
    check_equal("hhdm.alignment", 0, c->hhdm % PAGE);
    info("hhdm", c->hhdm);
    if (mode)
        check_equal("paging_mode.mode", test_config.paging_mode, mode->mode);
}

static void check_date(void)
{
    const struct limine_date_at_boot_response *r = requests_answer(LIMINE_DATE_AT_BOOT);
    const uint64_t earliest = test_config.unix_seconds - DATE_EARLY_S;

    if (r)
        check_that("date.is_now", (uint64_t)r->unix_seconds - earliest < DATE_EARLY_S + DATE_LATE_S,
                   (uint64_t)r->unix_seconds);
}

static void check_performance(void)
{
    const struct limine_bootloader_performance_response *r = requests_answer(LIMINE_BOOTLOADER_PERFORMANCE);

    if (!r)
        return;
    check_that("performance.order", r->reset_us <= r->init_us && r->init_us <= r->exec_us, r->init_us);
    check_that("performance.size", r->exec_us && r->exec_us < MICROSECONDS_MAX, r->exec_us);
}

/* Against the 8254's second channel: at 1,193,182 Hz. */
#define PIT_HZ 1193182ull
#define PIT_COUNT 0xFFFFull
#define PIT_CHANNEL_2 0x42
#define PIT_MODE 0x43
#define PIT_MODE_0_CHANNEL_2 0xB0
#define PIT_GATE 0x61
#define PIT_GATE_ON 1
#define PIT_GATE_OUTPUT 0x20
#define TICKS_MAX 10000000000ull /* what a machine without one costs */

static uint64_t measure_tsc_hz(void)
{
    outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~3u) | PIT_GATE_ON));
    outb(PIT_MODE, PIT_MODE_0_CHANNEL_2);
    outb(PIT_CHANNEL_2, PIT_COUNT & 0xFF);
    outb(PIT_CHANNEL_2, PIT_COUNT >> 8);
    const uint64_t start = rdtsc();

    while (!(inb(PIT_GATE) & PIT_GATE_OUTPUT) && rdtsc() - start < TICKS_MAX)
        pause();
    return (rdtsc() - start) * PIT_HZ / PIT_COUNT;
}

/* What takes the processor away from a busy emulator only makes this measurement longer. */
static void check_tsc_frequency(void)
{
    const struct limine_tsc_frequency_response *r = requests_answer(LIMINE_TSC_FREQUENCY);

    if (!r)
        return;
    const uint64_t measured = measure_tsc_hz();

    info("tsc_hz", r->hz);
    info("tsc_hz_measured", measured);
    check_that("tsc_frequency.hz", r->hz > measured / 8 && r->hz < measured + measured / 4, r->hz);
}

static void check_entropy(const struct context *c)
{
    const struct limine_entropy_response *r = requests_answer(LIMINE_ENTROPY);
    const uint64_t *words = r ? (const uint64_t *)r->words : NULL;
    const bool has_rdrand = cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_ECX_RDRAND;
    uint64_t repeated = 0;

    if (!r)
        return;
    check_that("entropy.count", r->n_words <= ENTROPY_WORDS, r->n_words);
    check_equal_if(has_rdrand, "no RDRAND", "entropy.all_of_it", ENTROPY_WORDS, r->n_words);
    check_equal("entropy.pointer", r->n_words != 0, words != NULL);
    if (!words)
        return;
    check_that("entropy.memory", is_handed_over(c, r->words, r->n_words * sizeof(*words)), r->words);
    for (uint64_t i = 0; i < r->n_words; i++) {
        info("entropy", words[i]);
        for (uint64_t j = 0; j < i; j++)
            repeated += words[i] == words[j];
    }
    check_equal("entropy.repeated", 0, repeated);
}

void check_facts(struct context *c)
{
    const struct limine_firmware_type_response *type = requests_answer(LIMINE_FIRMWARE_TYPE);
    const struct limine_executable_cmdline_response *cmdline = requests_answer(LIMINE_EXECUTABLE_CMDLINE);

    check_names(c);
    if (type)
        check_equal("firmware_type.type", LIMINE_FIRMWARE_EFI64, type->type);
    check_paging_answers(c);
    if (cmdline) {
        check_that("cmdline.memory", is_text_handed_over(c, cmdline->cmdline), cmdline->cmdline);
        check_text("cmdline.text", (const char *)test_config.cmdline, (const char *)cmdline->cmdline);
    }
    check_date();
    check_performance();
    check_tsc_frequency();
    check_entropy(c);
}
