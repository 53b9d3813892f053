/*
 * What the loader has prepared for a kernel that speaks the Limine protocol: the wall between efi/limine/, which works
 * while boot services run, and kernel/limine/, which does the rest when they are gone. Plain data beside struct
 * boot_info. Everything named here lies in LoaderData, whole pages, reached by its physical address until the kernel's
 * tables are active.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "limine_protocol.h"
#include "mem_region.h"

struct polyglot_allocator_response;

/* A structure of the kernel's that the loader fills in once boot services are gone; NULL: the kernel did not ask. */
struct handover_responses {
    struct limine_memory_map_response *memory_map;
    struct limine_memory_map_entry *map_entries;
    uint64_t *map_pointers; /* room for map_capacity of each */
    size_t map_capacity;
    struct limine_efi_memory_map_response *efi_memory_map;
    struct limine_mp_response *mp;
    struct limine_mp_info *cpus; /* room for 1 + n_others */
    uint64_t *cpu_pointers;
    struct limine_tsc_frequency_response *tsc;
    uint64_t *tsc_request; /* the request's `response`: only what can be measured is answered */
    uint64_t tsc_response; /* and the value it then gets */
    struct limine_bootloader_performance_response *performance;
    struct polyglot_allocator_response *allocator;
};

/* A piece of the kernel's image with rights of its own: whole pages. */
struct handover_segment {
    uint64_t offset; /* in the image */
    uint64_t bytes;
    unsigned rights; /* enum page_rights */
};

/* A processor other than this, by the MADT. */
struct handover_processor {
    uint32_t apic_id;
    uint32_t acpi_uid;
};

/* How the kernel wants local interrupts to be, and what the MADT says of those that cannot be masked. */
struct handover_nmi {
    uint32_t acpi_uid; /* UINT32_MAX: all processors */
    uint8_t lint;      /* 0 or 1 */
    uint32_t flags;    /* the entry's polarity and trigger mode, as LVT bits */
};

/* Something of the firmware's that the kernel reads. Within the processor's addresses. */
struct handover_table {
    struct phys_range bytes;
    bool is_acpi; /* may lie in ACPI memory of either kind; else RESERVED_MAPPED it must be */
};

struct handover {
    uint64_t base_revision;
    unsigned paging_levels; /* 4 or 5: what the kernel gets */
    uint64_t hhdm_offset;   /* a multiple of 1 GiB in the upper half */

    struct phys_range kernel; /* the image, contiguous */
    virt_addr_t kernel_virt;  /* where the kernel sees it */
    const struct handover_segment *segments;
    size_t n_segments;
    virt_addr_t entry;
    uint64_t stack_bytes; /* of each processor */
    phys_addr_t gdt;      /* the kernel's descriptors: kernel/limine/enter.h */

    /* For the regions: kernel, modules, metadata; then room for what must be RESERVED_MAPPED. */
    struct region_claim *claims;
    size_t n_claims, claims_capacity;
    struct phys_range *framebuffers; /* mapped write-combining */
    size_t n_framebuffers;

    /* What lies where the firmware put it and the kernel must be able to read, from base revision 4 or 5 on. */
    struct handover_table *tables;
    size_t n_tables;

    frame_t start_page;     /* below 1 MiB; 0: none */
    frame_t start_root;     /* below 4 GiB; 0: none */
    struct handover_processor self;
    struct handover_processor *others;
    unsigned n_others;
    struct phys_range stacks; /* of the others, one after the other */
    bool wants_x2apic;
    bool keep_iommu;
    struct handover_nmi *nmis;
    size_t n_nmis;
    phys_addr_t *io_apics;
    size_t n_io_apics;
    phys_addr_t *intel_iommus; /* their register blocks */
    size_t n_intel_iommus;
    phys_addr_t *amd_iommus;
    size_t n_amd_iommus;

    uint64_t entry_ticks; /* TSC when the loader began */
    struct handover_responses responses;
};

#endif
