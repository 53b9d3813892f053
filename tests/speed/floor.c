/*
 * "Firmware alone": all that no loader can do without, and nothing else. Reads configuration, kernel and module from
 * the volume that it came from, takes the memory map once and leaves boot services; its first instruction after that
 * stands for the kernel's.
 */
#include "app.h"
#include "x86.h"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

#define SPARE_DESCRIPTORS 16 /* allocating the map changes it */

static EFI_STATUS leave(const struct app *app)
{
    UINTN bytes = 0, key, stride;
    UINT32 version;
    void *map;
    EFI_STATUS status = app->boot->GetMemoryMap(&bytes, NULL, &key, &stride, &version); /* how large it is */

    if (status != EFI_BUFFER_TOO_SMALL)
        return status;
    bytes += SPARE_DESCRIPTORS * stride;
    status = app->boot->AllocatePool(EfiLoaderData, bytes, &map);
    if (EFI_ERROR(status))
        return status;
    status = app->boot->GetMemoryMap(&bytes, map, &key, &stride, &version);
    return EFI_ERROR(status) ? status : app->boot->ExitBootServices(app->image, key);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    CHAR16 *names[] = { L"limine.conf", L"kernel.elf", L"module" };
    struct app app;
    struct file_contents contents;
    EFI_STATUS status = app_open(image, system, &app);

    for (unsigned i = 0; i < ARRAY_LENGTH(names) && !EFI_ERROR(status); i++)
        status = app_read(&app, names[i], &contents);
    if (EFI_ERROR(status))
        return status;
    status = leave(&app);
    if (EFI_ERROR(status))
        return app_failed(status);
    record(RECORD_KERNEL, rdtsc());
    cli();
    for (;;)
        hlt();
}
