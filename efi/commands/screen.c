#include "screen.h"

#include "png_image.h"

static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

/* No screen is larger, and a PNG of one is possible; a broken adapter may say anything. */
#define SIDE_MAX 8192
_Static_assert(3ull * SIDE_MAX * SIDE_MAX <= PNG_BYTES_MAX && SIDE_MAX <= PNG_SIDE_MAX, "png_image.h");

static struct screen screen_of(const struct firmware *fw, EFI_HANDLE handle)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = NULL;

    if (!handle || EFI_ERROR(fw->boot->HandleProtocol(handle, &gop_guid, (void **)&gop)) || !gop->Mode ||
        !gop->Mode->Info)
        return (struct screen){ 0 };

    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = gop->Mode->Info;

    if (!mode->HorizontalResolution || mode->HorizontalResolution > SIDE_MAX || !mode->VerticalResolution ||
        mode->VerticalResolution > SIDE_MAX)
        return (struct screen){ 0 };
    return (struct screen){ gop, mode->HorizontalResolution, mode->VerticalResolution };
}

struct screen screen_find(const struct firmware *fw)
{
    /* That of all outputs together, where the firmware shows the same on several. */
    struct screen screen = screen_of(fw, fw->system->ConsoleOutHandle);
    EFI_HANDLE *handles;
    UINTN n;

    gop_list(fw, &handles, &n);
    for (UINTN i = 0; i < n && !screen.gop; i++)
        screen = screen_of(fw, handles[i]);
    if (handles)
        fw->boot->FreePool(handles);
    return screen;
}

EFI_STATUS screen_show_at_bottom(const struct firmware *fw, const struct screen *screen, void *pixels,
                                 uint32_t height_px)
{
    SIMPLE_TEXT_OUTPUT_INTERFACE *console = fw->system->ConOut;

    if (console)
        console->ClearScreen(console);
    return screen->gop->Blt(screen->gop, pixels, EfiBltBufferToVideo, 0, 0, 0, screen->height_px - height_px,
                            screen->width_px, height_px, 0);
}
