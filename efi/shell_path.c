#include "files/device_path.h"
#include "start.h"
#include "utf16.h"

static EFI_GUID shell_guid = EFI_SHELL_PROTOCOL_GUID;
static EFI_GUID files_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;

#define TYPED_MAX 4096 /* units; no path is that long */

EFI_SHELL_PROTOCOL *shell_find(const struct firmware *fw)
{
    EFI_SHELL_PROTOCOL *shell = NULL;

    return EFI_ERROR(fw->boot->LocateProtocol(&shell_guid, NULL, (void **)&shell)) ? NULL : shell;
}

bool path_has_resource(const char *path)
{
    for (; *path && *path != '/' && *path != '\\'; path++)
        if (path[0] == ')' && path[1] == ':')
            return true;
    return false;
}

/* The volume of a device path, and the file on it. */
static bool split_device_path(const struct firmware *fw, EFI_DEVICE_PATH *device, struct start_request *ret)
{
    uint16_t file[FILE_PATH_MAX];
    size_t units;

    if (EFI_ERROR(fw->boot->LocateDevicePath(&files_guid, &device, &ret->volume)))
        return false;
    units = device_path_file(device, file, ARRAY_LENGTH(file));
    if (!units || utf16_to_utf8(file, units, ret->path, sizeof ret->path) == sizeof ret->path - 1)
        return false;
    return true;
}

bool shell_path_resolve(const struct firmware *fw, const CHAR16 *typed, struct start_request *ret)
{
    const size_t units = utf16_length(typed, TYPED_MAX);
    EFI_SHELL_PROTOCOL *shell = shell_find(fw);
    EFI_DEVICE_PATH *device;
    bool resolved;

    if (UTF16_BYTES_MAX(units) >= sizeof ret->path)
        return false;
    utf16_to_utf8(typed, units, ret->path, sizeof ret->path);
    if (!shell || path_has_resource(ret->path))
        return true;
    device = shell->GetDevicePathFromFilePath(typed);
    if (!device)
        return true;
    resolved = split_device_path(fw, device, ret);
    fw->boot->FreePool(device);
    if (!resolved) {
        ret->volume = NULL;
        utf16_to_utf8(typed, units, ret->path, sizeof ret->path);
    }
    return true;
}
