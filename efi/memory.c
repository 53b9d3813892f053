#include "cpu.h"
#include "fb_console.h"
#include "firmware.h"
#include "kernel_map.h"
#include "memory_picture.h"
#include "pmm.h"

/*
 * Each allocation may split a descriptor, and firmware allocates behind our back until the exit; so everything that is
 * sized by the map has room for KERNEL_MAP_LATE_HOLES more, and the map's buffer for twice as many descriptors as well.
 */
#define DESCRIPTOR_BYTES_GUESS 64   /* before the firmware has told its stride */
#define METADATA_BYTES_PER_HOLE 128 /* one more span of usable memory: its record, two words, padding, summaries */
#define MAP_BYTES_MAX MIB(256)      /* millions of descriptors: this firmware is broken */
#define MAP_READS_MAX 8

#define GUARD_BYTES PAGE_SIZE
#define STACK_BYTES (KIB(64) + GUARD_BYTES)
#define FAULT_STACK_BYTES (KIB(16) + GUARD_BYTES)

static const char use_names[LOADER_USES][24] = {
    [LOADER_STACK] = "the kernel's stack",
    [LOADER_FAULT_STACK] = "the fault stack",
    [LOADER_PAGE_TABLES] = "page tables",
    [LOADER_METADATA] = "the frame allocator",
    [LOADER_REGIONS] = "memory regions",
    [LOADER_FIRMWARE_MAP] = "the memory map",
    [LOADER_CONSOLE_CELLS] = "the text console",
};

/* Whether the firmware hands out what the kernel could not keep: low, beyond reach, or somebody else's. */
static bool is_unfit(const struct gop_choice *choice, const struct boot_info *info, struct phys_range range)
{
    const uint64_t limit = 1ull << info->phys_bits;

    if (range.start.value < MIB(1) || range.start.value & PAGE_MASK || range.start.value >= limit ||
        range.bytes > limit - range.start.value || phys_ranges_overlap(range, choice->aperture))
        return true;
    for (size_t i = 0; i < info->n_claims; i++)
        if (phys_ranges_overlap(range, info->claims[i].bytes))
            return true;
    return false;
}

static void release(const struct firmware *fw, struct phys_range *range)
{
    if (range->bytes)
        fw->boot->FreePages(range->start.value, range->bytes >> PAGE_SHIFT);
    *range = (struct phys_range){ 0 };
}

/* Whole pages of LoaderData. Where the firmware hands out what is not memory, tries once more, below 4 GiB. */
static EFI_STATUS allocate(const struct firmware *fw, const struct gop_choice *choice, struct boot_info *info,
                           enum loader_use use, uint64_t bytes)
{
    const UINTN pages = bytes_to_frames(bytes);
    struct phys_range *range = &info->loader[use];
    EFI_PHYSICAL_ADDRESS start = 0;
    EFI_STATUS status = fw->boot->AllocatePages(AllocateAnyPages, EfiLoaderData, pages, &start);

    *range = (struct phys_range){ phys_addr(start), EFI_ERROR(status) ? 0 : frames_to_bytes(pages) };
    if (!EFI_ERROR(status) && is_unfit(choice, info, *range)) {
        release(fw, range);
        start = GIB(4) - 1;
        status = fw->boot->AllocatePages(AllocateMaxAddress, EfiLoaderData, pages, &start);
        *range = (struct phys_range){ phys_addr(start), EFI_ERROR(status) ? 0 : frames_to_bytes(pages) };
        if (!EFI_ERROR(status) && is_unfit(choice, info, *range)) {
            release(fw, range);
            status = EFI_OUT_OF_RESOURCES;
        }
    }
    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot allocate %lS for %s: %s", frames_to_bytes(pages), use_names[use],
                              status_name(status));
    return EFI_SUCCESS;
}

void loader_memory_free(const struct firmware *fw, struct boot_info *info)
{
    for (unsigned use = 0; use < LOADER_USES; use++)
        release(fw, &info->loader[use]);
}

/* Reads the map into LOADER_FIRMWARE_MAP, which is allocated, and again if that made the map outgrow it. */
static EFI_STATUS allocate_map(const struct firmware *fw, const struct gop_choice *choice, struct boot_info *info,
                               struct map_buffer *map)
{
    EFI_STATUS status;

