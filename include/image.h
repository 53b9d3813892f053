/*
 * BOOTX64.EFI itself in memory: where the linker (efi/image.lds) put its parts and the firmware loaded them. Bytes,
 * page-aligned, identity-mapped: a part's physical address is its virtual one.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>

#include "addr.h"

/*
 *   base | PE header | .text | .reloc | .rodata | .data .bss | end
 *          R--         R-X     R--      R--       RW-
 */
struct image_layout {
    struct phys_range whole;
    struct phys_range text;
    struct phys_range rodata;
    struct phys_range data; /* .data and .bss */
};

struct image_layout image_layout(void);

/* Offset from the image's base, which addr2line -e BOOTX64.EFI.debug understands. Only for addresses inside it. */
uint64_t image_offset(virt_addr_t address);

bool image_contains_text(virt_addr_t address);

#endif
