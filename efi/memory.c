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

/* What each step here needs. */
struct loader {
    const struct firmware *fw;
    const struct gop_choice *choice;
    struct boot_info *info;
};

/* Whether the firmware hands out what the kernel could not keep: low, beyond reach, or somebody else's. */
static bool is_unfit(const struct loader *l, struct phys_range range)
{
    const uint64_t limit = 1ull << l->info->phys_bits;

    if (range.start.value < MIB(1) || range.start.value & PAGE_MASK || range.start.value >= limit ||
        range.bytes > limit - range.start.value || phys_ranges_overlap(range, l->choice->aperture))
        return true;
    for (size_t i = 0; i < l->info->n_claims; i++)
        if (phys_ranges_overlap(range, l->info->claims[i].bytes))
            return true;
    return false;
}

static void release(const struct firmware *fw, struct phys_range *range)
{
    if (range->bytes)
        fw->boot->FreePages(range->start.value, range->bytes >> PAGE_SHIFT);
    *range = (struct phys_range){ 0 };
}

/* EFI_NOT_FOUND: there are pages, but none that the kernel could keep. */
static EFI_STATUS try_pages(const struct loader *l, EFI_ALLOCATE_TYPE how, EFI_PHYSICAL_ADDRESS start, UINTN pages,
                            struct phys_range *ret)
{
    const EFI_STATUS status = l->fw->boot->AllocatePages(how, EfiLoaderData, pages, &start);

    if (EFI_ERROR(status))
        return status;
    *ret = (struct phys_range){ phys_addr(start), frames_to_bytes(pages) };
    if (!is_unfit(l, *ret))
        return EFI_SUCCESS;
    release(l->fw, ret);
    return EFI_NOT_FOUND;
}

/* Whole pages of LoaderData. Where the firmware hands out what is not memory, tries once more, below 4 GiB. */
static EFI_STATUS allocate(const struct loader *l, enum loader_use use, uint64_t bytes)
{
    const UINTN pages = bytes_to_frames(bytes);
    EFI_STATUS status = try_pages(l, AllocateAnyPages, 0, pages, &l->info->loader[use]);

    if (status == EFI_NOT_FOUND)
        status = try_pages(l, AllocateMaxAddress, GIB(4) - 1, pages, &l->info->loader[use]);
    if (status == EFI_NOT_FOUND)
        status = EFI_OUT_OF_RESOURCES;
    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "cannot allocate %lS for %s: %s", frames_to_bytes(pages), use_names[use],
                              status_name(status));
    return EFI_SUCCESS;
}

void loader_memory_free(const struct firmware *fw, struct boot_info *info)
{
    for (unsigned use = 0; use < LOADER_USES; use++)
        release(fw, &info->loader[use]);
}

/* Reads the map into LOADER_FIRMWARE_MAP, which is allocated, and again if that made the map outgrow it. */
static EFI_STATUS allocate_map(const struct loader *l, struct map_buffer *map)
{
    struct phys_range *buffer = &l->info->loader[LOADER_FIRMWARE_MAP];
    EFI_STATUS status;

    *map = (struct map_buffer){ 0 };
    status = map_read(l->fw->boot, map);
    for (unsigned reads = 0; status == EFI_BUFFER_TOO_SMALL && reads < MAP_READS_MAX; reads++) {
        const UINTN needed = map->used;

        release(l->fw, buffer);
        if (needed > MAP_BYTES_MAX)
            return report_failure(l->fw, EFI_BAD_BUFFER_SIZE, "the firmware's memory map wants %lS", (uint64_t)needed);
        status = allocate(l, LOADER_FIRMWARE_MAP, 2 * needed + KERNEL_MAP_LATE_HOLES * DESCRIPTOR_BYTES_GUESS);
        if (EFI_ERROR(status))
            return status;
        map->descriptors = identity_pointer(buffer->start);
        map->capacity = buffer->bytes;
        status = map_read(l->fw->boot, map);
    }
    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "cannot read the firmware's memory map: %s", status_name(status));
    if (map->stride < FIRMWARE_STRIDE_MIN)
        return report_failure(l->fw, EFI_UNSUPPORTED,
                              "the firmware's memory descriptors have %lu bytes, fewer than %lu", (uint64_t)map->stride,
                              (uint64_t)FIRMWARE_STRIDE_MIN);
    return EFI_SUCCESS;
}

/* The map as it is now, and what it will be worth once the firmware is gone. */
static EFI_STATUS survey(const struct loader *l, struct map_buffer *buffer, struct region_map *ret_map)
{
    const struct boot_info *info = l->info;
    const struct region_parameters parameters = { info->claims, info->n_claims, info->phys_bits, REGION_VIEW_OWNED };
    EFI_STATUS status = allocate(l, LOADER_REGIONS,
                                 region_buffer_bytes(buffer->capacity / buffer->stride, BOOT_CLAIMS_MAX));

    if (EFI_ERROR(status))
        return status;
    status = map_read(l->fw->boot, buffer);
    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "cannot read the firmware's memory map: %s", status_name(status));

    const struct firmware_map map = { buffer->descriptors, buffer->used, buffer->stride };
    const struct phys_range *regions = &info->loader[LOADER_REGIONS];

    if (region_normalize(&map, &parameters, identity_pointer(regions->start), regions->bytes, ret_map) != REGION_OK)
        return report_failure(l->fw, EFI_ABORTED, "the firmware's memory map changes while it is read");
    if (!ret_map->usable_bytes)
        return report_failure(l->fw, EFI_OUT_OF_RESOURCES, "no usable memory in the firmware's map of %lu descriptors",
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

static EFI_STATUS allocate_all(const struct loader *l, struct map_buffer *buffer)
{
    struct region_map map;
    EFI_STATUS status = allocate_map(l, buffer);

    if (!EFI_ERROR(status))
        status = survey(l, buffer, &map);
    if (EFI_ERROR(status))
        return status;

    /* Adapters keep their memory where it is when the mode changes. (If one does not, the slack for holes will do.) */
    const struct framebuffer *fb = &l->choice->framebuffer;
    const uint64_t fb_bytes = l->choice->gop ? (uint64_t)fb->pitch_bytes * fb->height_px : 0;
    const struct phys_range fb_memory = { l->choice->aperture.start, fb_bytes };
    const struct cpu_features cpu = cpu_features();
    const uint64_t tables = kernel_map_tables_max(&map, l->info->image, fb_memory, cpu.paging_levels, cpu.pages_1g);
    const uint64_t bytes[LOADER_USES] = {
        [LOADER_STACK] = STACK_BYTES,
        [LOADER_FAULT_STACK] = FAULT_STACK_BYTES,
        [LOADER_PAGE_TABLES] = frames_to_bytes(tables),
        [LOADER_METADATA] = pmm_metadata_bytes(map.regions, map.n_regions) +
                            KERNEL_MAP_LATE_HOLES * METADATA_BYTES_PER_HOLE,
        [LOADER_CONSOLE_CELLS] = l->choice->gop ? cell_bytes(l->choice) : 0,
    };

    for (unsigned use = 0; use < LOADER_USES && !EFI_ERROR(status); use++)
        if (bytes[use])
            status = allocate(l, (enum loader_use)use, bytes[use]);
    return status;
}

EFI_STATUS loader_memory_allocate(const struct firmware *fw, const struct gop_choice *choice, struct boot_info *info,
                                  struct map_buffer *ret_map)
{
    const struct loader loader = { fw, choice, info };
    const EFI_STATUS status = allocate_all(&loader, ret_map);

    if (EFI_ERROR(status))
        loader_memory_free(fw, info);
    return status;
}
