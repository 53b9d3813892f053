/*
 * What the loader hands to the kernel: the wall between efi/ and everything that runs after the firmware is gone.
 * Plain data; every pointer and address is physical and identity-mapped at hand-over.
 */
#ifndef BOOT_INFO_H
#define BOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "firmware_map.h"
#include "framebuffer.h"
#include "mem_region.h"
#include "options.h"

/*
 * What the loader allocated for the kernel, as LoaderData, before it left boot services. Whole pages, from 1 MiB up. It
 * is usable memory in the regions, and allocated in the frame allocator: all of it can be given back one day.
 */
enum loader_use {
    LOADER_STACK,          /* the kernel's stack; its lowest page is to be unmapped as a guard */
    LOADER_FAULT_STACK,    /* for double faults; guard likewise */
    LOADER_PAGE_TABLES,    /* a pool for the kernel's own tables */
    LOADER_METADATA,       /* for the frame allocator */
    LOADER_REGIONS,        /* for region_normalize() */
    LOADER_FIRMWARE_MAP,   /* holds info->map */
    LOADER_CONSOLE_CELLS,  /* for the framebuffer console; bytes == 0 without a framebuffer */
    LOADER_CLAIMS,         /* holds info->claims; bytes == 0: they are in info->first_claims */
    LOADER_USES
};

#define BOOT_CLAIMS_MAX 8 /* without bad memory */
#define FIRMWARE_VENDOR_MAX 64

struct handover;

struct boot_info {
    const struct handover *handover; /* NULL: the built-in kernel is to run */
    struct firmware_map map; /* as it was when boot services ended */
    struct phys_range image; /* BOOTX64.EFI in memory: PE header, text, constants, data, bss */
    struct phys_range loader[LOADER_USES];
    struct region_claim *claims; /* image, framebuffer, HyperTransport hole, bad memory */
    size_t n_claims, claims_capacity;
    struct region_claim first_claims[BOOT_CLAIMS_MAX];
    unsigned phys_bits; /* addresses the processor has, or the page tables can map, whichever is less */

    struct framebuffer framebuffer;

    /* What the firmware's configuration table names; 0: it does not. */
    phys_addr_t rsdp;     /* ACPI 6.5, 5.2.5.3: leads to the processors and their controllers */
    phys_addr_t smbios32; /* entry points */
    phys_addr_t smbios64;

    uint32_t uefi_revision;     /* major << 16 | minor: UEFI 2.10, 4.2 EFI Table Header */
    char firmware_vendor[FIRMWARE_VENDOR_MAX]; /* UTF-8, NUL-terminated */

    struct options options;
};

#endif
