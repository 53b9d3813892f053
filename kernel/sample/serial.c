#include <stdarg.h>

#include "sample.h"
#include "x86.h"

/* A 16550: PC16550D data sheet, table II. */
#define COM1 0x3F8
#define LINE_CONTROL 3
#define LINE_STATUS 5
#define LINE_STATUS_EMPTY 0x20
#define PATIENCE_POLLS 1000000 /* then there is no such port, or nobody on the other end */

static void write_port(uint16_t which, uint8_t value) { outb((uint16_t)(COM1 + which), value); }

void serial_init(void)
{
    write_port(1, 0); /* no interrupts */
    write_port(LINE_CONTROL, 0x80); /* the next two registers are the divisor of 115200 baud */
    write_port(0, 1);
    write_port(1, 0);
    write_port(LINE_CONTROL, 0x03); /* 8 bits, no parity, 1 stop bit */
    write_port(2, 0x07); /* FIFOs on, and empty */
}

static void write_character(char c)
{
    if (c == '\n')
        write_character('\r');
    for (unsigned i = 0; i < PATIENCE_POLLS && !(inb(COM1 + LINE_STATUS) & LINE_STATUS_EMPTY); i++)
        pause();
    write_port(0, (uint8_t)c);
}

static void write_text(const char *text)
{
    while (*text)
        write_character(*text++);
}

static void write_number(uint64_t value, unsigned base)
{
    char digits[21];
    char *first = &digits[sizeof(digits) - 1];

    *first = 0;
    do {
        *--first = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    write_text(first);
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (; *format; format++) {
        if (*format != '%')
            write_character(*format);
        else if (*++format == 's')
            write_text(va_arg(arguments, const char *));
        else
            write_number(va_arg(arguments, uint64_t), *format == 'x' ? 16 : 10);
    }
    va_end(arguments);
}

_Noreturn void stop(const char *why)
{
    print("sample kernel: %s\n", why);
    for (;;) {
        cli();
        hlt();
    }
}
