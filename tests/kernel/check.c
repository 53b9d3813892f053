#include "check.h"

#include "kernel/serial.h"
#include "x86.h"

struct tally {
    unsigned n_checks, n_failed;
    const char *prefix;
};

static struct tally tally = { .prefix = "" };

static bool texts_equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void check_begin(void)
{
    (void)serial_init();
}

void check_set_prefix(const char *prefix)
{
    tally.prefix = prefix;
}

/* Counts the check; the rest of its line is the caller's where it failed. */
static void print_verdict(const char *name, bool is_ok)
{
    tally.n_checks++;
    tally.n_failed += !is_ok;
    print_format(serial_sink(), is_ok ? "ok %s%s\n" : "FAIL %s%s: ", tally.prefix, name);
}

void check_equal(const char *name, uint64_t expected, uint64_t found)
{
    print_verdict(name, expected == found);
    if (expected != found)
        print_format(serial_sink(), "expected %lx, found %lx\n", expected, found);
}

void check_text(const char *name, const char *expected, const char *found)
{
    const bool is_ok = texts_equal(expected, found);

    print_verdict(name, is_ok);
    if (!is_ok)
        print_format(serial_sink(), "expected `%s', found `%s'\n", expected, found);
}

void check_that(const char *name, bool is_so, uint64_t culprit)
{
    print_verdict(name, is_so);
    if (!is_so)
        print_format(serial_sink(), "not so for %lx\n", culprit);
}

void check_skip(const char *name, const char *reason)
{
    print_format(serial_sink(), "skip %s%s: %s\n", tally.prefix, name, reason);
}

void check_equal_if(bool applies, const char *reason, const char *name, uint64_t expected, uint64_t found)
{
    if (applies)
        check_equal(name, expected, found);
    else
        check_skip(name, reason);
}

void info(const char *key, uint64_t value)
{
    print_format(serial_sink(), "info %s%s %lx\n", tally.prefix, key, value);
}

void info_text(const char *key, const char *value)
{
    print_format(serial_sink(), "info %s%s %s\n", tally.prefix, key, value);
}

void check_end(void)
{
    print_format(serial_sink(), "done %u checks, %u failed\n", tally.n_checks, tally.n_failed);
}

void check_give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_format_list(serial_sink(), format, arguments);
    va_end(arguments);
    tally.n_checks++;
    tally.n_failed++;
    check_end();
    for (;;) {
        cli();
        hlt();
    }
}
