/* The checksum over a block of metadata; private to mm/pmm*.c. */
#ifndef PMM_SEAL_H
#define PMM_SEAL_H

#include "pmm_layout.h"

/* Over header (but for the seal itself), spans, pieces, owner bytes and summaries, whose sizes must make sense. */
uint64_t pmm_checksum(const struct pmm *pmm);

#endif
