#include "pmm_check.h"
#include "pmm_cpu.h"
#include "pmm_handover.h"

static enum pmm_status verify_alone(const struct pmm *pmm, uint64_t *ret_offset)
{
    const enum pmm_status status = pmm_check_header(pmm, pmm->metadata_bytes, ret_offset);

    if (status != PMM_OK)
        return status;
    if (atomic_load_explicit(&pmm->n_late, memory_order_relaxed))
        return pmm_flaw(pmm, PMM_BAD_METADATA, &pmm->n_late, ret_offset);
    return pmm_check_contents(pmm, ret_offset);
}

enum pmm_status pmm_verify(struct pmm *pmm, struct pmm_cpu *caller, uint64_t *ret_offset)
{
    struct cpu *cpu = pmm_cpu(caller);

    pmm_stop_and_drain(pmm, cpu);
    const enum pmm_status status = verify_alone(pmm, ret_offset);
    pmm_resume(pmm, cpu);
    return status;
}
