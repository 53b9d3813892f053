/* Failing on purpose, so that the tests can see what a failure looks like. */
#ifndef FAULT_H
#define FAULT_H

#include "compiler.h"
#include "options.h"

/* Does what `kind` (not FAULT_NONE) says; each ends in a panic of its own. */
NORETURN void fault_now(enum fault_kind kind);

#endif
