/* Where TPM event logs end: logs of both formats, built as the specification says, whole and cut at every byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcg_log.h"

#define LOG_BYTES_MAX 2048

/* TCG Algorithm Registry. */
#define SHA1 0x04
#define SHA256 0x0B
#define SHA384 0x0C
#define SM3 0x12

#define EV_NO_ACTION 3
#define EV_S_CRTM_VERSION 8
#define EV_SEPARATOR 4

struct log {
    uint8_t bytes[LOG_BYTES_MAX];
    size_t n;
    size_t last; /* where the last event begins */
};

static void put(struct log *log, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        log->bytes[log->n++] = (uint8_t)(value >> (8 * i));
}

static void fill(struct log *log, uint8_t byte, size_t bytes)
{
    memset(log->bytes + log->n, byte, bytes);
    log->n += bytes;
}

/* TCG_PCClientPCREvent */
static void add_1(struct log *log, uint32_t pcr, uint32_t type, uint8_t digest, size_t event_bytes)
{
    log->last = log->n;
    put(log, pcr, 4);
    put(log, type, 4);
    fill(log, digest, 20);
    put(log, event_bytes, 4);
    fill(log, 0xEE, event_bytes);
}

/* How a crypto-agile log begins: EV_NO_ACTION, "Spec ID Event03", these algorithms and the sizes of their digests. */
static void add_spec_id(struct log *log, const uint16_t (*algorithms)[2], size_t n)
{
    add_1(log, 0, EV_NO_ACTION, 0, 0);
    log->n -= 4;
    put(log, 28 + 4 * n + 1, 4);
    memcpy(log->bytes + log->n, "Spec ID Event03", 16);
    log->n += 16;
    put(log, 0, 4);      /* client platform */
    put(log, 0x0200, 4); /* errata 0 of 2.0, and 2: UINTN has 64 bits */
    log->bytes[log->n - 1] = 2;
    put(log, n, 4);
    for (size_t i = 0; i < n; i++) {
        put(log, algorithms[i][0], 2);
        put(log, algorithms[i][1], 2);
    }
    put(log, 0, 1); /* no vendor's information */
}

/* TCG_PCR_EVENT2 */
static void add_2(struct log *log, uint32_t pcr, uint32_t type, const uint16_t (*algorithms)[2], size_t n,
                  size_t event_bytes)
{
    log->last = log->n;
    put(log, pcr, 4);
    put(log, type, 4);
    put(log, n, 4);
    for (size_t i = 0; i < n; i++) {
        put(log, algorithms[i][0], 2);
        fill(log, 0xD0, algorithms[i][1]);
    }
    put(log, event_bytes, 4);
    fill(log, 0xEE, event_bytes);
}

static const uint16_t banks[][2] = { { SHA1, 20 }, { SHA256, 32 }, { SHA384, 48 } };

static struct log make_1(void)
{
    struct log log = { .n = 0 };

    add_1(&log, 0, EV_S_CRTM_VERSION, 0x11, 10);
    add_1(&log, 7, EV_SEPARATOR, 0x22, 4);
    add_1(&log, 4, EV_SEPARATOR, 0x33, 0);
    return log;
}

static struct log make_2(void)
{
    struct log log = { .n = 0 };

    add_spec_id(&log, banks, 3);
    add_2(&log, 0, EV_S_CRTM_VERSION, banks, 3, 10);
    add_2(&log, 7, EV_SEPARATOR, banks + 1, 1, 4);
    add_2(&log, 4, EV_SEPARATOR, banks, 3, 77);
    return log;
}

/* In memory of just so many bytes. */
static size_t measure(enum tcg_log_format format, const struct log *log, size_t n, size_t last)
{
    uint8_t *exact = malloc(n ? n : 1);
    size_t bytes;

    memcpy(exact, log->bytes, n);
    bytes = tcg_log_bytes(format, exact, n, last);
    free(exact);
    return bytes;
}

static void a_log_ends_where_its_last_event_does(void **state)
{
    const struct log one = make_1(), two = make_2();

    (void)state;
    assert_int_equal(measure(TCG_LOG_1_2, &one, LOG_BYTES_MAX, one.last), one.n);
    assert_int_equal(measure(TCG_LOG_2, &two, LOG_BYTES_MAX, two.last), two.n);
    assert_int_equal(measure(TCG_LOG_1_2, &one, one.n, one.last), one.n);
    assert_int_equal(measure(TCG_LOG_2, &two, two.n, two.last), two.n);
}

