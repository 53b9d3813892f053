/* What this processor can do, as far as memory management cares. */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>

struct cpu_features {
    unsigned paging_levels; /* 4 or 5: as CR4.LA57 stands now; it cannot change in long mode */
    unsigned phys_bits;     /* address bits it has, at most PHYS_BITS_MAX */
    bool pages_1g;
    bool no_execute;
    bool rdrand;
    bool is_amd;            /* AMD or Hygon: 0xFD00000000-0xFFFFFFFFFF is HyperTransport's, not memory */
};

/* Any CPU, any context; also while the firmware runs. */
struct cpu_features cpu_features(void);

/*
 * Address bits that can be mapped one to one in the lower half of the address space: phys_bits, or the 47 or 56 bits
 * of the paging levels, whichever is less.
 */
unsigned cpu_mappable_bits(const struct cpu_features *cpu);

#endif
