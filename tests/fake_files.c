#include "fake_files.h"

#include <string.h>

static struct fake_volume *now;
static EFI_FILE_PROTOCOL root_handle, file_handle;
static EFI_FILE_IO_INTERFACE interface;

static EFI_STATUS EFIAPI open(EFI_FILE_HANDLE self, EFI_FILE_HANDLE *ret, CHAR16 *name, UINT64 mode, UINT64 attributes)
{
    (void)self;
    (void)attributes;
    for (size_t i = 0; i < sizeof now->path; i++) {
        now->path[i] = (char)name[i];
        if (!name[i])
            break;
    }
    if (now->is_read_only && (now->exists || mode & EFI_FILE_MODE_CREATE))
        return EFI_WRITE_PROTECTED;
    if (!now->exists && !(mode & EFI_FILE_MODE_CREATE))
        return EFI_NOT_FOUND;
    if (!now->exists)
        now->bytes = 0;
    now->exists = true;
    now->position = 0;
    now->open_handles++;
    *ret = &file_handle;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI close(EFI_FILE_HANDLE self)
{
    (void)self;
    now->open_handles--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI delete(EFI_FILE_HANDLE self)
{
    now->exists = now->delete_status != EFI_SUCCESS;
    close(self);
    return now->delete_status;
}

static EFI_STATUS EFIAPI write(EFI_FILE_HANDLE self, UINTN *bytes, VOID *from)
{
    const size_t room = now->capacity - now->position;

    (void)self;
    now->writes++;
    if (*bytes > room) {
        *bytes = 0;
        return EFI_VOLUME_FULL;
    }
    memcpy(now->content + now->position, from, *bytes);
    now->position += *bytes;
    now->bytes = now->bytes < now->position ? now->position : now->bytes;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_info(EFI_FILE_HANDLE self, EFI_GUID *type, UINTN *bytes, VOID *ret)
{
    EFI_FILE_INFO *info = ret;

    (void)self;
    (void)type;
    *bytes = SIZE_OF_EFI_FILE_INFO + sizeof(CHAR16);
    memset(info, 0, *bytes);
    info->Size = *bytes;
    info->FileSize = now->bytes;
    info->CreateTime.Year = 1980;
    info->Attribute = now->is_directory ? EFI_FILE_DIRECTORY : 0;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_info(EFI_FILE_HANDLE self, EFI_GUID *type, UINTN bytes, VOID *from)
{
    const EFI_FILE_INFO *info = from;

    (void)self;
    (void)type;
    (void)bytes;
    if (info->CreateTime.Year && !info->CreateTime.Month)
        return EFI_INVALID_PARAMETER;
    if (!EFI_ERROR(now->set_info_status))
        now->bytes = info->FileSize;
    return now->set_info_status;
}

static EFI_STATUS EFIAPI flush(EFI_FILE_HANDLE self)
{
    (void)self;
    return now->flush_status;
}

static EFI_STATUS EFIAPI open_volume(EFI_FILE_IO_INTERFACE *self, EFI_FILE_HANDLE *ret)
{
    (void)self;
    now->open_handles++;
    *ret = &root_handle;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, VOID **ret)
{
    static const EFI_GUID files = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;

    if (handle != now || memcmp(guid, &files, sizeof files))
        return EFI_UNSUPPORTED;
    *ret = &interface;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI no_protocol(EFI_GUID *guid, VOID *registration, VOID **ret)
{
    (void)guid;
    (void)registration;
    (void)ret;
    return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI no_handles(EFI_LOCATE_SEARCH_TYPE how, EFI_GUID *guid, VOID *key, UINTN *n, EFI_HANDLE **ret)
{
    (void)how;
    (void)guid;
    (void)key;
    *n = 0;
    *ret = NULL;
    return EFI_NOT_FOUND;
}

void fake_files_install(struct firmware *fw, EFI_LOADED_IMAGE *loaded, struct fake_volume *volume)
{
    static struct {
        EFI_DEVICE_PATH header;
        CHAR16 name[22];
        EFI_DEVICE_PATH end;
    } PACKED path = {
        { MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, { sizeof path.header + sizeof path.name, 0 } },
        L"\\EFI\\BOOT\\BOOTX64.EFI",
        { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { sizeof path.end, 0 } },
    };

    now = volume;
    root_handle = (EFI_FILE_PROTOCOL){ .Open = open, .Close = close };
    file_handle = (EFI_FILE_PROTOCOL){ .Close = close, .Delete = delete, .Write = write, .GetInfo = get_info,
                                       .SetInfo = set_info, .Flush = flush };
    interface = (EFI_FILE_IO_INTERFACE){ .OpenVolume = open_volume };
    loaded->DeviceHandle = volume;
    loaded->FilePath = &path.header;
    fw->loaded = loaded;
    fw->boot->HandleProtocol = handle_protocol;
    fw->boot->LocateProtocol = no_protocol;
    fw->boot->LocateHandleBuffer = no_handles;
}
