#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake_firmware.h"

#define PREFIX "BOOTX64.EFI: "
#define SHORT_MAX 500 /* so much is printed as it is */

static void a_message_says_all_in_one_line_and_returns_the_status(void **state)
{
    struct fake_firmware fake = { 0 };
    const struct firmware fw = fake_firmware_open(&fake);

    (void)state;
    assert_int_equal(report_failure(&fw, EFI_LOAD_ERROR, "%s: %s (%lx)", "/k", "bad", (uint64_t)0xAB), EFI_LOAD_ERROR);
    assert_string_equal(fake.console, PREFIX "/k: bad (0xAB)\r\n");
    report_warning(&fw, "odd");
    assert_string_equal(strchr(fake.console, '\n') + 1, PREFIX "warning: odd\r\n");
}

static void a_long_path_does_not_hide_the_reason(void **state)
{
    char path[FAKE_CONSOLE_MAX * 4], expected[sizeof path + 64];

    (void)state;
    for (size_t bytes = 0; bytes < sizeof path; bytes += bytes < 2 * SHORT_MAX ? 1 : 97) {
        struct fake_firmware fake = { 0 };
        const struct firmware fw = fake_firmware_open(&fake);

        for (size_t i = 0; i < bytes; i++)
            path[i] = (char)('a' + i % 26);
        path[bytes] = 0;
        assert_int_equal(report_failure(&fw, EFI_NOT_FOUND, "%s: no such file", path), EFI_NOT_FOUND);
        snprintf(expected, sizeof expected, PREFIX "%s: no such file\r\n", path);
        if (bytes < SHORT_MAX)
            assert_string_equal(fake.console, expected);
        assert_true(strlen(fake.console) < FAKE_CONSOLE_MAX - 1);
        assert_memory_equal(fake.console, expected, bytes < 300 ? bytes : 300);
        assert_non_null(strstr(fake.console, ": no such file\r\n"));
    }
}

static void a_long_value_does_not_hide_the_reason(void **state)
{
    struct fake_firmware fake = { 0 };
    const struct firmware fw = fake_firmware_open(&fake);
    char value[FAKE_CONSOLE_MAX * 4];

    (void)state;
    memset(value, 'v', sizeof value - 2);
    memcpy(value + sizeof value - 2, "w", 2);
    assert_int_equal(report_failure(&fw, EFI_LOAD_ERROR, "entry: no number: `%s'", value), EFI_LOAD_ERROR);
    assert_non_null(strstr(fake.console, PREFIX "entry: no number: `vvv"));
    assert_non_null(strstr(fake.console, "v ... v"));
    assert_non_null(strstr(fake.console, "vw'\r\n"));
}

static void a_message_stays_in_its_line_whatever_it_shows(void **state)
{
    struct fake_firmware fake = { 0 };
    const struct firmware fw = fake_firmware_open(&fake);

    (void)state;
    assert_int_equal(report_failure(&fw, EFI_NOT_FOUND, "%s: no such file", "a\r\nb\x1b[2J"), EFI_NOT_FOUND);
    assert_string_equal(fake.console, PREFIX "a??b?[2J: no such file\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_says_all_in_one_line_and_returns_the_status),
        cmocka_unit_test(a_long_path_does_not_hide_the_reason),
        cmocka_unit_test(a_long_value_does_not_hide_the_reason),
        cmocka_unit_test(a_message_stays_in_its_line_whatever_it_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
