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
#define MAP_BYTES_FIRST KIB(128)    /* for 1,300 descriptors, with slack */
#define MAP_BYTES_MAX MIB(256)      /* millions of descriptors: this firmware is broken */
#define MAP_READS_MAX 8

#define GUARD_BYTES PAGE_SIZE
#define FAULT_STACK_BYTES (KIB(16) + GUARD_BYTES)

static const char use_names[LOADER_USES][24] = {
    [LOADER_STACK] = "the kernel's stack",
    [LOADER_FAULT_STACK] = "the fault stack",
    [LOADER_PAGE_TABLES] = "page tables",
    [LOADER_METADATA] = "the frame allocator",
    [LOADER_REGIONS] = "memory regions",
    [LOADER_FIRMWARE_MAP] = "the memory map",
    [LOADER_CONSOLE_CELLS] = "the text console",
    [LOADER_CLAIMS] = "bad_memory",
};

/* What each step here needs. */
struct loader {
    const struct firmware *fw;
    const struct gop_choice *choice;
    const struct memory_demand *demand;
    struct boot_info *info;
    struct page_limits limits;
};

static EFI_STATUS allocate(const struct loader *l, enum loader_use use, uint64_t bytes)
{
    const EFI_STATUS status = pages_allocate(&l->limits, bytes, PAGE_SIZE, &l->info->loader[use]);
    const char *kernel = l->demand->kernel;

    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "%s%scannot allocate %lS for %s: %s", kernel ? kernel : "",
                              kernel ? ": " : "", frames_to_bytes(bytes_to_frames(bytes)), use_names[use],
                              status_name(status));
    return EFI_SUCCESS;
}

void loader_memory_free(const struct firmware *fw, struct boot_info *info)
{
    for (unsigned use = 0; use < LOADER_USES; use++)
        if (use != LOADER_CLAIMS)
            pages_free(fw, &info->loader[use]);
}

/* Room for what may come until the exit. */
static UINTN with_slack(UINTN bytes) { return 2 * bytes + KERNEL_MAP_LATE_HOLES * DESCRIPTOR_BYTES_GUESS; }

/*
 * Reads the map into LOADER_FIRMWARE_MAP. Reading is dear where there are many descriptors: one read is enough, unless the
 * map is larger than anybody's.
 */
static EFI_STATUS allocate_map(const struct loader *l, struct map_buffer *map)
{
    struct phys_range *buffer = &l->info->loader[LOADER_FIRMWARE_MAP];
    UINTN wanted = MAP_BYTES_FIRST;
    EFI_STATUS status = EFI_BUFFER_TOO_SMALL;

    *map = (struct map_buffer){ 0 };
    for (unsigned reads = 0; status == EFI_BUFFER_TOO_SMALL && reads < MAP_READS_MAX; reads++) {
        pages_free(l->fw, buffer);
        if (wanted > MAP_BYTES_MAX)
            return report_failure(l->fw, EFI_BAD_BUFFER_SIZE, "the firmware's memory map wants %lS", (uint64_t)wanted);
        status = allocate(l, LOADER_FIRMWARE_MAP, wanted);
        if (EFI_ERROR(status))
            return status;
        map->descriptors = identity_pointer(buffer->start);
        map->capacity = buffer->bytes;
        status = map_read(l->fw->boot, map);
        if (!EFI_ERROR(status) && with_slack(map->used) > map->capacity)
            status = EFI_BUFFER_TOO_SMALL;
        wanted = with_slack(map->used);
    }
    if (EFI_ERROR(status))
        return report_failure(l->fw, status, "cannot read the firmware's memory map: %s", status_name(status));
    if (map->stride < FIRMWARE_STRIDE_MIN)
        return report_failure(l->fw, EFI_UNSUPPORTED,
                              "the firmware's memory descriptors have %lu bytes, fewer than %lu", (uint64_t)map->stride,
                              (uint64_t)FIRMWARE_STRIDE_MIN);
    return EFI_SUCCESS;
}

/* What the map is worth once the firmware is gone. It was read before the last allocations: the slack is for those. */
static EFI_STATUS survey(const struct loader *l, struct map_buffer *buffer, struct region_map *ret_map)
{
    const struct boot_info *info = l->info;
    const struct region_parameters parameters = { l->demand->claims, l->demand->n_claims, info->phys_bits,
                                                l->demand->view };
    EFI_STATUS status = allocate(l, LOADER_REGIONS,
                                 region_buffer_bytes(buffer->capacity / buffer->stride, l->demand->claims_capacity));

    if (EFI_ERROR(status))
        return status;

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
    const struct memory_demand *demand = l->demand;
    struct region_map map;
    uint64_t tables;
    EFI_STATUS status = allocate_map(l, buffer);

    if (!EFI_ERROR(status))
        status = survey(l, buffer, &map);
    if (!EFI_ERROR(status))
        status = demand->tables(demand->context, buffer, &map, &tables);
    if (EFI_ERROR(status))
        return status;

    const uint64_t bytes[LOADER_USES] = {
        [LOADER_STACK] = demand->stack_bytes,
        [LOADER_FAULT_STACK] = FAULT_STACK_BYTES,
        [LOADER_PAGE_TABLES] = frames_to_bytes(tables),
        [LOADER_METADATA] = demand->allocator ? pmm_metadata_bytes(map.regions, map.n_regions) +
                                                    KERNEL_MAP_LATE_HOLES * METADATA_BYTES_PER_HOLE
                                              : 0,
        [LOADER_CONSOLE_CELLS] = l->choice->gop ? cell_bytes(l->choice) : 0,
    };

    for (unsigned use = 0; use < LOADER_USES && !EFI_ERROR(status); use++)
        if (bytes[use])
            status = allocate(l, (enum loader_use)use, bytes[use]);
    return status;
}

EFI_STATUS loader_memory_allocate(const struct firmware *fw, const struct gop_choice *choice,
                                  const struct memory_demand *demand, struct boot_info *info,
                                  struct map_buffer *ret_map)
{
    const struct loader loader = { fw, choice, demand, info, { fw, info, choice->aperture } };
    const EFI_STATUS status = allocate_all(&loader, ret_map);

    if (EFI_ERROR(status))
        loader_memory_free(fw, info);
    return status;
}

EFI_STATUS loader_memory_survey(const struct firmware *fw, const struct memory_demand *demand, struct boot_info *info,
                                struct map_buffer *ret_buffer, struct region_map *ret_map)
{
    const struct loader loader = { fw, NULL, demand, info, { fw, info, { { 0 }, 0 } } };
    const EFI_STATUS status = allocate_map(&loader, ret_buffer);

    return EFI_ERROR(status) ? status : survey(&loader, ret_buffer, ret_map);
}
