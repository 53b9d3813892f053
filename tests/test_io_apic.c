/* I/O APICs masked, on a made-up one: a selector of 8 bits and a window. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io_apic.h"

#define VERSION 1
#define TABLE 0x10
#define MASKED 0x10000u

struct fake {
    uint32_t selected;
    uint32_t registers[256];
    uint32_t before[256];
    bool is_absent;
    unsigned n_writes;
};

static uint32_t read(void *context, uint32_t offset)
{
    const struct fake *fake = context;

    assert_int_equal(offset, 0x10);
    return fake->is_absent ? MMIO_NOBODY : fake->registers[fake->selected];
}

static void write(void *context, uint32_t offset, uint32_t value)
{
    struct fake *fake = context;

    if (offset == 0) {
        assert_true(value < 256);
        fake->selected = value;
        return;
    }
    assert_int_equal(offset, 0x10);
    assert_true(fake->selected >= TABLE && fake->selected % 2 == 0); /* the upper halves say where, not what */
    fake->registers[fake->selected] = value;
    fake->n_writes++;
}

/* Entry i delivers in mode i % 8, with every other bit that can be set; nothing is masked. */
static struct fake fake_open(unsigned n_entries)
{
    struct fake fake = { 0 };

    fake.registers[VERSION] = (n_entries - 1) << 16 | 0x20;
    for (unsigned i = 0; i < n_entries && TABLE + 2 * i < 256; i++) {
        fake.registers[TABLE + 2 * i] = 0xA800 | i % 8 << 8 | (0x20 + i % 200);
        fake.registers[TABLE + 2 * i + 1] = 0x03000000;
    }
    memcpy(fake.before, fake.registers, sizeof fake.before);
    return fake;
}

static void mask(struct fake *fake, bool nmi_too)
{
    const struct mmio registers = { fake, read, write };

    io_apic_mask(&registers, nmi_too);
}

static void check(const struct fake *fake, unsigned n_entries, bool nmi_too)
{
    static const bool always[8] = { [0] = true, [1] = true }; /* Fixed, Lowest Priority */
    static const bool strictly[8] = { [0] = true, [1] = true, [4] = true, [7] = true }; /* NMI, ExtINT */

    for (unsigned i = 0; i < 256; i++) {
        const bool is_low = i >= TABLE && i % 2 == 0 && (i - TABLE) / 2 < n_entries;
        const unsigned mode = (i - TABLE) / 2 % 8;
        const bool is_masked = is_low && (nmi_too ? strictly[mode] : always[mode]);

        assert_int_equal(fake->registers[i], fake->before[i] | (is_masked ? MASKED : 0));
    }
}

static void the_mask_bit_is_all_that_changes_and_only_in_some_modes(void **state)
{
    static const unsigned counts[] = { 1, 16, 24, 120 };

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (unsigned nmi_too = 0; nmi_too < 2; nmi_too++) {
            struct fake fake = fake_open(counts[i]);

            mask(&fake, nmi_too);
            check(&fake, counts[i], nmi_too);
        }
}

/* More entries than the selector reaches: the register at index 0 is not taken for entry 120. */
static void an_impossible_count_selects_nothing_beyond_8_bits(void **state)
{
    struct fake fake = fake_open(256);

    (void)state;
    mask(&fake, true);
    check(&fake, 120, true);
}

static void where_no_device_answers_nothing_is_written(void **state)
{
    struct fake fake = { .is_absent = true };

    (void)state;
    mask(&fake, true);
    assert_int_equal(fake.n_writes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mask_bit_is_all_that_changes_and_only_in_some_modes),
        cmocka_unit_test(an_impossible_count_selects_nothing_beyond_8_bits),
        cmocka_unit_test(where_no_device_answers_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