    *map = (struct map_buffer){ 0 };
    status = map_read(fw->boot, map);
    for (unsigned reads = 0; status == EFI_BUFFER_TOO_SMALL && reads < MAP_READS_MAX; reads++) {
        const UINTN needed = map->used;

        release(fw, &info->loader[LOADER_FIRMWARE_MAP]);
        if (needed > MAP_BYTES_MAX)
            return report_failure(fw, EFI_BAD_BUFFER_SIZE, "the firmware's memory map wants %lS", (uint64_t)needed);
        status = allocate(fw, choice, info, LOADER_FIRMWARE_MAP,
                          2 * needed + KERNEL_MAP_LATE_HOLES * DESCRIPTOR_BYTES_GUESS);
        if (EFI_ERROR(status))
            return status;
        map->descriptors = identity_pointer(info->loader[LOADER_FIRMWARE_MAP].start);
        map->capacity = info->loader[LOADER_FIRMWARE_MAP].bytes;
        status = map_read(fw->boot, map);
    }
    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot read the firmware's memory map: %s", status_name(status));
    if (map->stride < FIRMWARE_STRIDE_MIN)
        return report_failure(fw, EFI_UNSUPPORTED, "the firmware's memory descriptors have %lu bytes, fewer than %lu",
                              (uint64_t)map->stride, (uint64_t)FIRMWARE_STRIDE_MIN);
    return EFI_SUCCESS;
}

/* The map as it is now, and what it will be worth once the firmware is gone. */
static EFI_STATUS survey(const struct firmware *fw, const struct gop_choice *choice, struct boot_info *info,
                         struct map_buffer *buffer, struct region_map *ret_map)
{
    const struct region_parameters parameters = { info->claims, info->n_claims, info->phys_bits, REGION_VIEW_OWNED };
    EFI_STATUS status = allocate(fw, choice, info, LOADER_REGIONS,
                                 region_buffer_bytes(buffer->capacity / buffer->stride, BOOT_CLAIMS_MAX));

    if (EFI_ERROR(status))
        return status;
    status = map_read(fw->boot, buffer);
    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot read the firmware's memory map: %s", status_name(status));

    const struct firmware_map map = { buffer->descriptors, buffer->used, buffer->stride };
    const struct phys_range *regions = &info->loader[LOADER_REGIONS];

    if (region_normalize(&map, &parameters, identity_pointer(regions->start), regions->bytes, ret_map) != REGION_OK)
        return report_failure(fw, EFI_ABORTED, "the firmware's memory map changes while it is read");
    if (!ret_map->usable_bytes)
        return report_failure(fw, EFI_OUT_OF_RESOURCES, "no usable memory in the firmware's map of %lu descriptors",
                              ret_map->n_descriptors);
    return EFI_SUCCESS;
}

/* Bytes of cells for a console in this mode; also enough if the firmware then leaves the mode as it is. */
static uint64_t cell_bytes(const struct gop_choice *choice)
{
    const struct framebuffer *chosen = &choice->framebuffer;
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *current = choice->gop->Mode->Info;
    struct framebuffer old = *chosen;

    old.width_px = current->HorizontalResolution;
    old.height_px = current->VerticalResolution;

    const uint64_t a = fb_console_cell_bytes(chosen, memory_picture_console_area(chosen));
    const uint64_t b = fb_console_cell_bytes(&old, memory_picture_console_area(&old));

    return a > b ? a : b;
}

static EFI_STATUS allocate_all(const struct firmware *fw, const struct gop_choice *choice, struct boot_info *info,
                               struct map_buffer *buffer)
{
    struct region_map map;
    EFI_STATUS status = allocate_map(fw, choice, info, buffer);

    if (!EFI_ERROR(status))
        status = survey(fw, choice, info, buffer, &map);
    if (EFI_ERROR(status))
        return status;

    /* The framebuffer's address may change with the mode; its size is what counts for tables. */
    const struct framebuffer *fb = &choice->framebuffer;
    const uint64_t fb_bytes = choice->gop ? (uint64_t)fb->pitch_bytes * fb->height_px : 0;
    const struct phys_range fb_memory = { fb->memory.start, fb_bytes };
    const struct cpu_features cpu = cpu_features();
    const uint64_t tables = kernel_map_tables_max(&map, info->image, fb_memory, cpu.paging_levels, cpu.pages_1g);
    const uint64_t bytes[LOADER_USES] = {
        [LOADER_STACK] = STACK_BYTES,
        [LOADER_FAULT_STACK] = FAULT_STACK_BYTES,
        [LOADER_PAGE_TABLES] = frames_to_bytes(tables),
        [LOADER_METADATA] = pmm_metadata_bytes(map.regions, map.n_regions) +
                            KERNEL_MAP_LATE_HOLES * METADATA_BYTES_PER_HOLE,
        [LOADER_CONSOLE_CELLS] = choice->gop ? cell_bytes(choice) : 0,
    };

    for (unsigned use = 0; use < LOADER_USES && !EFI_ERROR(status); use++)
        if (bytes[use])
            status = allocate(fw, choice, info, (enum loader_use)use, bytes[use]);
    return status;
}

EFI_STATUS loader_memory_allocate(const struct firmware *fw, const struct gop_choice *choice, struct boot_info *info,
                                  struct map_buffer *ret_map)
{
    const EFI_STATUS status = allocate_all(fw, choice, info, ret_map);

    if (EFI_ERROR(status))
        loader_memory_free(fw, info);
    return status;
}
