/*
 * The frame allocator, handed from a loader to a kernel: one block of metadata, live, with all that the loader has
 * taken marked as allocated.
 *
 *     loader    pmm_init(), pmm_reserve() and so on, pmm_drain(), pmm_seal()
 *                 |   the block, at any address: it holds no pointers
 *     kernel    pmm_adopt() -> pmm_take_frame() at once, on any CPU ... pmm_reclaim_loader()
 *
 * include/polyglot_allocator.h is how a kernel asks for it and learns where it lies; include/pmm_limine.h does the same
 * under loaders that do not offer it.
 */
#ifndef PMM_HANDOVER_H
#define PMM_HANDOVER_H

#include "pmm.h"

/*
 * Stores a checksum over all but the bitmap's words: header, spans, reclaimable pieces, owner bytes, summaries, counts.
 * Four instructions per 8 bytes of it: 0.7 MB for 1 TiB. After pmm_drain(), with no call in flight; any later call of
 * the allocator leaves the block unsealed.
 */
void pmm_seal(struct pmm *pmm);

/*
 * Takes over a sealed block: checks it, and names the CPUs as pmm_cpus_init() does.
 *
 * metadata        64-aligned; where it lies now. Whatever it holds, nothing outside metadata_bytes is read or written.
 * metadata_start  where it lies physically: as the loader's pmm_init() was told.
 * cpus, n_cpus, barrier  as of pmm_cpus_init(); n_cpus 1..PMM_CPUS_MAX.
 * ret_pmm         receives metadata as a struct pmm; untouched unless PMM_OK is returned.
 *
 * The first of these that holds: PMM_BAD_RANGE (n_cpus), PMM_BAD_METADATA (unaligned, too short), PMM_BAD_MAGIC,
 * PMM_BAD_VERSION, PMM_BAD_METADATA (a size or offset that cannot be, another physical address), PMM_BAD_CHECKSUM
 * (changed since it was sealed, never sealed, or adopted before), PMM_BAD_METADATA (not quiescent), PMM_BAD_REGIONS
 * (spans or reclaimable pieces that cannot be), PMM_BAD_COUNTS (of those), PMM_BAD_BITS (free, but must not be: what is
 * reclaimable, frame 0, the block itself, no frame at all), PMM_BAD_COUNTS (of free frames), PMM_BAD_LISTS (owner bytes
 * or summaries do not tell what is free). A block that is refused was not changed.
 *
 * So every count is made anew: total from the spans, reclaimable from the pieces, free from the bitmap. That takes a
 * few steps per word of areas of 2 MiB that were touched, and less than one for each that was not. One CPU, before any
 * other call.
 */
MUST_CHECK enum pmm_status pmm_adopt(void *metadata, size_t metadata_bytes, phys_addr_t metadata_start,
                                     struct pmm_cpu *cpus, uint64_t n_cpus, struct pmm_barrier barrier,
                                     struct pmm **ret_pmm);

/*
 * Checks every bit, as pmm_adopt() does, but for the checksum. An entry in a summary that leads a search nowhere is no
 * fault: some are left behind in normal operation.
 * ret_offset   receives where in the block the first wrong word or byte lies, bytes; untouched if PMM_OK is returned.
 * Stops all CPUs, for a walk over all metadata. Changes nothing, and can be called at any time.
 */
MUST_CHECK enum pmm_status pmm_verify(struct pmm *pmm, struct pmm_cpu *cpu, uint64_t *ret_offset);

/*
 * Makes usable, and free, all that still waits for it: what the loader, and the firmware's boot services before it, had
 * in use (BOOTLOADER_RECLAIMABLE at pmm_init()). Returns how many frames became free: frame 0 and the metadata, if they
 * are among them, do not. Stops all CPUs.
 *
 * Before the call, nothing that lies there may be needed any more. Of every CPU, those too that wait in the loader's
 * code to be started:
 *   - page tables: CR3 names tables in memory that the kernel has allocated;
 *   - the stack;
 *   - the GDT, and the segment registers loaded from the kernel's own; TSS and IDT, if the loader set any.
 * Copied to memory of the kernel's, or done with:
 *   - responses and all that they point to: memory map, command line, paths, framebuffer structures, EDID, MP entries;
 *   - firmware tables among them that are not in memory of their own type: boot graphics (BGRT), the EFI memory map;
 *   - boot services code and data as a whole, until SetVirtualAddressMap() has been called, if it is to be.
 * Frames of the kernel and its modules do not wait here: they are allocated, and freed by pmm_dealloc_run().
 */
uint64_t pmm_reclaim_loader(struct pmm *pmm, struct pmm_cpu *cpu);

#endif
