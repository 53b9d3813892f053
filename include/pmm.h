/*
 * Physical memory manager: hands out 4 KiB frames, single and in runs, from the usable memory of the machine, to all
 * processors at once.
 *
 * One bit per frame, 0 = free, 1 = allocated, in words of 64; 64-ary summaries above find free frames and free 2 MiB in
 * a few loads. Words exist for usable memory only: each run of tracked frames ("span") has its own words, and holes
 * between spans cost nothing, however large. Everything lies in one block of metadata, starting with struct pmm, that
 * holds offsets and frame numbers but no pointers: after pmm_drain() it can be moved, mapped elsewhere or handed over
 * as a whole.
 *
 *   struct pmm | spans | pieces still reclaimable | bitmap words | an owner byte per 2 MiB | summaries
 *
 * Each CPU takes a word of the bitmap for itself, hands out its frames and takes them back without an atomic operation;
 * who frees into other words does so by one. mm/pmm_cpu.h and mm/pmm_area.h have the protocol.
 *
 * Who is who among the frames:
 *   tracked    in a span: USABLE and BOOTLOADER_RECLAIMABLE regions at pmm_init()
 *   usable     tracked, and either usable from the start or given by pmm_add()
 *   free       usable and not allocated
 * Frame 0 is usable but allocated for ever. Frames below 1 MiB are free, yet handed out only to a request bounded to 1
 * MiB (`below` <= MIB(1)) or to pmm_reserve(): processors need them to start. What is handed out first: areas of 2 MiB
 * that are in use, from the lowest on, so that whole ones last; which frame, is not promised.
 *
 * Context of every call that takes a cpu, unless it says otherwise. Any CPU, at any time, several at once. The caller
 *   - passes this CPU's own state: one of pmm_cpus_init()'s array, used by one CPU only;
 *   - stays on this CPU from begin to end of the call, with interrupts off;
 *   - is no handler that may have interrupted a call on this CPU: NMI, machine check, a fault in the call.
 * If a hypervisor or system management mode takes the CPU away in the middle, others wait for it only where they have
 * to stop all CPUs: see "stops" below. A failed call has changed nothing.
 *
 * What a call costs. pmm_alloc_frame() and pmm_dealloc_frame(): some 15 to 60 instructions, one atomic operation at
 * most on the average; so do 2 MiB aligned to 2 MiB, and runs below that which begin anywhere. All others, and those
 * that find nothing at hand, *stop* all CPUs: they wait until no call is in flight anywhere, take back what CPUs hold,
 * search the true bitmap, and make calls of others wait meanwhile. That is microseconds, or, for pmm_stats() and
 * searches in badly fragmented memory, more. So PMM_NO_MEMORY is exact: whatever frame is free, any CPU gets it.
 */
#ifndef PMM_H
#define PMM_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "compiler.h"
#include "mem_region.h"

#define PMM_ANYWHERE ((phys_addr_t){ UINT64_MAX }) /* for `below`: no bound */
#define PMM_LOW_MEMORY ((phys_addr_t){ MIB(1) })   /* for `below`: real-mode memory */

#define PMM_CPUS_MAX 65536

struct pmm;

enum pmm_status {
    PMM_OK,
    PMM_NO_MEMORY,      /* no such frame or run is free */
    PMM_BAD_RANGE,      /* n == 0, align not a power of two, range wraps: the request makes no sense */
    PMM_NOT_USABLE,     /* a frame that is not, or not yet, usable memory: hole, device, reclaimable, never tracked */
    PMM_PROTECTED,      /* frame 0 or the allocator's own metadata */
    PMM_DOUBLE_FREE,    /* a frame that is free already */
    PMM_NOT_FREE,       /* pmm_reserve(): a frame is allocated already. pmm_add(): a frame is usable already */
    PMM_WRONG_LENGTH,   /* pmm_dealloc_*(): partly allocated, partly free, or leaving usable memory midway */
    PMM_BAD_METADATA,   /* pmm_init(): block too small, unaligned, or ending beyond what a processor can address */
    /* Of a block that somebody else has built: pmm_adopt() and pmm_verify() in include/pmm_handover.h. */
    PMM_BAD_MAGIC,
    PMM_BAD_VERSION,
    PMM_BAD_CHECKSUM,
    PMM_BAD_REGIONS,
    PMM_BAD_LISTS,
    PMM_BAD_BITS,
    PMM_BAD_COUNTS,
};

