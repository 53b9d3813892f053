/*
 * Physical memory manager: hands out 4 KiB frames, single and in runs, from the usable memory of the machine.
 *
 * One bit per frame, 0 = free, 1 = allocated, in words of 64; a 64-ary summary above finds a free frame without
 * scanning. Words exist for usable memory only: each run of tracked frames ("span") has its own words, and holes
 * between spans cost nothing, however large. Everything lies in one block of metadata, starting with struct pmm, that
 * holds offsets and frame numbers but no pointers: it can be moved or mapped elsewhere as a whole.
 *
 *   struct pmm | spans: first frame, count, first word | pieces still reclaimable | bitmap words | summaries
 *
 * Who is who among the frames:
 *   tracked    in a span: USABLE and BOOTLOADER_RECLAIMABLE regions at pmm_init()
 *   usable     tracked, and either usable from the start or given by pmm_add()
 *   free       usable and not allocated
 * Frame 0 is usable but allocated for ever. Frames below 1 MiB are free, yet handed out only to a request bounded to
 * 1 MiB (`below` <= MIB(1)) or to pmm_reserve(): processors need them to start. Lowest addresses are handed out first.
 *
 * Context of every call that takes a cpu: any CPU, at any time, but not from an exception handler; the caller stays on
 * this CPU with interrupts off during the call, and passes this CPU's state. A failed call has changed nothing.
 *
 * One lock guards all of it. Other CPUs wait long for the calls on arrays (a step per frame), on runs (a step per 64
 * frames, after the search that pmm_alloc_run() describes), and for pmm_stats() (a walk over all free runs).
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
    _Alignas(128) uint64_t private_words[32];
};

/*
 * Makes every CPU of the allocator execute a memory barrier before it returns: by an inter-processor interrupt, or
 * membarrier(2). Called rarely, with interrupts off, by one CPU at a time. run == NULL: the allocator waits instead.
 */
struct pmm_barrier {
    void (*run)(void *context);
    void *context;
};

/*
 * Bytes of metadata for these regions: sorted and disjoint, as region_normalize() gives them. At most 34,000 bytes per
 * GiB of tracked memory, plus 64 KiB, plus 32 bytes per run beyond 1,000 (a run: adjacent tracked frames, in however
 * many regions), plus 8 bytes per BOOTLOADER_RECLAIMABLE region beyond 1,000; if there are no more than 500,000 runs.
 */
size_t pmm_metadata_bytes(const struct mem_region *regions, size_t n_regions);

/*
 * Builds the allocator in `metadata` (64-aligned, at least pmm_metadata_bytes() long, contents arbitrary), which lies
 * at physical address `metadata_start`; what the block has beyond pmm_metadata_bytes() is left alone. USABLE frames are
 * free, except frame 0 and those that the metadata itself occupies, if they are usable; BOOTLOADER_RECLAIMABLE ones are
 * tracked and wait for pmm_add(), which keeps the same exceptions. Other types are left out. Takes about 1.3
 * instructions per 64 frames. The regions are not needed afterwards.
 * ret_pmm     receives metadata as a struct pmm; untouched unless PMM_OK. Errors: PMM_BAD_METADATA.
 */
MUST_CHECK enum pmm_status pmm_init(void *metadata, size_t metadata_bytes, phys_addr_t metadata_start,
                                    const struct mem_region *regions, size_t n_regions, struct pmm **ret_pmm);

/*
 * Names the CPUs that will call: cpus[i] belongs to CPU i, and stays where it is. n == 1 is the mode for booting, without
 * atomic operations. Later calls go from one array to another, say from one CPU to all: after pmm_drain(), with no call
 * in flight.
 * n   1..PMM_CPUS_MAX.
 */
void pmm_cpus_init(struct pmm *pmm, struct pmm_cpu *cpus, uint64_t n, struct pmm_barrier barrier);

/* Takes back what the CPUs hold for their next calls: until one comes, the metadata alone tell everything. */
void pmm_drain(struct pmm *pmm, struct pmm_cpu *cpu);

