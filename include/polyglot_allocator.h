/*
 * The frame allocator in the hand-over: an extension of the Limine boot protocol, x86-64. MIT. For loaders and kernels
 * alike; needs nothing but <stdint.h>, and goes with any header for the protocol.
 *
 * A kernel that holds this request gets the allocator that its loader has been using: live, verified, every frame in
 * use marked as allocated. It links libpolyglot_mm.a, includes pmm.h and pmm_limine.h, and says:
 *
 *     static volatile struct polyglot_allocator_request allocator = POLYGLOT_ALLOCATOR_REQUEST;
 *     static struct pmm_cpu cpus[CPUS_MAX];            // the allocator's memory for each CPU
 *
 *     struct pmm *pmm;
 *     const struct pmm_limine boot = {
 *         .memory_map = memory_map.response,           // of the protocol's own Memory Map request
 *         .hhdm_offset = hhdm.response->offset,
 *         .allocator = (const struct polyglot_allocator_response *)allocator.response, // NULL under other loaders
 *     };
 *     if (pmm_limine_start(&boot, cpus, n_cpus, (struct pmm_barrier){ 0 }, &pmm) != PMM_OK)
 *         halt();
 *     struct pmm_frame got = pmm_take_frame(pmm, &cpus[0]);  // any CPU, at once: got.frame.value << 12
 *
 * Under a loader that does not know the request, pmm_limine_start() builds the same allocator from the memory map: the
 * rest of the kernel sees no difference. When nothing of the loader's is needed any more, pmm_reclaim_loader() frees
 * its memory; include/pmm_handover.h says what must have moved before. kernel/sample/ is a whole kernel that does it.
 */
#ifndef POLYGLOT_ALLOCATOR_H
#define POLYGLOT_ALLOCATOR_H

#include <stdint.h>

/* The protocol's two common words, and the request's own. */
#define POLYGLOT_ALLOCATOR_ID                                                                                          \
    { 0xc7b1dd30df4c8b88ull, 0x0a82e883a194f07bull, 0x706f6c79676c6f74ull, 0x6672616d65730001ull }

#define POLYGLOT_ALLOCATOR_REVISION 0
#define POLYGLOT_METADATA_VERSION 1 /* of the layout of the metadata that this library reads and writes */

/*
 * Both structures may grow at their ends; each side says how much of its own it has filled in, and takes what lies
 * beyond that of the other's as 0.
 */
struct polyglot_allocator_request {
    uint64_t id[4];
    uint64_t revision;
    uint64_t response;         /* address, see below; as the kernel left it unless the request is served */
    uint64_t request_bytes;    /* from the start of this structure; at least 64 */
    uint64_t metadata_version; /* the only one that the kernel can adopt: the loader gives that one or none */
};

#define POLYGLOT_ALLOCATOR_REQUEST                                                                                     \
    {                                                                                                                  \
        .id = POLYGLOT_ALLOCATOR_ID, .revision = POLYGLOT_ALLOCATOR_REVISION, .response = 0,                           \
        .request_bytes = sizeof(struct polyglot_allocator_request), .metadata_version = POLYGLOT_METADATA_VERSION      \
    }

/*
 * Lies in bootloader-reclaimable memory, in the direct map, like all responses. The metadata do not: they are an entry
 * of their own in the memory map, of type "executable and modules", and stay where they are. They are sealed and
 * quiescent (pmm_seal()); the counts are those of that moment, for the kernel to compare.
 */
struct polyglot_allocator_response {
    uint64_t revision;
    uint64_t response_bytes;    /* from the start of this structure; at least 72 */
    uint64_t metadata;          /* virtual, in the direct map, page-aligned */
    uint64_t metadata_bytes;
    uint64_t metadata_physical;
    uint64_t metadata_version;
    uint64_t total_frames;  /* tracked: usable memory, kernel, modules, metadata, and what can be reclaimed */
    uint64_t usable_frames; /* the same without what can be reclaimed */
    uint64_t free_frames;
};

_Static_assert(sizeof(struct polyglot_allocator_request) == 0x40, "the request's layout");
_Static_assert(sizeof(struct polyglot_allocator_response) == 0x48, "the response's layout");

#endif
