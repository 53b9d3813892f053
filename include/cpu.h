/* What this processor can do, as far as the kernel's own machine cares. */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>

struct cpu_features {
    unsigned paging_levels; /* 4 or 5: as CR4.LA57 stands; it cannot change in long mode */
    bool pages_1g;
    bool no_execute;
    bool rdrand;
};

/* Any CPU, any context; also while the firmware runs. */
struct cpu_features cpu_features(void);

/*
 * Ends global pages, process-context identifiers, protection keys and control-flow enforcement: the last before the
 * first far return, since our stacks have no shadow. Each CPU, once, when the firmware is gone.
 */
void cpu_drop_firmware_features(void);

#endif
