/* What the pure units expect of whoever runs them, for the host. */
#include <stdio.h>
#include <stdlib.h>

#include "panic.h"

void assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    abort();
}
