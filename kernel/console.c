#include "console.h"

static const struct sink *sinks[CONSOLE_SINKS_MAX];
static size_t n_sinks;

void console_add(const struct sink *sink)
{
    if (n_sinks < CONSOLE_SINKS_MAX)
        sinks[n_sinks++] = sink;
}

static void console_write(const struct sink *sink, const char *text, size_t bytes)
{
    (void)sink;
    for (size_t i = 0; i < n_sinks; i++)
        print_bytes(sinks[i], text, bytes);
}

const struct sink *console(void)
{
    static const struct sink sink = { console_write };

    return &sink;
}
