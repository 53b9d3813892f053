#include "fb_console.h"
#include "firmware.h"
#include "memory_picture.h"

/* A console mode below this is too small to show the report and the picture; above the other, text gets tiny. */
enum { GOOD_WIDTH = 1024, GOOD_HEIGHT = 768, LARGEST_WIDTH = 1920, LARGEST_HEIGHT = 1200 };

/* No adapter has more; a broken one may say anything. */
enum { MODES_MAX = 1024, SIDE_MAX = 32768 };

static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

static struct pixel_channel channel_of_mask(UINT32 mask)
{
    if (!mask)
        return (struct pixel_channel){ 0, 0 };

    const unsigned shift = (unsigned)__builtin_ctz(mask);

    return (struct pixel_channel){ (uint8_t)shift, (uint8_t)(32 - (unsigned)__builtin_clz(mask) - shift) };
}

/* UEFI 2.10, 12.9.2 EFI_GRAPHICS_PIXEL_FORMAT: a pixel of bit masks is as wide as its highest bit asks for. */
static bool describe_pixels(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode, struct framebuffer *fb)
{
    const EFI_PIXEL_BITMASK *m = &mode->PixelInformation;
    const UINT32 all = m->RedMask | m->GreenMask | m->BlueMask | m->ReservedMask;

    switch (mode->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        fb->red = (struct pixel_channel){ 0, 8 };
        fb->green = (struct pixel_channel){ 8, 8 };
        fb->blue = (struct pixel_channel){ 16, 8 };
        fb->bits_per_pixel = 32;
        return true;
    case PixelBlueGreenRedReserved8BitPerColor:
        fb->red = (struct pixel_channel){ 16, 8 };
        fb->green = (struct pixel_channel){ 8, 8 };
        fb->blue = (struct pixel_channel){ 0, 8 };
        fb->bits_per_pixel = 32;
        return true;
    case PixelBitMask:
        fb->red = channel_of_mask(m->RedMask);
        fb->green = channel_of_mask(m->GreenMask);
        fb->blue = channel_of_mask(m->BlueMask);
        fb->bits_per_pixel = all ? ((32 - (unsigned)__builtin_clz(all)) + 7) / 8 * 8 : 0;
        return fb->bits_per_pixel >= 16;
    default: /* PixelBltOnly: no linear framebuffer */
        return false;
    }
}

/* A mode we could draw in; everything but where its memory is. */
static bool describe_mode(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode, struct framebuffer *fb)
{
    *fb = (struct framebuffer){ .width_px = mode->HorizontalResolution, .height_px = mode->VerticalResolution };
    if (!fb->width_px || !fb->height_px || fb->width_px > SIDE_MAX || fb->height_px > SIDE_MAX ||
        mode->PixelsPerScanLine < fb->width_px || mode->PixelsPerScanLine > SIDE_MAX || !describe_pixels(mode, fb))
        return false;
    fb->pitch_bytes = mode->PixelsPerScanLine * (fb->bits_per_pixel / 8);
    return true;
}

/* The current mode, memory included. */
static bool describe_current(const EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, struct framebuffer *fb)
{
    if (!gop || !gop->Mode || !gop->Mode->Info || !describe_mode(gop->Mode->Info, fb))
        return false;

    const uint64_t bytes = (uint64_t)fb->pitch_bytes * fb->height_px;

    if (!gop->Mode->FrameBufferBase || gop->Mode->FrameBufferSize < bytes ||
        gop->Mode->FrameBufferBase >> PHYS_BITS_MAX)
        return false;
    fb->memory = (struct phys_range){ phys_addr(gop->Mode->FrameBufferBase), bytes };
    return true;
}

static uint64_t pixels(const struct framebuffer *fb)
{
    return (uint64_t)fb->width_px * fb->height_px;
}

/* What a mode is chosen for: exactly this size, or, without one, the largest that is not too large. */
struct mode_wish {
    uint32_t width_px, height_px; /* 0: the largest */
};

static bool granted(struct mode_wish wish, const struct framebuffer *mode, const struct framebuffer *best)
{
    if (wish.width_px)
        return mode->width_px == wish.width_px && mode->height_px == wish.height_px;
    return mode->width_px <= LARGEST_WIDTH && mode->height_px <= LARGEST_HEIGHT && pixels(mode) > pixels(best);
}

