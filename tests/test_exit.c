#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_firmware.h"

#define CAPACITY 4096

static uint64_t buffer[CAPACITY / 8];

static struct map_buffer empty_map(void)
{
    return (struct map_buffer){ .descriptors = buffer, .capacity = CAPACITY };
}

static EFI_STATUS leave_within(struct fake_firmware *fake, struct map_buffer *map, unsigned *attempts)
{
    return leave_boot_services(fake_boot_services(fake), NULL, map, attempts);
}

static void the_first_attempt_suffices_when_nothing_moves(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .stride = 48 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_SUCCESS);
    assert_int_equal(attempts, 1);
    assert_int_equal(fake.maps, 1);
    assert_int_equal(map.used, 480);
    assert_int_equal(map.stride, 48);
}

static void a_stale_key_is_retried_with_a_fresh_one(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .stale_keys = 5, .grow_bytes = 48 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_SUCCESS);
    assert_int_equal(attempts, 6);
    assert_int_equal(fake.maps, 6);
    assert_int_equal(map.used, 480 + 5 * 48);
}

static void every_retry_offers_the_whole_buffer(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .stale_keys = 3, .grow_bytes = 48 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_SUCCESS);
    assert_int_equal(fake.last_capacity, CAPACITY);
    assert_int_equal(map.capacity, CAPACITY);
}

static void the_last_of_128_attempts_still_counts(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .stale_keys = EXIT_ATTEMPTS_MAX - 1 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_SUCCESS);
    assert_int_equal(attempts, 128);
}

static void after_128_attempts_it_gives_up(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .stale_keys = 1000000 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_INVALID_PARAMETER);
    assert_int_equal(fake.exits, 128);
    assert_int_equal(attempts, 128);
}

static void a_map_that_outgrows_the_buffer_ends_it(void **state)
{
    struct fake_firmware fake = { .map_bytes = CAPACITY - 48, .stale_keys = 9, .grow_bytes = 48 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_BUFFER_TOO_SMALL);
    assert_int_equal(fake.exits, 2);
    assert_int_equal(map.used, CAPACITY + 48);
    assert_int_equal(map.capacity, CAPACITY);
}

static void a_map_that_cannot_be_read_ends_it(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .stale_keys = 9, .map_fails_at = 3,
                                  .map_status = EFI_DEVICE_ERROR };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_DEVICE_ERROR);
    assert_int_equal(fake.exits, 2);
    assert_int_equal(attempts, 2);
}

static void a_first_map_that_cannot_be_read_leaves_boot_services_running(void **state)
{
    struct fake_firmware fake = { .map_bytes = CAPACITY + 48 };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_BUFFER_TOO_SMALL);
    assert_int_equal(attempts, 0);
    assert_int_equal(fake.exits, 0);
}

static void another_error_of_the_exit_is_not_retried(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480, .exit_status = EFI_ABORTED };
    struct map_buffer map = empty_map();
    unsigned attempts;

    (void)state;
    assert_int_equal(leave_within(&fake, &map, &attempts), EFI_ABORTED);
    assert_int_equal(fake.exits, 1);
}

static void asking_for_the_size_leaves_it_in_used(void **state)
{
    struct fake_firmware fake = { .map_bytes = 480 };
    struct map_buffer map = { 0 };

    (void)state;
    assert_int_equal(map_read(fake_boot_services(&fake), &map), EFI_BUFFER_TOO_SMALL);
    assert_int_equal(map.used, 480);
    assert_int_equal(map.capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_attempt_suffices_when_nothing_moves),
        cmocka_unit_test(a_stale_key_is_retried_with_a_fresh_one),
        cmocka_unit_test(every_retry_offers_the_whole_buffer),
        cmocka_unit_test(the_last_of_128_attempts_still_counts),
        cmocka_unit_test(after_128_attempts_it_gives_up),
        cmocka_unit_test(a_map_that_outgrows_the_buffer_ends_it),
        cmocka_unit_test(a_map_that_cannot_be_read_ends_it),
        cmocka_unit_test(a_first_map_that_cannot_be_read_leaves_boot_services_running),
        cmocka_unit_test(another_error_of_the_exit_is_not_retried),
        cmocka_unit_test(asking_for_the_size_leaves_it_in_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
