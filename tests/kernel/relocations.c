#include "relocations.h"

const uint64_t relocated_numbers[3] = { 10, 20, 30 };

uint64_t relocated_add_one(uint64_t value)
{
    return value + 1;
}
