#include "screen.h"

#include "png_image.h"

static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
/* EFI_CONSOLE_OUT_DEVICE_GUID of edk2: marks the devices that the console is on. */
static EFI_GUID console_guid = { 0xd3b36f2c, 0xd551, 0x11d4, { 0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };

/* No screen is larger, and a PNG of one is possible; a broken adapter may say anything. */
#define SIDE_MAX 8192
_Static_assert(3ull * SIDE_MAX * SIDE_MAX <= PNG_BYTES_MAX && SIDE_MAX <= PNG_SIDE_MAX, "png_image.h");

static struct screen screen_of(const struct firmware *fw, EFI_HANDLE handle)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = NULL;

    if (EFI_ERROR(fw->boot->HandleProtocol(handle, &gop_guid, (void **)&gop)) || !gop->Mode ||
        !gop->Mode->Info)
        return (struct screen){ 0 };

    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = gop->Mode->Info;

    if (!mode->HorizontalResolution || mode->HorizontalResolution > SIDE_MAX || !mode->VerticalResolution ||
        mode->VerticalResolution > SIDE_MAX)
        return (struct screen){ 0 };
    return (struct screen){ gop, mode->HorizontalResolution, mode->VerticalResolution };
}

static bool has_console(const struct firmware *fw, EFI_HANDLE handle)
{
    void *mark;

    return !EFI_ERROR(fw->boot->HandleProtocol(handle, &console_guid, &mark));
}

/* The system table's console will not do: where the shell runs, its handle is the shell's own. */
struct screen screen_find(const struct firmware *fw)
{
    struct screen screen = { 0 };
    EFI_HANDLE *handles;
    UINTN n;

    gop_list(fw, &handles, &n);
    for (UINTN i = 0; i < n && !screen.gop; i++)
        if (has_console(fw, handles[i]))
            screen = screen_of(fw, handles[i]);
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
