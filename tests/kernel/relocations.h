/* Symbols that a shared object could be made to take from elsewhere. */
#ifndef TEST_KERNEL_RELOCATIONS_H
#define TEST_KERNEL_RELOCATIONS_H

#include <stdint.h>

#pragma GCC visibility push(default)
extern const uint64_t relocated_numbers[3];
extern const uint64_t *relocated_data[3];
uint64_t relocated_add_one(uint64_t value);
#pragma GCC visibility pop

#endif
