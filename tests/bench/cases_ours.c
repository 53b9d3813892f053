#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pmm.h"
#include "contenders.h"

/* The memory begins at 1 GiB: nothing is protected, or kept for requests below 1 MiB, and areas begin with it. */
#define FIRST_FRAME (GIB(1) >> PAGE_SHIFT)
/* The metadata lie in nobody's memory. */
#define METADATA_START ((phys_addr_t){ TIB(1024) })
#define CPUS_MAX 256

static void *block;
static uint64_t block_bytes;
static struct pmm *pmm;
static struct pmm_cpu cpus[CPUS_MAX];
static struct pmm_barrier barrier;

static struct mem_region region(uint64_t n_frames)
{
    return (struct mem_region){ frame_start(frame(FIRST_FRAME)), frame_start(frame(FIRST_FRAME + n_frames)),
                                REGION_USABLE, 0 };
}

static uint64_t adapter_metadata_bytes(uint64_t n_frames)
{
    const struct mem_region all = region(n_frames);

    return pmm_metadata_bytes(&all, 1);
}

static uint64_t adapter_first_frame(void) { return FIRST_FRAME; }

static void run_barrier(void *context)
{
    (void)context;
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
        abort();
}

static void adapter_prepare(const struct bench *b)
{
    if (block)
        return; /* both modes share it */
    block_bytes = adapter_metadata_bytes(b->big_frames);
    block = bench_memory(block_bytes);
    if (!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
        barrier.run = run_barrier; /* without it, as under valgrind, the allocator waits instead */
}

static void adapter_init(uint64_t n_frames, unsigned n_cpus)
{
    const struct mem_region all = region(n_frames);

    if (n_cpus > CPUS_MAX || pmm_init(block, block_bytes, METADATA_START, &all, 1, &pmm) != PMM_OK)
        abort();
    pmm_cpus_init(pmm, cpus, n_cpus, barrier);
}

static inline bool adapter_get(unsigned cpu, uint64_t *ret_frame)
{
    frame_t got;
    const bool found = pmm_alloc_frame(pmm, &cpus[cpu], &got) == PMM_OK;

    if (found)
        *ret_frame = got.value;
    return found;
}

static inline bool adapter_put(unsigned cpu, uint64_t f)
{
    return pmm_dealloc_frame(pmm, &cpus[cpu], frame(f)) == PMM_OK;
}

static inline bool adapter_get_2m(unsigned cpu, uint64_t *ret_first)
{
    frame_t got;
    const bool found = pmm_alloc_run(pmm, &cpus[cpu], AREA_FRAMES, AREA_FRAMES, PMM_ANYWHERE, &got) == PMM_OK;

    if (found)
        *ret_first = got.value;
    return found;
}

static inline bool adapter_put_2m(unsigned cpu, uint64_t first)
{
    return pmm_dealloc_run(pmm, &cpus[cpu], frame(first), AREA_FRAMES) == PMM_OK;
}

#include "pmm_cases.h"

const struct contender contender_boot = { "boot", true, adapter_prepare, run_case, fragmentation };
const struct contender contender_shared = { "shared", false, adapter_prepare, run_case, fragmentation };
