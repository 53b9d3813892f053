/* Failing on purpose, so that the tests can see what a failure looks like. */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#include "compiler.h"
#include "options.h"

/* Whether it is to happen on the processor that boots, once the allocator is tested. */
bool fault_is_here(enum fault_kind kind);

/* Whether it is to happen on another one, once those are started. */
bool fault_is_elsewhere(enum fault_kind kind);

/* Does what `kind` says (not FAULT_NONE, nor FAULT_ABSENT); each ends in a panic. */
NORETURN void fault_now(enum fault_kind kind);

#endif
