#include "addr.h"
#include "report_text.h"

const char *nth_string(const char *strings, unsigned n)
{
    while (n)
        n -= *strings++ == '\0';
    return strings;
}

const char *firmware_type_name(uint32_t type)
{
    static const char names[] = "Reserved\0LoaderCode\0LoaderData\0BootServiceCode\0BootServiceData\0RuntimeCode\0"
                                "RuntimeData\0Available\0UnusableMemory\0ACPIReclaimMemory\0ACPIMemoryNVS\0"
                                "MemoryMappedIO\0MemoryMappedIOPortSpace\0PalCode\0Persistent\0Unaccepted";

    return type <= FIRMWARE_UNACCEPTED ? nth_string(names, type) : NULL;
}

void print_attribute_names(const struct sink *sink, uint64_t attributes)
{
    /* Of bits 0 to 20; those of bits 5 to 11 are never asked for. */
    static const char names[] = "UC\0WC\0WT\0WB\0UCE\0\0\0\0\0\0\0\0WP\0RP\0XP\0NV\0MR\0RO\0SP\0CRYPTO\0HOT";
    const uint64_t named = 0x1FF01F;
    const char *separator = "";

    for (uint64_t left = attributes & named; left; left &= left - 1) {
        print_format(sink, "%s%s", separator, nth_string(names, (unsigned)__builtin_ctzll(left)));
        separator = " ";
    }
    if (attributes & FIRMWARE_ATTRIBUTE_RUNTIME)
        print_format(sink, "%sRT", separator);
    if (attributes & ~named & ~FIRMWARE_ATTRIBUTE_RUNTIME)
        print_format(sink, "%s%lx", *separator || attributes & FIRMWARE_ATTRIBUTE_RUNTIME ? " " : "",
                     attributes & ~named & ~FIRMWARE_ATTRIBUTE_RUNTIME);
}

uint64_t pages_to_bytes(uint64_t pages)
{
    return pages > UINT64_MAX >> PAGE_SHIFT ? UINT64_MAX : pages << PAGE_SHIFT;
}

bool firmware_descriptor_end(const struct firmware_descriptor *d, uint64_t *ret_end)
{
    return d->pages <= UINT64_MAX >> PAGE_SHIFT && !__builtin_add_overflow(d->start, d->pages << PAGE_SHIFT, ret_end);
}