/* One frame, the lowest free one from 1 MiB up. PMM_NO_MEMORY. Not zeroed; the caller's until deallocated. */
MUST_CHECK enum pmm_status pmm_alloc_frame(struct pmm *pmm, struct pmm_cpu *cpu, frame_t *ret_frame);

/* Gives back one frame. PMM_NOT_USABLE, PMM_PROTECTED, PMM_DOUBLE_FREE. */
MUST_CHECK enum pmm_status pmm_dealloc_frame(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f);

/*
 * n contiguous frames, the lowest such run that fits.
 * n          frames, >= 1.    align  of the first frame, in frames, a power of two.
 * below      exclusive upper bound of the whole run, bytes. PMM_ANYWHERE: none. Up to 1 MiB: low memory is used;
 *            above: only memory from 1 MiB up.
 * ret_first  receives the first frame; untouched unless PMM_OK.
 * Errors: PMM_NO_MEMORY, PMM_BAD_RANGE.
 * Takes a few loads if the first free run fits. Else full words are never looked at; runs that must hold a wholly free
 * 2 MiB area (two areas less a frame, or an aligned one) are looked for there, shorter ones word by word.
 */
MUST_CHECK enum pmm_status pmm_alloc_run(struct pmm *pmm, struct pmm_cpu *cpu, uint64_t n, uint64_t align,
                                         phys_addr_t below, frame_t *ret_first);

/*
 * Gives back n contiguous frames, all of them allocated: a whole run, or any part of one or several.
 * The first of these that holds: PMM_BAD_RANGE, PMM_NOT_USABLE (the first frame is not usable), PMM_WRONG_LENGTH
 * (another one is not), PMM_PROTECTED (any frame is), PMM_DOUBLE_FREE (all are free), PMM_WRONG_LENGTH (some are).
 */
MUST_CHECK enum pmm_status pmm_dealloc_run(struct pmm *pmm, struct pmm_cpu *cpu, frame_t first, uint64_t n);

/*
 * Allocates exactly these frames, low memory included. The first of these that holds for any frame: PMM_BAD_RANGE,
 * PMM_NOT_USABLE, PMM_PROTECTED, PMM_NOT_FREE.
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
 * add whole regions).
 */
MUST_CHECK enum pmm_status pmm_add(struct pmm *pmm, struct pmm_cpu *cpu, struct frame_range range);

/* Up to n single frames into `frames`, ascending; returns how many, fewer than n only when no more are free. */
MUST_CHECK uint64_t pmm_alloc_frames(struct pmm *pmm, struct pmm_cpu *cpu, frame_t *frames, uint64_t n);

/*
 * Gives back frames[0..n) in this order. Stops at the first bad one: *ret_done receives how many were given back, and
 * the status tells why the next was refused, as pmm_dealloc_frame() does. (The one call that can fail half-way.)
 */
MUST_CHECK enum pmm_status pmm_dealloc_frames(struct pmm *pmm, struct pmm_cpu *cpu, const frame_t *frames, uint64_t n,
                                              uint64_t *ret_done);

/*
 * The first maximal run of free frames that begins at or after `from` (a run that contains `from` is cut there), low
 * memory included. count == 0: there is none. Iterate with from = first + count.
 */
struct frame_range pmm_next_free_run(struct pmm *pmm, struct pmm_cpu *cpu, frame_t from);

/* Exact when no other call is in flight. largest_free_run costs a walk over the free runs, others waiting meanwhile. */
struct pmm_stats pmm_stats(struct pmm *pmm, struct pmm_cpu *cpu);

/* Free frames alone: a few loads per CPU, safe in any context. */
uint64_t pmm_free_frames(struct pmm *pmm, struct pmm_cpu *cpu);

/* Whether the frame is usable memory, allocated or not. */
bool pmm_is_usable(struct pmm *pmm, struct pmm_cpu *cpu, frame_t f);

/* "no memory", "double free", ... for messages. */
const char *pmm_status_text(enum pmm_status status);

#endif
