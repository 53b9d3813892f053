#include "image.h"
#include "kernel.h"
#include "outputs.h"
#include "start.h"
#include "x86.h"

/* How long a message stays on the screen before the reset, in TSC ticks: several seconds on any processor. */
#define READ_TICKS 20000000000ull

/* Boot services are half gone: nothing to return to, and no console of the firmware's. */
NORETURN static void exit_failed(const struct firmware *fw, const struct boot_info *info, EFI_STATUS status,
                                 unsigned attempts)
{
    cli();
    outputs_start(info);
    print_format(console(), "BOOTX64.EFI: cannot leave boot services: %s after %u attempts. Resetting.\n",
                 status_name(status), attempts);
    for (const uint64_t start = rdtsc(); rdtsc() - start < READ_TICKS;)
        pause();
    fw->runtime->ResetSystem(EfiResetCold, status, 0, NULL);
    for (;;)
        hlt();
}

EFI_STATUS builtin_boot(struct firmware *fw, struct boot_info *info)
{
    const size_t n_claims = info->n_claims;
    struct gop_choice graphics;
    struct map_buffer map;
    unsigned attempts;
    EFI_STATUS status;

    log_step(fw, "starting the built-in kernel");
    graphics = gop_choose(fw, &info->options);
    status = loader_memory_allocate(fw, &graphics, info, &map);
    if (EFI_ERROR(status))
        return status;
    gop_activate(&graphics, info); /* last, so that a failure above could still be read on the screen as it was */

    status = leave_boot_services(fw->boot, fw->image, &map, &attempts);
    if (EFI_ERROR(status) && attempts)
        exit_failed(fw, info, status, attempts);
    if (EFI_ERROR(status)) {
        loader_memory_free(fw, info);
        info->n_claims = n_claims;
        return report_failure(fw, status, "cannot read the firmware's memory map: %s", status_name(status));
    }
    cli();
    info->map = (struct firmware_map){ map.descriptors, map.used, map.stride };

    const struct phys_range *stack = &info->loader[LOADER_STACK];

    kernel_enter(info, virt_addr(phys_range_end(*stack)));
}
