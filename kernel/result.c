#include "result.h"

static struct kernel_result kernel_result;

struct kernel_result *result(void)
{
    return &kernel_result;
}