struct pmm_stats {
    uint64_t total_frames;     /* tracked */
    uint64_t usable_frames;
    uint64_t free_frames;
    uint64_t allocated_frames; /* usable - free */
    uint64_t largest_free_run; /* frames, contiguous */
};

/* A CPU's part of the allocator. The caller provides the memory, an array with one per CPU, and never looks inside. */
struct pmm_cpu {
    _Alignas(128) uint64_t private_words[48];
};

/*
 * Makes every CPU of the allocator execute a memory barrier before it returns: by an inter-processor interrupt that
 * cannot be held off (NMI), or by membarrier(2). Called when CPUs must be stopped, by one CPU at a time, which has
 * interrupts off. run == NULL: the allocator waits instead, some 10 to 100 us if a CPU does not call meanwhile, for
 * what the CPU has stored to arrive. That is longer than any store buffer takes to empty itself, but no manual gives a
 * bound.
 */
struct pmm_barrier {
    void (*run)(void *context);
    void *context;
};

/*
 * Bytes of metadata for these regions: sorted and disjoint, as region_normalize() gives them. At most 34,000 bytes per
 * GiB of tracked memory, plus 64 KiB, plus 32 bytes per run beyond 1,000 (a run: adjacent tracked frames, in however
 * many regions), plus 8 bytes per BOOTLOADER_RECLAIMABLE region beyond 1,000; if there are no more than 200,000 runs.
 */
size_t pmm_metadata_bytes(const struct mem_region *regions, size_t n_regions);

/*
 * Builds the allocator in `metadata` (64-aligned, at least pmm_metadata_bytes() long, contents arbitrary), which lies
 * at physical address `metadata_start`; what the block has beyond pmm_metadata_bytes() is left alone. USABLE frames are
 * free, except frame 0 and those that the metadata itself occupies, if they are usable; BOOTLOADER_RECLAIMABLE ones are
 * tracked and wait for pmm_add(), which keeps the same exceptions. Other types are left out. Takes less than
 * an instruction per 2 MiB of USABLE memory. The regions are not needed afterwards.
 * ret_pmm     receives metadata as a struct pmm; untouched unless PMM_OK. Errors: PMM_BAD_METADATA.
 */
MUST_CHECK enum pmm_status pmm_init(void *metadata, size_t metadata_bytes, phys_addr_t metadata_start,
                                    const struct mem_region *regions, size_t n_regions, struct pmm **ret_pmm);

/*
 * Names the CPUs that will call: cpus[i] belongs to CPU i. The array stays where it is; its contents are arbitrary
 * before. n == 1 is the mode for booting, without atomic operations and without stops. Later calls go from one array to
 * another, say from one CPU to all: after pmm_drain(), with no call in flight. It is needed, too, after the block was
 * moved.
 * n   1..PMM_CPUS_MAX. A CPU that never calls costs nothing.
 */
void pmm_cpus_init(struct pmm *pmm, struct pmm_cpu *cpus, uint64_t n, struct pmm_barrier barrier);

/*
 * Takes back what the CPUs hold for their next calls: until one comes, the metadata alone tell everything, and the
 * array of CPUs may be forgotten. Stops all CPUs.
 */
void pmm_drain(struct pmm *pmm, struct pmm_cpu *cpu);

/* One frame, from 1 MiB up. PMM_NO_MEMORY. Not zeroed; the caller's until deallocated. */
struct pmm_frame {
    enum pmm_status status;
    frame_t frame; /* meaningful if PMM_OK */
};
MUST_CHECK struct pmm_frame pmm_take_frame(struct pmm *pmm, struct pmm_cpu *cpu);

/*
 * The same for those who prefer a status. Both values of pmm_take_frame() come in registers: this costs nothing more.
 */
MUST_CHECK static inline enum pmm_status pmm_alloc_frame(struct pmm *pmm, struct pmm_cpu *cpu, frame_t *ret_frame)
{
    const struct pmm_frame got = pmm_take_frame(pmm, cpu);

    if (got.status == PMM_OK)
        *ret_frame = got.frame;
    return got.status;
}

/*
 * Gives back one frame, whoever got it. PMM_NOT_USABLE, PMM_PROTECTED, PMM_DOUBLE_FREE: also if another CPU holds the
 * frame for its own next calls. Of several who free a frame at the same time, one is told PMM_OK.
 */
MUST_CHECK enum pmm_status pmm_dealloc_frame(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f);

