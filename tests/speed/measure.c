/*
 * Starts \loader.efi of the volume that it came from, and says when. Before that it breaks the memory map into as many
 * descriptors as the file \descriptors, if there is one, asks for in decimal: it leaves one-page islands allocated, as
 * LoaderData, with one free page between them.
 */
#include "app.h"
#include "x86.h"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static EFI_STATUS count_descriptors(EFI_BOOT_SERVICES *boot, uint64_t *ret_count)
{
    UINTN bytes = 0, key, stride;
    UINT32 version;
    EFI_STATUS status = boot->GetMemoryMap(&bytes, NULL, &key, &stride, &version);

    if (status != EFI_BUFFER_TOO_SMALL || !stride)
        return EFI_DEVICE_ERROR;
    *ret_count = bytes / stride;
    return EFI_SUCCESS;
}

static uint64_t parse_decimal(const struct file_contents *text)
{
    const char *digits = text->bytes;
    uint64_t value = 0;

    for (uint64_t i = 0; i < text->size && digits[i] >= '0' && digits[i] <= '9'; i++)
        value = 10 * value + (uint64_t)(digits[i] - '0');
    return value;
}

/* Each island brings two descriptors: its own, and that of the free page behind it. */
static EFI_STATUS make_islands(EFI_BOOT_SERVICES *boot, uint64_t count)
{
    EFI_PHYSICAL_ADDRESS base;
    EFI_STATUS status = boot->AllocatePages(AllocateAnyPages, EfiLoaderData, 2 * count, &base);

    for (uint64_t i = 0; i < count && !EFI_ERROR(status); i++)
        status = boot->FreePages(base + (2 * i + 1) * EFI_PAGE_SIZE, 1);
    return status;
}

static EFI_STATUS break_map(const struct app *app)
{
    struct file_contents wanted;
    uint64_t count = 0;
    EFI_STATUS status = app_read(app, L"descriptors", &wanted);

    if (EFI_ERROR(status))
        return status;
    status = count_descriptors(app->boot, &count);
    if (!EFI_ERROR(status) && parse_decimal(&wanted) > count)
        status = make_islands(app->boot, (parse_decimal(&wanted) - count + 1) / 2);
    if (!EFI_ERROR(status))
        status = count_descriptors(app->boot, &count);
    record(RECORD_DESCRIPTORS, count);
    return EFI_ERROR(status) ? app_failed(status) : EFI_SUCCESS;
}

/* The loader's device path: the volume's, and the name of the file. `room` has to be large enough. */
static EFI_STATUS make_path(const struct app *app, const CHAR16 *name, size_t name_bytes, uint8_t *room,
                            size_t room_bytes)
{
    EFI_GUID device_path = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_DEVICE_PATH *node, *volume;
    size_t used;
    EFI_STATUS status = app->boot->HandleProtocol(app->loaded->DeviceHandle, &device_path, (void **)&volume);

    if (EFI_ERROR(status))
        return status;
    for (node = volume; !IsDevicePathEnd(node);)
        node = NextDevicePathNode(node);
    used = (size_t)((uint8_t *)node - (uint8_t *)volume);
    if (used + name_bytes + 2 * sizeof(EFI_DEVICE_PATH) > room_bytes)
        return EFI_BUFFER_TOO_SMALL;
    app->boot->CopyMem(room, volume, used);
    node = (EFI_DEVICE_PATH *)(room + used);
    *node = (EFI_DEVICE_PATH){ MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, { 0, 0 } };
    SetDevicePathNodeLength(node, sizeof *node + name_bytes);
    app->boot->CopyMem(node + 1, (void *)(uintptr_t)name, name_bytes);
    node = NextDevicePathNode(node);
    SetDevicePathEndNode(node);
    return EFI_SUCCESS;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static const CHAR16 name[] = L"\\loader.efi";
    static uint8_t path[1024];
    struct app app;
    EFI_HANDLE loader;
    EFI_STATUS status = app_open(image, system, &app);

    if (!EFI_ERROR(status))
        status = break_map(&app);
    if (EFI_ERROR(status))
        return status;
    status = make_path(&app, name, sizeof name, path, sizeof path);
    if (!EFI_ERROR(status))
        status = app.boot->LoadImage(FALSE, image, (EFI_DEVICE_PATH *)path, NULL, 0, &loader);
    if (EFI_ERROR(status))
        return app_failed(status);
    record(RECORD_START, rdtsc());
    return app_failed(app.boot->StartImage(loader, NULL, NULL));
}