bool gop_mode(const struct firmware *fw, EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, UINT32 mode, struct framebuffer *ret)
{
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info = NULL;
    UINTN bytes = 0;
    bool good;

    if (EFI_ERROR(gop->QueryMode(gop, mode, &bytes, &info)) || !info)
        return false;
    good = bytes >= sizeof *info && describe_mode(info, ret);
    fw->boot->FreePool(info);
    return good;
}

/* Whether some mode grants the wish; then it is the choice. */
static bool choose_mode(const struct firmware *fw, struct mode_wish wish, struct gop_choice *choice)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = choice->gop;
    bool found = false;

    for (UINT32 i = 0; i < gop->Mode->MaxMode && i < MODES_MAX; i++) {
        struct framebuffer mode;

        if (!gop_mode(fw, gop, i, &mode) || !granted(wish, &mode, &choice->framebuffer))
            continue;
        choice->mode = i;
        choice->framebuffer = mode;
        found = true;
    }
    return found;
}

/* A size that was asked for and is not to be had counts as not asked for. */
static void choose_wished_mode(const struct firmware *fw, const struct options *options, struct gop_choice *choice)
{
    const struct framebuffer current = choice->framebuffer;
    const struct mode_wish wish = { options->width_px, options->height_px }, largest = { 0, 0 };

    if (granted(wish, &current, &current) || (wish.width_px && choose_mode(fw, wish, choice)))
        return;
    if (current.width_px < GOOD_WIDTH || current.height_px < GOOD_HEIGHT)
        choose_mode(fw, largest, choice);
}

void gop_list(const struct firmware *fw, EFI_HANDLE **ret_handles, UINTN *ret_n)
{
    *ret_handles = NULL;
    *ret_n = 0;
    if (EFI_ERROR(fw->boot->LocateHandleBuffer(ByProtocol, &gop_guid, NULL, ret_n, ret_handles)) || !*ret_handles)
        *ret_n = 0;
}

EFI_GRAPHICS_OUTPUT_PROTOCOL *gop_of(const struct firmware *fw, EFI_HANDLE handle, struct framebuffer *ret_now)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = NULL;

    if (EFI_ERROR(fw->boot->HandleProtocol(handle, &gop_guid, (void **)&gop)) || !describe_current(gop, ret_now))
        return NULL;
    return gop;
}

struct gop_choice gop_keep(const struct firmware *fw)
{
    struct gop_choice choice = { 0 };
    EFI_HANDLE *handles;
    UINTN n;

    gop_list(fw, &handles, &n);
    for (UINTN i = 0; i < n && !choice.gop; i++)
        choice.gop = gop_of(fw, handles[i], &choice.framebuffer);
    if (handles)
        fw->boot->FreePool(handles);
    if (choice.gop) {
        choice.mode = choice.gop->Mode->Mode;
        choice.aperture = choice.framebuffer.memory;
    }
    return choice;
}

struct gop_choice gop_choose(const struct firmware *fw, const struct options *options)
{
    struct gop_choice choice = gop_keep(fw);

    if (choice.gop)
        choose_wished_mode(fw, options, &choice);
    return choice;
}

/* Whether the mode that is really set can be used with the memory that was allocated for what was to be expected. */
static bool is_drawable(const struct framebuffer *fb, const struct boot_info *info)
{
    const uint64_t cell_bytes = fb_console_cell_bytes(fb, memory_picture_console_area(fb));
    bool drawable = phys_range_end(fb->memory) <= 1ull << info->phys_bits &&
                    cell_bytes <= info->loader[LOADER_CONSOLE_CELLS].bytes &&
                    !phys_ranges_overlap(fb->memory, info->image);

    for (unsigned use = 0; use < LOADER_USES; use++)
        drawable = drawable && !phys_ranges_overlap(fb->memory, info->loader[use]);
    return drawable;
}

void gop_activate(const struct gop_choice *choice, struct boot_info *info)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = choice->gop;

    if (!gop)
        return;
    if (choice->mode != gop->Mode->Mode) {
        const UINT32 before = gop->Mode->Mode;

        if (EFI_ERROR(gop->SetMode(gop, choice->mode)) || !describe_current(gop, &info->framebuffer))
            gop->SetMode(gop, before);
    }
    if (!describe_current(gop, &info->framebuffer) || !is_drawable(&info->framebuffer, info))
        info->framebuffer = (struct framebuffer){ 0 };
    else
        info->claims[info->n_claims++] = (struct region_claim){ info->framebuffer.memory, REGION_FRAMEBUFFER };
}
