#include "panic.h"
#include "pmm_assert.h"

__attribute__((weak)) NORETURN void pmm_assert_failed(const char *expression, const char *file, int line)
{
    (void)expression, (void)file, (void)line;
    __builtin_trap();
}

/* The name that ASSERT knows; it does not leave the library. */
NORETURN void assert_failed(const char *expression, const char *file, int line)
{
    pmm_assert_failed(expression, file, line);
}
