/* Waking a processor, with registers and a processor that are made up; the clock's microseconds are TSC ticks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../kernel/smp/wake.h"
#include "panic.h"

enum { STARTING, ABANDONED, ONLINE };

#define ICR_LOW 0x300
#define ICR_PENDING 0x1000
#define MODE(command) ((command) >> 8 & 7)
#define MODE_INIT 5
#define MODE_STARTUP 6

/* A processor that comes online at one of the start-up interrupts, or when the next one finds no way out. */
struct fake {
    _Atomic uint32_t state;
    unsigned n_inits, n_startups;
    unsigned online_at;   /* the start-up interrupt that it hears; 0: none */
    unsigned stuck_after; /* start-up interrupts, the register stays busy; 0: never */
    bool comes_while_stuck;
};

void clock_wait_us(const struct clock *clock, uint64_t us)
{
    (void)clock;
    (void)us;
}

uint64_t clock_ticks_of_us(const struct clock *clock, uint64_t us)
{
    (void)clock;
    return us;
}

void panic_wait(void) {}

static uint32_t read_word(void *context, uint32_t offset)
{
    struct fake *fake = context;
    const bool stuck = fake->stuck_after && fake->n_startups >= fake->stuck_after;

    assert_int_equal(offset, ICR_LOW);
    if (stuck && fake->n_startups && fake->comes_while_stuck)
        fake->state = ONLINE;
    return stuck ? ICR_PENDING : 0;
}

static void write_word(void *context, uint32_t offset, uint32_t value)
{
    struct fake *fake = context;

    if (offset != ICR_LOW)
        return;
    fake->n_inits += MODE(value) == MODE_INIT;
    fake->n_startups += MODE(value) == MODE_STARTUP;
    if (fake->online_at && fake->n_startups == fake->online_at && fake->state == STARTING)
        fake->state = ONLINE;
}

static bool wake(struct fake *fake)
{
    const struct apic apic = { APIC_XAPIC, { fake, read_word, write_word, NULL, NULL } };
    const struct wake_states states = { STARTING, ONLINE, ABANDONED };
    const struct clock clock = { 0 };
    struct waker w = waker(&apic, &clock, (frame_t){ 8 });

    return wake_processor(&w, 1, &fake->state, states);
}

static void a_processor_comes_at_the_first_or_the_second_startup(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 2; at++) {
        struct fake fake = { .online_at = at };

        assert_true(wake(&fake));
        assert_int_equal(fake.state, ONLINE);
        assert_int_equal(fake.n_inits, 1);
        assert_int_equal(fake.n_startups, at);
    }
}

static void a_processor_that_does_not_come_is_abandoned_and_reset(void **state)
{
    struct fake fake = { 0 };

    (void)state;
    assert_false(wake(&fake));
    assert_int_equal(fake.state, ABANDONED);
    assert_int_equal(fake.n_inits, 2);
    assert_int_equal(fake.n_startups, 2);
}

static void a_processor_that_comes_while_a_startup_is_stuck_stays(void **state)
{
    struct fake fake = { .stuck_after = 1, .comes_while_stuck = true };

    (void)state;
    assert_true(wake(&fake));
    assert_int_equal(fake.state, ONLINE);
    assert_int_equal(fake.n_inits, 1);
}

static void a_stuck_register_alone_brings_nobody(void **state)
{
    struct fake fake = { .stuck_after = 1 };

    (void)state;
    assert_false(wake(&fake));
    assert_int_equal(fake.state, ABANDONED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_comes_at_the_first_or_the_second_startup),
        cmocka_unit_test(a_processor_that_does_not_come_is_abandoned_and_reset),
        cmocka_unit_test(a_processor_that_comes_while_a_startup_is_stuck_stays),
        cmocka_unit_test(a_stuck_register_alone_brings_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
