#include "cpu.h"
#include "kernel.h"
#include "kernel_map.h"
#include "start.h"

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

static EFI_STATUS allocate(const struct firmware *fw, struct boot_info *info, const struct gop_choice *graphics,
                           struct map_buffer *ret_map)
{
    struct tables_context context = { graphics, info };
    const struct memory_demand demand = {
        .stack_bytes = STACK_BYTES,
        .view = REGION_VIEW_OWNED,
        .claims = info->claims,
        .n_claims = info->n_claims,
        .claims_capacity = info->claims_capacity,
        .allocator = true,
        .tables = count_tables,
        .context = &context,
    };

    return loader_memory_allocate(fw, graphics, &demand, info, ret_map);
}

EFI_STATUS builtin_boot(struct firmware *fw, struct boot_info *info)
{
    const size_t n_claims = info->n_claims;
    struct gop_choice graphics;
    struct map_buffer map;
    EFI_STATUS status;

    log_step(fw, "starting the built-in kernel");
    graphics = gop_choose(fw, &info->options);
    status = allocate(fw, info, &graphics, &map);
    if (EFI_ERROR(status))
        return status;
    gop_activate(&graphics, info); /* last, so that a failure above could still be read on the screen as it was */
    status = leave(fw, info, &map);
    if (EFI_ERROR(status)) {
        loader_memory_free(fw, info);
        info->n_claims = n_claims;
        return status;
    }

    const struct phys_range *stack = &info->loader[LOADER_STACK];

    info->handover = NULL;
    kernel_enter(info, virt_addr(phys_range_end(*stack)));
}
