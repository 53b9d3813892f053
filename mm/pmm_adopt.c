#include "pmm_check.h"
#include "pmm_handover.h"
#include "pmm_seal.h"

/* Nobody is in a call, and no call has left anything to another one. */
static bool is_quiescent(const struct pmm *pmm)
{
    return !atomic_load_explicit(&pmm->lock.held, memory_order_relaxed) &&
           !atomic_load_explicit(&pmm->n_late, memory_order_relaxed);
}

static bool lies_at(const struct pmm *pmm, phys_addr_t start)
{
    const struct frame_range frames = pmm->metadata_frames;

    if (start.value > ((uint64_t)1 << PHYS_BITS_MAX) - pmm->metadata_bytes)
        return false;
    const struct frame_range own = frame_range_around((struct phys_range){ start, pmm->metadata_bytes });

    return own.first.value == frames.first.value && own.count == frames.count;
}

static enum pmm_status check(const struct pmm *pmm, uint64_t bytes, phys_addr_t start)
{
    uint64_t offset;
    const enum pmm_status status = pmm_check_header(pmm, bytes, &offset);

    if (status != PMM_OK)
        return status;
    if (!lies_at(pmm, start))
        return PMM_BAD_METADATA;
    if (pmm->seal != pmm_checksum(pmm))
        return PMM_BAD_CHECKSUM;
    if (!is_quiescent(pmm))
        return PMM_BAD_METADATA;
    return pmm_check_contents(pmm, &offset);
}

enum pmm_status pmm_adopt(void *metadata, size_t metadata_bytes, phys_addr_t metadata_start, struct pmm_cpu *cpus,
                          uint64_t n_cpus, struct pmm_barrier barrier, struct pmm **ret_pmm)
{
    struct pmm *pmm = metadata;

    if (!n_cpus || n_cpus > PMM_CPUS_MAX)
        return PMM_BAD_RANGE;
    if (virt_of(metadata).value % _Alignof(struct pmm) || metadata_bytes < sizeof(struct pmm))
        return PMM_BAD_METADATA;
    const enum pmm_status status = check(pmm, metadata_bytes, metadata_start);

    if (status != PMM_OK)
        return status;
    pmm->seal = ~pmm->seal; /* what changes from now on is covered no more */
    pmm_cpus_init(pmm, cpus, n_cpus, barrier);
    *ret_pmm = pmm;
    return PMM_OK;
}
