#include <stdarg.h>

#include "firmware.h"
#include "format.h"
#include "x86.h"

#define CALIBRATION_US 1000

void log_enable(struct firmware *fw)
{
    const uint64_t before = rdtsc();

    if (fw->log.on)
        return;
    fw->boot->Stall(CALIBRATION_US);
    fw->log.ticks_per_ms = rdtsc() - before;
    fw->log.on = true;
}

void log_step(const struct firmware *fw, const char *format, ...)
{
    char line[FORMAT_LINE_BYTES];
    size_t length = 0;
    struct buffer_sink buffer = buffer_sink(line, sizeof line - 1, &length); /* the newline always fits */
    va_list arguments;

    if (!fw->log.on)
        return;

    const uint64_t ticks = rdtsc() - fw->log.start;

    if (fw->log.ticks_per_ms)
        print_format(&buffer.sink, "[%lu ms] ", ticks / fw->log.ticks_per_ms);
    else
        print_format(&buffer.sink, "[%lu ticks] ", ticks);
    va_start(arguments, format);
    print_format_list(&buffer.sink, format, arguments);
    va_end(arguments);
    line[length] = '\n';
    line[length + 1] = 0;
    firmware_print(fw, line);
}
