#include "format.h"

#include <stdbool.h>

#include "compiler.h"

#define DECIMAL_DIGITS_MAX 20 /* of UINT64_MAX */
#define HEX_DIGITS_MAX 16
#define HEX_DIGIT_BITS 4
#define HEX_PREFIX_BYTES 2 /* 0x */
#define CONVERTED_BYTES 24 /* of any conversion but %s, with its NUL */
#define UNIT_SHIFT 10 /* each unit is 1024 of the one before */
#define UNIT_LEAST 10 /* a unit is used from this many of it on */

static void buffer_write(const struct sink *sink, const char *text, size_t bytes)
{
    const struct buffer_sink *buffer = CONTAINER_OF(sink, struct buffer_sink, sink);
    const size_t room = buffer->capacity - 1 - *buffer->length;
    const size_t stored = bytes < room ? bytes : room;

    __builtin_memcpy(buffer->text + *buffer->length, text, stored);
    *buffer->length += stored;
    buffer->text[*buffer->length] = '\0';
}

struct buffer_sink buffer_sink(char *text, size_t capacity, size_t *length)
{
    text[0] = '\0';
    *length = 0;
    return (struct buffer_sink){ { buffer_write }, text, capacity, length };
}

void line_sink_flush(struct line_sink *line)
{
    if (line->n_bytes)
        line->target->write(line->target, line->text, line->n_bytes);
    line->n_bytes = 0;
}

static void line_write(const struct sink *sink, const char *text, size_t bytes)
{
    struct line_sink *line = CONTAINER_OF(sink, struct line_sink, sink);

    if (bytes > sizeof(line->text) - line->n_bytes)
        line_sink_flush(line);
    if (bytes > sizeof(line->text)) {
        line->target->write(line->target, text, bytes);
        return;
    }
    __builtin_memcpy(line->text + line->n_bytes, text, bytes);
    line->n_bytes += bytes;
}

void line_sink_start(struct line_sink *line, const struct sink *target)
{
    line->sink.write = line_write;
    line->target = target;
    line->n_bytes = 0;
}

void print_bytes(const struct sink *sink, const char *text, size_t bytes)
{
    if (bytes)
        sink->write(sink, text, bytes);
}

void print_text(const struct sink *sink, const char *text)
{
    size_t length = 0;

    while (text && text[length])
        length++;
    print_bytes(sink, text, length);
}

void print_decimal(const struct sink *sink, uint64_t value)
{
    char digits[DECIMAL_DIGITS_MAX];
    size_t first = sizeof(digits);

    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    print_bytes(sink, digits + first, sizeof(digits) - first);
}

void print_hex_wide(const struct sink *sink, uint64_t value, unsigned digits)
{
    char text[2 + HEX_DIGITS_MAX];
    size_t first = sizeof(text);
    const unsigned least = digits < HEX_DIGITS_MAX ? digits : HEX_DIGITS_MAX;

    do {
        text[--first] = "0123456789ABCDEF"[value % 16];
        value >>= HEX_DIGIT_BITS;
    } while (value || sizeof(text) - first < least);
    text[--first] = 'x';
    text[--first] = '0';
    print_bytes(sink, text + first, sizeof(text) - first);
}

void print_hex(const struct sink *sink, uint64_t value)
{
    print_hex_wide(sink, value, 1);
}

void print_spaces(const struct sink *sink, size_t count)
{
    static const char spaces[] = "                                ";
    const size_t piece = sizeof(spaces) - 1;

    for (; count > piece; count -= piece)
        print_bytes(sink, spaces, piece);
    print_bytes(sink, spaces, count);
}

void print_size(const struct sink *sink, uint64_t bytes)
{
    static const char units[][4] = { " B", " KB", " MB", " GB", " TB" };
    unsigned unit = 0;

    while (unit + 1 < ARRAY_LENGTH(units) && bytes >> UNIT_SHIFT >= UNIT_LEAST) {
        bytes >>= UNIT_SHIFT;
        unit++;
    }
    if (unit == 0 && bytes && bytes % (1u << UNIT_SHIFT) == 0) {
        bytes >>= UNIT_SHIFT;
        unit++;
    }
    print_decimal(sink, bytes);
    print_text(sink, units[unit]);
}

static unsigned read_width(const char **at, va_list *arguments)
{
    unsigned width = 0;

    if (**at == '*') {
        ++*at;
        return va_arg(*arguments, unsigned);
    }
    for (; **at >= '0' && **at <= '9'; ++*at)
        width = width * 10 + (unsigned)(**at - '0');
    return width;
}

static void convert_wide(const struct sink *sink, char conversion, uint64_t value)
{
    if (conversion == 'u')
        print_decimal(sink, value);
    else if (conversion == 'S')
        print_size(sink, value);
    else
        print_hex(sink, value);
}

static void print_padded(const struct sink *sink, const char *text, unsigned width, bool left)
{
    size_t length = 0;

    while (text[length])
        length++;
    const size_t padding = length < width ? width - length : 0;

    if (!left)
        print_spaces(sink, padding);
    print_bytes(sink, text, length);
    if (left)
        print_spaces(sink, padding);
}

/* Prints the conversion that `spec` (after the percent sign) starts with; returns its length, 0 if it is none. */
static size_t print_conversion(const struct sink *sink, const char *spec, va_list *arguments)
{
    char converted[CONVERTED_BYTES];
    size_t length;
    const struct buffer_sink buffer = buffer_sink(converted, sizeof converted, &length);
    const char *text = converted;
    const char *at = spec;
    const bool left = *at == '-';

    at += left;
    const unsigned width = read_width(&at, arguments);

    switch (*at) {
    case 's':
        text = va_arg(*arguments, const char *);
        break;
    case 'u':
        print_decimal(&buffer.sink, va_arg(*arguments, unsigned));
        break;
    case 'x':
        print_hex(&buffer.sink, va_arg(*arguments, unsigned));
        break;
    case 'c':
        print_bytes(&buffer.sink, &(const char){ (char)va_arg(*arguments, int) }, 1);
        break;
    case '%':
        print_bytes(&buffer.sink, "%", 1);
        break;
    case 'l':
        at++;
        if (*at != 'u' && *at != 'x' && *at != 'X' && *at != 'S')
            return 0;
        convert_wide(&buffer.sink, *at, va_arg(*arguments, uint64_t));
        text += *at == 'X' ? HEX_PREFIX_BYTES : 0;
        break;
    default:
        return 0;
    }
    print_padded(sink, text ? text : "", width, left);
    return (size_t)(at + 1 - spec);
}

void print_format_list(const struct sink *sink, const char *format, va_list arguments)
{
    struct line_sink line;
    va_list rest; /* a copy, because the address of a va_list parameter is not that of a va_list */

    line_sink_start(&line, sink);
    va_copy(rest, arguments);
    while (*format) {
        const size_t conversion = *format == '%' ? print_conversion(&line.sink, format + 1, &rest) : 0;

        if (conversion) {
            format += 1 + conversion;
            continue;
        }
        const char *plain = format++;

        while (*format && *format != '%')
            format++;
        print_bytes(&line.sink, plain, (size_t)(format - plain));
    }
    va_end(rest);
    line_sink_flush(&line);
}

void print_format(const struct sink *sink, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_format_list(sink, format, arguments);
    va_end(arguments);
}
