#include "cpu.h"
#include "firmware.h"
#include "image.h"
#include "kernel.h"
#include "kernel_map.h"

/* crt0 of gnu-efi calls this the SysV way. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static EFI_STATUS firmware_open(struct firmware *fw, EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    EFI_GUID shell_parameters = EFI_SHELL_PARAMETERS_PROTOCOL_GUID;
    EFI_STATUS status;

    *fw = (struct firmware){ image, system, system->BootServices, system->RuntimeServices, NULL, NULL };
    fw->boot->SetWatchdogTimer(0, 0, 0, NULL); /* else the machine resets five minutes from now */
    if (EFI_ERROR(fw->boot->HandleProtocol(image, &shell_parameters, (void **)&fw->shell)))
        fw->shell = NULL;
    status = fw->boot->HandleProtocol(image, &loaded_image, (void **)&fw->loaded);
    if (!EFI_ERROR(status) && !fw->loaded)
        status = EFI_NOT_FOUND;
    if (EFI_ERROR(status))
        return report_failure(fw, status, "the firmware does not say what started us: %s", status_name(status));
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI refuse_exit(EFI_HANDLE image, UINTN key)
{
    (void)image;
    (void)key;
    return EFI_INVALID_PARAMETER;
}

static EFI_STATUS EFIAPI refuse_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                      EFI_PHYSICAL_ADDRESS *address)
{
    (void)how;
    (void)type;
    (void)pages;
    (void)address;
    return EFI_OUT_OF_RESOURCES;
}

/* Replaces boot services by those of a firmware that fails, if somebody asked to see what becomes of it. */
static void break_services(struct firmware *fw, EFI_BOOT_SERVICES *broken, enum fault_kind fault)
{
    *broken = *fw->boot;
    if (fault == FAULT_EXIT)
        broken->ExitBootServices = refuse_exit;
    if (fault == FAULT_MEMORY)
        broken->AllocatePages = refuse_pages;
    fw->boot = broken;
}

#define STACK_BYTES (KIB(64) + PAGE_SIZE) /* and a guard page */

/* What the choice of a graphics mode means for the page tables. */
struct tables_context {
    const struct gop_choice *graphics;
    const struct boot_info *info;
};

static EFI_STATUS count_tables(void *context, const struct map_buffer *buffer, struct region_map *map,
                               uint64_t *ret_frames)
{
    const struct tables_context *c = context;
    /* Adapters keep their memory where it is when the mode changes. (If one does not, the slack for holes will do.) */
    const struct framebuffer *fb = &c->graphics->framebuffer;
    const uint64_t fb_bytes = c->graphics->gop ? (uint64_t)fb->pitch_bytes * fb->height_px : 0;
    const struct phys_range fb_memory = { c->graphics->aperture.start, fb_bytes };
    const struct cpu_features cpu = cpu_features();

    (void)buffer;
    *ret_frames = kernel_map_tables_max(map, c->info->image, fb_memory, cpu.paging_levels, cpu.pages_1g);
    return EFI_SUCCESS;
}

/* Returns only if it fails, and then with everything given back. */
static EFI_STATUS boot(struct firmware *fw, struct boot_info *info)
{
    EFI_BOOT_SERVICES broken;
    struct gop_choice graphics;
    struct map_buffer map;
    EFI_STATUS status;

    tables_find(fw, info);
    status = arguments_read(fw, info);
    if (EFI_ERROR(status))
        return status;
    if (info->options.fault == FAULT_EXIT || info->options.fault == FAULT_MEMORY)
        break_services(fw, &broken, info->options.fault);
    limits_find(info);
    info->image = image_layout().whole;
    info->claims[info->n_claims++] = (struct region_claim){ info->image, REGION_EXECUTABLE_AND_MODULES };
    graphics = gop_choose(fw, &info->options);

    struct tables_context context = { &graphics, info };
    const struct memory_demand demand = {
        .stack_bytes = STACK_BYTES,
        .view = REGION_VIEW_OWNED,
        .claims = info->claims,
        .n_claims = info->n_claims,
        .claims_capacity = BOOT_CLAIMS_MAX,
        .allocator = true,
        .tables = count_tables,
        .context = &context,
    };

    status = loader_memory_allocate(fw, &graphics, &demand, info, &map);
    if (EFI_ERROR(status))
        return status;
    gop_activate(&graphics, info); /* last, so that a failure above could still be read on the screen as it was */

    status = leave(fw, info, &map);
    if (EFI_ERROR(status)) {
        loader_memory_free(fw, info);
        return status;
    }

    const struct phys_range *stack = &info->loader[LOADER_STACK];

    kernel_enter(info, virt_addr(phys_range_end(*stack)));
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static struct boot_info info; /* in the image: it must outlive the firmware's stack */
    struct firmware fw;
    EFI_STATUS status = firmware_open(&fw, image, system);

    if (!EFI_ERROR(status))
        status = boot(&fw, &info);
    fw.boot = system->BootServices; /* boot() may have replaced them */
    if (!fw.shell)
        wait_for_reader(&fw);
    return status;
}
