#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "apic.h"

#define WRITES_MAX 8
#define FOREVER UINT32_MAX

/* Registers that remember what was written, and are busy with it for a while. */
struct fake {
    uint32_t id;
    uint32_t busy_reads; /* of the ICR, after each write to it */
    uint32_t busy;
    struct {
        uint32_t where; /* offset, or MSR */
        uint64_t value;
    } writes[WRITES_MAX];
    unsigned n_writes;
};

static uint32_t read_word(void *context, uint32_t offset)
{
    struct fake *fake = context;

    if (offset == 0x20)
        return fake->id << 24 | 0x5A5A5A;
    assert_int_equal(offset, 0x300);
    if (!fake->busy)
        return 0x4500;
    if (fake->busy != FOREVER)
        fake->busy--;
    return 0x1000 | 0x4500;
}

static void record(struct fake *fake, uint32_t where, uint64_t value)
{
    assert_true(fake->n_writes < WRITES_MAX);
    fake->writes[fake->n_writes].where = where;
    fake->writes[fake->n_writes++].value = value;
}

static void write_word(void *context, uint32_t offset, uint32_t value)
{
    struct fake *fake = context;

    assert_int_equal(fake->busy, 0);
    record(fake, offset, value);
    if (offset == 0x300)
        fake->busy = fake->busy_reads;
}

static uint64_t read_msr(void *context, uint32_t msr)
{
    struct fake *fake = context;

    assert_int_equal(msr, 0x802);
    return fake->id;
}

static void write_msr(void *context, uint32_t msr, uint64_t value) { record(context, msr, value); }

static struct apic make(struct fake *fake, enum apic_mode mode)
{
    return (struct apic){ mode, { fake, read_word, write_word, read_msr, write_msr } };
}

static void assert_write(const struct fake *fake, unsigned i, uint32_t where, uint64_t value)
{
    assert_true(i < fake->n_writes);
    assert_int_equal(fake->writes[i].where, where);
    assert_int_equal(fake->writes[i].value, value);
}

/* Intel SDM vol 3A, figure 11-5 and 11.12.1: BSP is bit 8, EXTD bit 10, EN bit 11. */
static void the_base_register_tells_mode_and_address(void **state)
{
    (void)state;
    assert_int_equal(apic_base_mode(0xFEE00900), APIC_XAPIC);
    assert_int_equal(apic_base_mode(0xFEE00D00), APIC_X2APIC);
    assert_int_equal(apic_base_mode(0xFEE00100), APIC_NONE);
    assert_int_equal(apic_base_mode(0xFEE00500), APIC_NONE);
    assert_int_equal(apic_base_address(0xFEE00900).value, 0xFEE00000);
    assert_int_equal(apic_base_address(0xFFF5123456789D00).value, 0x5123456789000);
}

/* Processors without one of these MSRs fault when it is read. */
struct lock_msrs {
    bool has_capabilities, has_status, is_locked;
};

static uint64_t read_lock_msr(void *context, uint32_t msr)
{
    const struct lock_msrs *msrs = context;

    assert_true(msr == 0x10A || msr == 0xBD);
    assert_true(msr == 0x10A ? msrs->has_capabilities : msrs->has_status);
    if (msr == 0x10A)
        return ~(1ull << 21) | (uint64_t)msrs->has_status << 21;
    return 0xFFFFFFFFFFFFFFFEull | msrs->is_locked;
}

static void a_lock_is_asked_for_only_where_there_may_be_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct lock_msrs msrs = { i & 1, i & 2, i & 4 };

        assert_int_equal(apic_is_locked(read_lock_msr, &msrs, msrs.has_capabilities), i == 7);
    }
}

static void ids_have_8_bits_in_memory_and_32_in_msrs(void **state)
{
    struct fake fake = { .id = 0xC3 };
    struct apic apic = make(&fake, APIC_XAPIC);

    (void)state;
    assert_int_equal(apic_id(&apic), 0xC3);
    apic.mode = APIC_X2APIC;
    fake.id = 0x12345678;
    assert_int_equal(apic_id(&apic), 0x12345678);
}

static void only_x2apic_reaches_255_and_more_and_none_reaches_all_at_once(void **state)
{
    struct apic apic = make(NULL, APIC_XAPIC);

    (void)state;
    assert_true(apic_reaches(&apic, 254));
    assert_false(apic_reaches(&apic, 255));
    assert_false(apic_reaches(&apic, 256));
    apic.mode = APIC_X2APIC;
    assert_true(apic_reaches(&apic, 255));
    assert_true(apic_reaches(&apic, 0xFFFFFFFE));
    assert_false(apic_reaches(&apic, 0xFFFFFFFF));
}

/* The words of Intel SDM vol 3A, 8.4.4.1: 0x4500 and 0x4600 + vector, here to one processor. */
static void xapic_writes_the_destination_first(void **state)
{
    struct fake fake = { .busy_reads = 3 };
    const struct apic apic = make(&fake, APIC_XAPIC);

    (void)state;
    assert_true(apic_send_init(&apic, 0xA7));
    assert_true(apic_send_startup(&apic, 0xA7, frame(0x9E)));
    assert_int_equal(fake.n_writes, 4);
    assert_write(&fake, 0, 0x310, 0xA7000000);
    assert_write(&fake, 1, 0x300, 0x4500);
    assert_write(&fake, 2, 0x310, 0xA7000000);
    assert_write(&fake, 3, 0x300, 0x469E);
}

static void x2apic_writes_both_halves_at_once(void **state)
{
    struct fake fake = { 0 };
    const struct apic apic = make(&fake, APIC_X2APIC);

    (void)state;
    assert_true(apic_send_init(&apic, 0x1234));
    assert_true(apic_send_startup(&apic, 0xFFFFFFFE, frame(0x08)));
    assert_int_equal(fake.n_writes, 2);
    assert_write(&fake, 0, 0x830, 0x0000123400004500);
    assert_write(&fake, 1, 0x830, 0xFFFFFFFE00004608);
}

static void a_register_that_stays_busy_is_given_up(void **state)
{
    struct fake fake = { .busy_reads = FOREVER };
    const struct apic apic = make(&fake, APIC_XAPIC);

    (void)state;
    assert_false(apic_send_init(&apic, 1));
    assert_int_equal(fake.n_writes, 2);
    assert_false(apic_send_startup(&apic, 1, frame(8))); /* the first one is still under way */
    assert_int_equal(fake.n_writes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base_register_tells_mode_and_address),
        cmocka_unit_test(a_lock_is_asked_for_only_where_there_may_be_one),
        cmocka_unit_test(ids_have_8_bits_in_memory_and_32_in_msrs),
        cmocka_unit_test(only_x2apic_reaches_255_and_more_and_none_reaches_all_at_once),
        cmocka_unit_test(xapic_writes_the_destination_first),
        cmocka_unit_test(x2apic_writes_both_halves_at_once),
        cmocka_unit_test(a_register_that_stays_busy_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
