#include "preparer.h"

#define FILE_BYTES_MAX (1u << 20)
#define LOADER L"\\loader.efi"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

uint8_t *read_file(struct preparer *p, const CHAR16 *path, UINTN *ret_bytes)
{
    EFI_FILE_HANDLE file;
    uint8_t *contents = NULL;
    EFI_STATUS status = p->root->Open(p->root, &file, (CHAR16 *)(uintptr_t)path, EFI_FILE_MODE_READ, 0);

    if (EFI_ERROR(status))
        return NULL;
    *ret_bytes = FILE_BYTES_MAX;
    if (EFI_ERROR(p->boot->AllocatePool(EfiBootServicesData, *ret_bytes, (void **)&contents)) ||
        EFI_ERROR(file->Read(file, ret_bytes, contents)))
        contents = NULL;
    file->Close(file);
    return contents;
}

void *take_pages(struct preparer *p, UINTN n)
{
    EFI_PHYSICAL_ADDRESS at = 0xFFFFFFFF;

    if (EFI_ERROR(p->boot->AllocatePages(AllocateMaxAddress, EfiReservedMemoryType, n, &at)))
        return NULL;
    p->boot->SetMem((void *)at, n * EFI_PAGE_SIZE, 0);
    return (void *)at;
}

static void prepare(struct preparer *p)
{
    UINTN bytes;
    uint8_t *tree = read_file(p, L"\\prepare\\tree.dtb", &bytes);
    uint8_t *edid = read_file(p, L"\\prepare\\edid.bin", &bytes);
    UINTN ignored;

    if (tree)
        install_device_tree(p, tree);
    if (edid)
        install_edid(p, edid, bytes);
    if (read_file(p, L"\\prepare\\intel", &ignored))
        start_intel_iommu(p);
    if (read_file(p, L"\\prepare\\amd", &ignored))
        start_amd_iommu(p);
    if (read_file(p, L"\\prepare\\lend", &ignored))
        lend_processors(p);
}

static EFI_STATUS open_volume(struct preparer *p)
{
    EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID, file_system = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume;
    EFI_STATUS status = p->boot->HandleProtocol(p->image, &loaded_image, (void **)&p->loaded);

    if (!EFI_ERROR(status))
        status = p->boot->HandleProtocol(p->loaded->DeviceHandle, &file_system, (void **)&volume);
    return EFI_ERROR(status) ? status : volume->OpenVolume(volume, &p->root);
}

static EFI_STATUS start_loader(struct preparer *p)
{
    EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    EFI_LOADED_IMAGE *about;
    EFI_HANDLE loader;
    EFI_STATUS status = p->boot->LoadImage(FALSE, p->image, FileDevicePath(p->loaded->DeviceHandle, (CHAR16 *)LOADER),
                                           NULL, 0, &loader);

    if (!EFI_ERROR(status))
        status = p->boot->HandleProtocol(loader, &loaded_image, (void **)&about);
    if (EFI_ERROR(status))
        return status;
    about->LoadOptions = p->loaded->LoadOptions;
    about->LoadOptionsSize = p->loaded->LoadOptionsSize;
    return p->boot->StartImage(loader, NULL, NULL);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    struct preparer p = { .image = image, .system = system, .boot = system->BootServices };
    EFI_STATUS status;

    InitializeLib(image, system);
    status = open_volume(&p);
    if (EFI_ERROR(status))
        return status;
    prepare(&p);
    status = start_loader(&p);
    Print((CHAR16 *)L"prepare: the loader is back: %r\n", status);
    return status;
}
