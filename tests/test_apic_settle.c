/* The local APIC as base revision 5 of the Limine protocol wants it, in both modes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apic.h"

#define MASKED 0x10000u

/* By offset / 16, which is also what is added to MSR 0x800. */
#define VERSION 0x03
#define TASK_PRIORITY 0x08
#define SPURIOUS 0x0F
#define CMCI 0x2F
#define TIMER 0x32
#define THERMAL 0x33
#define COUNTER 0x34
#define LINT0 0x35
#define LINT1 0x36
#define ERROR 0x37
#define REGISTERS 0x40

/* In the order in which processors got them: as many as the version register says are there. */
static const unsigned entries[] = { TIMER, LINT0, LINT1, ERROR, COUNTER, THERMAL, CMCI };

struct fake {
    uint32_t registers[REGISTERS];
    bool touched[REGISTERS]; /* written to */
    unsigned n_entries;
};

static bool is_absent(const struct fake *fake, unsigned i)
{
    for (unsigned k = fake->n_entries; k < sizeof entries / sizeof entries[0]; k++)
        if (entries[k] == i)
            return true;
    return false;
}

static uint32_t read_one(void *context, unsigned i)
{
    struct fake *fake = context;

    assert_true(i < REGISTERS && !is_absent(fake, i));
    return fake->registers[i];
}

static void write_one(void *context, unsigned i, uint32_t value)
{
    struct fake *fake = context;

    assert_true(i < REGISTERS && !is_absent(fake, i));
    fake->registers[i] = value;
    fake->touched[i] = true;
}

static uint32_t read_word(void *context, uint32_t offset) { return read_one(context, offset / 16); }
static void write_word(void *context, uint32_t offset, uint32_t value) { write_one(context, offset / 16, value); }
static uint64_t read_msr(void *context, uint32_t msr) { return read_one(context, msr - 0x800); }
static void write_msr(void *context, uint32_t msr, uint64_t value) { write_one(context, msr - 0x800, (uint32_t)value); }

static uint32_t no_word(void *context, uint32_t offset)
{
    (void)context;
    fail_msg("word %x is read in x2APIC mode", (unsigned)offset);
    return 0;
}

static uint64_t no_msr(void *context, uint32_t msr)
{
    (void)context;
    fail_msg("MSR %x is read in xAPIC mode", (unsigned)msr);
    return 0;
}

/* Software-disabled, a task priority, a vector in every entry. */
static struct fake fake_open(unsigned n_entries)
{
    struct fake fake = { .n_entries = n_entries };

    fake.registers[VERSION] = (n_entries - 1) << 16 | 0x14;
    fake.registers[TASK_PRIORITY] = 0x20;
    fake.registers[SPURIOUS] = 0x0F;
    for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++)
        fake.registers[entries[i]] = 0x30 + i;
    return fake;
}

static void settle(struct fake *fake, enum apic_mode mode, const struct apic_nmi *nmis, size_t n_nmis)
{
    const struct apic xapic = { mode, { fake, read_word, write_word, no_msr, write_msr } };
    const struct apic x2apic = { mode, { fake, no_word, write_word, read_msr, write_msr } };

    apic_settle(mode == APIC_X2APIC ? &x2apic : &xapic, nmis, n_nmis);
}

static void it_is_enabled_and_every_entry_that_there_is_masked(void **state)
{
    (void)state;
    for (unsigned mode = APIC_XAPIC; mode <= APIC_X2APIC; mode++)
        for (unsigned n = 1; n <= sizeof entries / sizeof entries[0]; n++) {
            struct fake fake = fake_open(n);

            settle(&fake, mode, NULL, 0);
            assert_int_equal(fake.registers[SPURIOUS], 0x1FF);
            assert_int_equal(fake.registers[TASK_PRIORITY], 0);
            for (unsigned i = 0; i < n; i++)
                assert_int_equal(fake.registers[entries[i]], (0x30 + i) | MASKED);
        }
}

/* Fixed, Lowest Priority, NMI and ExtINT; SMI and INIT belong to the firmware. */
static void the_mode_decides_what_is_masked_and_nothing_else_changes(void **state)
{
    static const unsigned with_mode[] = { LINT0, LINT1, COUNTER, THERMAL, CMCI };

    (void)state;
    for (unsigned mode = 0; mode < 8; mode++)
        for (unsigned i = 0; i < sizeof with_mode / sizeof with_mode[0]; i++) {
            const bool is_masked = mode == 0 || mode == 1 || mode == 4 || mode == 7;
            struct fake fake = fake_open(7);

            fake.registers[with_mode[i]] = 0xA055 | mode << 8;
            settle(&fake, APIC_XAPIC, NULL, 0);
            assert_int_equal(fake.registers[with_mode[i]], 0xA055 | mode << 8 | (is_masked ? MASKED : 0));
            assert_true(is_masked || !fake.touched[with_mode[i]]);
        }
}

/* Their delivery mode's bits are others': a timer's are reserved. */
static void timer_and_errors_have_no_mode(void **state)
{
    struct fake fake = fake_open(4);

    (void)state;
    fake.registers[TIMER] = 0x60240;
    fake.registers[ERROR] = 0x00250;
    settle(&fake, APIC_XAPIC, NULL, 0);
    assert_int_equal(fake.registers[TIMER], 0x70240);
    assert_int_equal(fake.registers[ERROR], 0x10250);
}

static void pins_that_are_wired_to_nmi_get_that_mode_masked(void **state)
{
    static const struct apic_nmi nmis[] = { { 1, 0 }, { 0, APIC_ACTIVE_LOW | APIC_LEVEL } };

    (void)state;
    for (unsigned mode = APIC_XAPIC; mode <= APIC_X2APIC; mode++) {
        struct fake fake = fake_open(6);

        fake.registers[LINT1] = 0x0200; /* SMI */
        settle(&fake, mode, nmis, 1);
        assert_int_equal(fake.registers[LINT1], 0x10400);
        assert_int_equal(fake.registers[LINT0], 0x31 | MASKED);
        settle(&fake, mode, nmis, 2);
        assert_int_equal(fake.registers[LINT0], 0x1A400);
    }
}

static void registers_that_say_nothing_of_interrupts_stay(void **state)
{
    struct fake fake = fake_open(7);
    bool known[REGISTERS] = { [TASK_PRIORITY] = true, [SPURIOUS] = true };

    (void)state;
    for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++)
        known[entries[i]] = true;
    settle(&fake, APIC_X2APIC, NULL, 0);
    for (unsigned i = 0; i < REGISTERS; i++)
        assert_true(known[i] || !fake.touched[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_enabled_and_every_entry_that_there_is_masked),
        cmocka_unit_test(the_mode_decides_what_is_masked_and_nothing_else_changes),
        cmocka_unit_test(timer_and_errors_have_no_mode),
        cmocka_unit_test(pins_that_are_wired_to_nmi_get_that_mode_masked),
        cmocka_unit_test(registers_that_say_nothing_of_interrupts_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
