/*
 * Pointers that only relocation makes right. Visible symbols, so that a shared object has each kind: R_X86_64_64 and
 * RELATIVE for pointers in data, GLOB_DAT for addresses of data and JUMP_SLOT for calls in code.
 */
#include "check.h"
#include "checks.h"
#include "relocations.h"

#define VISIBLE __attribute__((visibility("default")))

/* Distances between places in the image are the same wherever it lies: the linker knows them. */
#define SUM_OF_NUMBERS 15

static const uint64_t numbers[] = { 1, 2, 3, 4, 5 };
static const uint64_t *const relative[] = { &numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4] };
VISIBLE const uint64_t *relocated_data[] = { &relocated_numbers[0], &relocated_numbers[1], &relocated_numbers[2] };
static uint64_t (*const functions[])(uint64_t) = { relocated_add_one, relocated_add_one };

void check_relocations(void)
{
    const uint64_t *const volatile *pointers = relative;
    const uint64_t *volatile *data = relocated_data;
    uint64_t sum = 0;

    for (unsigned i = 0; i < ARRAY_LENGTH(relative); i++)
        sum += *pointers[i];
    check_equal("relocation.relative", SUM_OF_NUMBERS, sum);
    check_that("relocation.64", data[0] == relocated_numbers && *data[2] == 30, (uint64_t)data[0]);
    check_equal("relocation.glob_dat", 10, *(const volatile uint64_t *)relocated_numbers);
    check_equal("relocation.jump_slot", 8, relocated_add_one(7));
    check_equal("relocation.function_pointer", 9, (*(uint64_t (*const volatile *)(uint64_t))functions)(8));
}