/* Its header has the old format, whatever comes after. */
static void a_crypto_agile_log_may_be_nothing_but_its_header(void **state)
{
    struct log log = { .n = 0 };

    (void)state;
    add_spec_id(&log, banks, 3);
    assert_int_equal(measure(TCG_LOG_2, &log, log.n, log.last), log.n);
    assert_int_equal(measure(TCG_LOG_2, &log, log.n - 1, log.last), 0);
}

static void a_log_cut_at_any_byte_is_none(void **state)
{
    const struct log one = make_1(), two = make_2();

    (void)state;
    for (size_t n = 0; n < one.n; n++)
        assert_int_equal(measure(TCG_LOG_1_2, &one, n, one.last), 0);
    for (size_t n = 0; n < two.n; n++)
        assert_int_equal(measure(TCG_LOG_2, &two, n, two.last), 0);
}

static void a_last_event_out_of_reach_is_none(void **state)
{
    static const size_t far[] = { LOG_BYTES_MAX, LOG_BYTES_MAX + 1, SIZE_MAX - 40, SIZE_MAX - 28, SIZE_MAX };
    const struct log one = make_1(), two = make_2();

    (void)state;
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        assert_int_equal(measure(TCG_LOG_1_2, &one, LOG_BYTES_MAX, far[i]), 0);
        assert_int_equal(measure(TCG_LOG_2, &two, LOG_BYTES_MAX, far[i]), 0);
    }
}

static void sizes_and_counts_that_cannot_be_make_it_none(void **state)
{
    const struct log one = make_1(), two = make_2();
    struct log broken;

    (void)state;
    for (unsigned bit = 11; bit < 32; bit++) {
        broken = one;
        broken.n = one.last + 28;
        put(&broken, 1ull << bit, 4);
        assert_int_equal(measure(TCG_LOG_1_2, &broken, LOG_BYTES_MAX, one.last), 0);
        broken = two;
        broken.n = two.n - 77 - 4;
        put(&broken, 0xFFFFFFFF - (1ull << bit), 4);
        assert_int_equal(measure(TCG_LOG_2, &broken, LOG_BYTES_MAX, two.last), 0);
        broken = two;
        broken.n = two.last + 8;
        put(&broken, 1ull << bit, 4); /* digests */
        assert_int_equal(measure(TCG_LOG_2, &broken, LOG_BYTES_MAX, two.last), 0);
        broken = two;
        broken.n = 32 + 24;
        put(&broken, 1ull << bit, 4); /* algorithms */
        assert_int_equal(measure(TCG_LOG_2, &broken, LOG_BYTES_MAX, two.last), 0);
    }
}

/* Nobody could tell how long its digest is. */
static void an_event_with_an_algorithm_that_the_header_does_not_name_is_none(void **state)
{
    static const uint16_t other[][2] = { { SHA1, 20 }, { SM3, 32 } };
    static const uint16_t empty[][2] = { { SHA1, 20 }, { SM3, 0 } };
    struct log log = { .n = 0 };

    (void)state;
    add_spec_id(&log, banks, 3);
    add_2(&log, 0, EV_SEPARATOR, other, 2, 4);
    assert_int_equal(measure(TCG_LOG_2, &log, LOG_BYTES_MAX, log.last), 0);
    log.n = 0;
    add_spec_id(&log, empty, 2);
    add_2(&log, 0, EV_SEPARATOR, empty, 2, 4);
    assert_int_equal(measure(TCG_LOG_2, &log, LOG_BYTES_MAX, log.last), 0);
}

static void an_event_may_have_no_digests_and_no_bytes(void **state)
{
    struct log log = { .n = 0 };

    (void)state;
    add_spec_id(&log, banks, 1);
    add_2(&log, 0, EV_NO_ACTION, NULL, 0, 0);
    assert_int_equal(measure(TCG_LOG_2, &log, log.n, log.last), log.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_ends_where_its_last_event_does),
        cmocka_unit_test(a_crypto_agile_log_may_be_nothing_but_its_header),
        cmocka_unit_test(a_log_cut_at_any_byte_is_none),
        cmocka_unit_test(a_last_event_out_of_reach_is_none),
        cmocka_unit_test(sizes_and_counts_that_cannot_be_make_it_none),
        cmocka_unit_test(an_event_with_an_algorithm_that_the_header_does_not_name_is_none),
        cmocka_unit_test(an_event_may_have_no_digests_and_no_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
