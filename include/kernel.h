/* The two doors of the kernel. */
#ifndef KERNEL_H
#define KERNEL_H

#include "addr.h"
#include "boot_info.h"
#include "compiler.h"

/*
 * Leaves the firmware's stack for `stack_top` (16-aligned, exclusive) with interrupts off and calls kernel_main(info).
 * info must not lie on the old stack. In kernel/enter.S.
 */
NORETURN void kernel_enter(const struct boot_info *info, virt_addr_t stack_top);

/* The kernel, on its own stack. Boot services are gone; tables (GDT, IDT, pages) are still the firmware's. */
NORETURN void kernel_main(const struct boot_info *info);

#endif
