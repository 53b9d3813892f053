#include "app.h"
#include "x86.h"

#define PIECE_BYTES (1u << 20) /* some firmware fails at larger ones */
#define NAME_BYTES_MAX 128

void record(char letter, uint64_t value)
{
    outb(RECORD_PORT, (uint8_t)letter);
    for (unsigned i = 0; i < RECORD_BYTES; i++)
        outb(RECORD_PORT, (uint8_t)(value >> (8 * i)));
}

EFI_STATUS app_failed(EFI_STATUS status)
{
    record(RECORD_ERROR, status);
    return status;
}

EFI_STATUS app_open(EFI_HANDLE image, EFI_SYSTEM_TABLE *system, struct app *ret_app)
{
    EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    EFI_GUID file_system = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume;
    EFI_STATUS status;

    ret_app->image = image;
    ret_app->boot = system->BootServices;
    status = ret_app->boot->HandleProtocol(image, &loaded_image, (void **)&ret_app->loaded);
    if (EFI_ERROR(status))
        return app_failed(status);
    status = ret_app->boot->HandleProtocol(ret_app->loaded->DeviceHandle, &file_system, (void **)&volume);
    if (EFI_ERROR(status))
        return app_failed(status);
    status = volume->OpenVolume(volume, &ret_app->root);
    return EFI_ERROR(status) ? app_failed(status) : EFI_SUCCESS;
}

static EFI_STATUS file_size(EFI_FILE *file, uint64_t *ret_size)
{
    EFI_GUID file_info = EFI_FILE_INFO_ID;
    union {
        EFI_FILE_INFO info;
        uint8_t room[sizeof(EFI_FILE_INFO) + NAME_BYTES_MAX];
    } buffer;
    UINTN bytes = sizeof buffer;
    EFI_STATUS status = file->GetInfo(file, &file_info, &bytes, &buffer);

    if (!EFI_ERROR(status))
        *ret_size = buffer.info.FileSize;
    return status;
}

static EFI_STATUS read_all(EFI_FILE *file, uint8_t *bytes, uint64_t size)
{
    while (size) {
        UINTN piece = size < PIECE_BYTES ? (UINTN)size : PIECE_BYTES;
        EFI_STATUS status = file->Read(file, &piece, bytes);

        if (EFI_ERROR(status))
            return status;
        if (!piece)
            return EFI_END_OF_FILE;
        bytes += piece;
        size -= piece;
    }
    return EFI_SUCCESS;
}

static EFI_STATUS read_open_file(EFI_BOOT_SERVICES *boot, EFI_FILE *file, struct file_contents *ret)
{
    EFI_PHYSICAL_ADDRESS address;
    EFI_STATUS status = file_size(file, &ret->size);

    if (EFI_ERROR(status) || !ret->size)
        return status;
    status = boot->AllocatePages(AllocateAnyPages, EfiLoaderData, EFI_SIZE_TO_PAGES((UINTN)ret->size), &address);
    if (EFI_ERROR(status))
        return status;
    ret->bytes = (void *)(uintptr_t)address;
    return read_all(file, ret->bytes, ret->size);
}

EFI_STATUS app_read(const struct app *app, CHAR16 *name, struct file_contents *ret_contents)
{
    EFI_FILE *file;
    EFI_STATUS status = app->root->Open(app->root, &file, name, EFI_FILE_MODE_READ, 0);

    *ret_contents = (struct file_contents){ NULL, 0 };
    if (status == EFI_NOT_FOUND)
        return EFI_SUCCESS;
    if (EFI_ERROR(status))
        return app_failed(status);
    status = read_open_file(app->boot, file, ret_contents);
    file->Close(file);
    return EFI_ERROR(status) ? app_failed(status) : EFI_SUCCESS;
}
