#include "firmware.h"

#define ANYWHERE UINT64_MAX

/* Whether the firmware hands out what nobody could keep: low, beyond reach, or somebody else's. */
static bool is_unfit(const struct page_limits *limits, struct phys_range range)
{
    const struct boot_info *info = limits->info;
    const uint64_t limit = 1ull << info->phys_bits;

    if (range.start.value < MIB(1) || range.start.value & PAGE_MASK || range.start.value >= limit ||
        range.bytes > limit - range.start.value || phys_ranges_overlap(range, limits->aperture))
        return true;
    for (size_t i = 0; i < info->n_claims; i++)
        if (phys_ranges_overlap(range, info->claims[i].bytes))
            return true;
    return false;
}

/* The lowest start of bad memory in it; 0: it has none, or begins with it at address 0. */
static uint64_t find_bad(const struct page_limits *limits, struct phys_range range)
{
    const struct boot_info *info = limits->info;
    uint64_t lowest = 0;

    for (size_t i = 0; i < info->n_claims; i++) {
        const struct region_claim *claim = &info->claims[i];

        if (claim->type == REGION_BAD_MEMORY && phys_ranges_overlap(range, claim->bytes) &&
            (!lowest || claim->bytes.start.value < lowest))
            lowest = claim->bytes.start.value;
    }
    return lowest;
}

void pages_free(const struct firmware *fw, struct phys_range *range)
{
    if (range->bytes)
        fw->boot->FreePages(range->start.value, range->bytes >> PAGE_SHIFT);
    *range = (struct phys_range){ 0 };
}

/* Gives back what lies outside the part that is aligned. */
static struct phys_range keep_aligned(const struct firmware *fw, struct phys_range all, uint64_t bytes, uint64_t align)
{
    const uint64_t start = align_up(all.start.value, align), end = start + bytes;
    struct phys_range before = { all.start, start - all.start.value };
    struct phys_range after = { phys_addr(end), phys_range_end(all) - end };

    pages_free(fw, &before);
    pages_free(fw, &after);
    return (struct phys_range){ phys_addr(start), bytes };
}

/*
 * Below *end. EFI_NOT_FOUND: there are pages, but none that we could keep; *end says where to try next, 0: nowhere.
 * Firmware allocates from the top down, so what bad memory was in the way of lies below it.
 */
static EFI_STATUS try_pages(const struct page_limits *limits, uint64_t *end, uint64_t bytes, uint64_t align,
                            struct phys_range *ret)
{
    const EFI_ALLOCATE_TYPE how = *end == ANYWHERE ? AllocateAnyPages : AllocateMaxAddress;
    const uint64_t all = bytes + align - PAGE_SIZE;
    EFI_PHYSICAL_ADDRESS start = *end - 1;
    const EFI_STATUS status = limits->fw->boot->AllocatePages(how, EfiLoaderData, all >> PAGE_SHIFT, &start);
    struct phys_range got = { phys_addr(start), all };

    if (EFI_ERROR(status))
        return status == EFI_NOT_FOUND ? EFI_OUT_OF_RESOURCES : status;
    if (is_unfit(limits, got)) {
        const uint64_t bad = find_bad(limits, got), next = bad ? bad : GIB(4);

        *end = next < *end ? next : 0;
        pages_free(limits->fw, &got);
        return EFI_NOT_FOUND;
    }
    *ret = keep_aligned(limits->fw, got, bytes, align);
    return EFI_SUCCESS;
}

EFI_STATUS pages_allocate(const struct page_limits *limits, uint64_t bytes, uint64_t align, struct phys_range *ret)
{
    const uint64_t whole = frames_to_bytes(bytes_to_frames(bytes));
    uint64_t end = ANYWHERE;
    EFI_STATUS status;

    if (bytes > 1ull << PHYS_BITS_MAX) /* not the whole, which may wrap */
        return EFI_OUT_OF_RESOURCES;
    do
        status = try_pages(limits, &end, whole, align, ret);
    while (status == EFI_NOT_FOUND && end);
    return status == EFI_NOT_FOUND ? EFI_OUT_OF_RESOURCES : status;
}

EFI_STATUS pages_allocate_below(const struct page_limits *limits, uint64_t bytes, uint64_t end, struct phys_range *ret)
{
    EFI_PHYSICAL_ADDRESS start = end - 1;
    const EFI_STATUS status =
        limits->fw->boot->AllocatePages(AllocateMaxAddress, EfiLoaderData, bytes_to_frames(bytes), &start);

    if (EFI_ERROR(status))
        return status;
    *ret = (struct phys_range){ phys_addr(start), frames_to_bytes(bytes_to_frames(bytes)) };
    if (start && !(start & PAGE_MASK) && phys_range_end(*ret) <= end && !find_bad(limits, *ret))
        return EFI_SUCCESS;
    pages_free(limits->fw, ret);
    return EFI_NOT_FOUND;
}
