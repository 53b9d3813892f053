#include "image.h"

/* From efi/image.lds. Hidden, so that they are reached relative to rip and need no relocation. */
#pragma GCC visibility push(hidden)
extern const char ImageBase[];
extern const char image_text_start[], image_text_end[];
extern const char image_rodata_start[], image_rodata_end[];
extern const char image_data_start[], image_end[];
#pragma GCC visibility pop

static struct phys_range range(const char *start, const char *end)
{
    return (struct phys_range){ phys_addr(virt_of(start).value), (uint64_t)(end - start) };
}

struct image_layout image_layout(void)
{
    return (struct image_layout){
        .whole = range(ImageBase, image_end),
        .text = range(image_text_start, image_text_end),
        .rodata = range(image_rodata_start, image_rodata_end),
        .data = range(image_data_start, image_end),
    };
}

uint64_t image_offset(virt_addr_t address) { return address.value - virt_of(ImageBase).value; }

bool image_contains_text(virt_addr_t address)
{
    return phys_range_contains(image_layout().text, phys_addr(address.value));
}