/*
 * n contiguous frames. With one CPU the lowest such run that fits, except for 2 MiB.
 * n          frames, >= 1.    align  of the first frame, in frames, a power of two.
 * below      exclusive upper bound of the whole run, bytes. PMM_ANYWHERE: none. Up to 1 MiB: low memory is used;
 *            above: only memory from 1 MiB up.
 * ret_first  receives the first frame; untouched unless PMM_OK.
 * Errors: PMM_NO_MEMORY, PMM_BAD_RANGE.
 * Stops all CPUs but for 2 MiB aligned to 2 MiB, and for shorter runs with align up to 64, while a wholly free 2 MiB is
 * left and below is PMM_ANYWHERE. Then a search takes a few loads if the first free run fits; else full words are never
 * looked at; runs that must hold a wholly free area (two areas less a frame, or an aligned one) are looked for there,
 * shorter ones word by word.
 */
MUST_CHECK enum pmm_status pmm_alloc_run(struct pmm *pmm, struct pmm_cpu *cpu, uint64_t n, uint64_t align,
                                         phys_addr_t below, frame_t *ret_first);

/*
 * Gives back n contiguous frames, all of them allocated: a whole run, or any part of one or several.
 * The first of these that holds: PMM_BAD_RANGE, PMM_NOT_USABLE (the first frame is not usable), PMM_WRONG_LENGTH
 * (another one is not), PMM_PROTECTED (any frame is), PMM_DOUBLE_FREE (all are free), PMM_WRONG_LENGTH (some are).
 * Stops all CPUs unless the run lies in one area of 2 MiB and is freed by the rules.
 */
MUST_CHECK enum pmm_status pmm_dealloc_run(struct pmm *pmm, struct pmm_cpu *cpu, frame_t first, uint64_t n);

/*
 * Allocates exactly these frames, low memory included. The first of these that holds for any frame: PMM_BAD_RANGE,
 * PMM_NOT_USABLE, PMM_PROTECTED, PMM_NOT_FREE. Stops all CPUs.
 */
MUST_CHECK enum pmm_status pmm_reserve(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range);

/*
 * The same for a range of which some frames may not be usable: those are left out. As pmm_reserve(), but PMM_NOT_USABLE
 * is no error; on another error the frames below the one that it is about stay allocated.
 */
MUST_CHECK enum pmm_status pmm_reserve_usable(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range);

/*
 * Makes reclaimable frames usable, and free. Every frame must be tracked and not usable yet.
 * The first of these that holds for any frame: PMM_BAD_RANGE, PMM_NOT_USABLE (untracked), PMM_NOT_FREE (usable
 * already), PMM_NO_MEMORY (the range lies in the middle of a reclaimable region, and 64 regions were cut in two before:
 * add whole regions). Stops all CPUs.
 */
MUST_CHECK enum pmm_status pmm_add(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range);

/* Up to n single frames into `frames`; returns how many, fewer than n only when no more are free from 1 MiB up. */
MUST_CHECK uint64_t pmm_alloc_frames(struct pmm *pmm, struct pmm_cpu *cpu, frame_t *frames, uint64_t n);

/*
 * Gives back frames[0..n) in this order. Stops at the first bad one: *ret_done receives how many were given back, and
 * the status tells why the next was refused, as pmm_dealloc_frame() does. (The one call that can fail half-way.)
 */
MUST_CHECK enum pmm_status pmm_dealloc_frames(struct pmm *pmm, struct pmm_cpu *cpu, const frame_t *frames, uint64_t n,
                                              uint64_t *ret_done);

/*
 * The first maximal run of free frames that begins at or after `from` (a run that contains `from` is cut there), low
 * memory included. count == 0: there is none. Iterate with from = first + count. Stops all CPUs.
 */
struct frame_range pmm_next_free_run(struct pmm *pmm, struct pmm_cpu *cpu, frame_t from);

/* Exact. Stops all CPUs, for a walk over the free runs. */
struct pmm_stats pmm_stats(struct pmm *pmm, struct pmm_cpu *cpu);

/*
 * Free frames alone: a dozen loads per CPU, in any context. Exact when no other call is in flight; else as if those
 * were partly done, but never below 0 nor above the total.
 */
uint64_t pmm_free_frames(struct pmm *pmm, struct pmm_cpu *cpu);

/* Whether the frame is usable memory, allocated or not. */
bool pmm_is_usable(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f);

/* "no memory", "double free", ... for messages. */
const char *pmm_status_text(enum pmm_status status);

#endif
