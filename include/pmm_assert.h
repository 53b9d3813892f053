/*
 * What a kernel that links libpolyglot_mm.a may define, to hear of it on its own console when the allocator finds that
 * its caller or its own code is wrong. The library's own definition is weak, and stops the processor by an undefined
 * instruction.
 */
#ifndef PMM_ASSERT_H
#define PMM_ASSERT_H

#include "compiler.h"

/* Any context. Must not return, nor call the allocator. */
NORETURN void pmm_assert_failed(const char *expression, const char *file, int line);

#endif
