#include "volume.h"

#include "utf8.h"

static EFI_GUID files_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;

bool volume_open(const struct firmware *fw, EFI_HANDLE handle, struct volume *ret)
{
    *ret = (struct volume){ .handle = handle };
    if (!handle || EFI_ERROR(fw->boot->HandleProtocol(handle, &files_guid, (void **)&ret->files)) || !ret->files)
        return false;
    if (EFI_ERROR(fw->boot->HandleProtocol(handle, &path_guid, (void **)&ret->path)))
        ret->path = NULL;
    ret->location = device_path_locate(ret->path);
    return true;
}

void volume_list_read(const struct firmware *fw, struct volume_list *ret)
{
    *ret = (struct volume_list){ 0 };
    if (EFI_ERROR(fw->boot->LocateHandleBuffer(ByProtocol, &files_guid, NULL, &ret->n, &ret->handles)) || !ret->handles)
        *ret = (struct volume_list){ 0 };
}

void volume_list_free(const struct firmware *fw, struct volume_list *list)
{
    if (list->handles)
        fw->boot->FreePool(list->handles);
    *list = (struct volume_list){ 0 };
}

bool volume_same_disk(const struct volume *a, const struct volume *b)
{
    const size_t bytes = a->location.disk_bytes;

    return bytes && bytes == b->location.disk_bytes && device_path_begins(a->path, b->path, bytes);
}

bool volume_on_disk(const struct firmware *fw, const struct volume_list *list, const struct volume *disk,
                    uint32_t partition, struct volume *ret)
{
    bool found = false;

    for (UINTN i = 0; i < list->n; i++) {
        struct volume volume;

        if (volume_open(fw, list->handles[i], &volume) && volume_same_disk(&volume, disk) &&
            volume.location.partition >= partition &&
            (!found || volume.location.partition < ret->location.partition)) {
            *ret = volume;
            found = true;
        }
    }
    return found;
}

bool volume_with_uuid(const struct firmware *fw, const struct limine_uuid *uuid, struct volume *ret)
{
    struct volume_list list;
    bool found = false;

    volume_list_read(fw, &list);
    for (UINTN i = 0; i < list.n && !found; i++)
        found = volume_open(fw, list.handles[i], ret) && ret->location.gpt &&
                !__builtin_memcmp(&ret->location.partition_uuid, uuid, sizeof *uuid);
    volume_list_free(fw, &list);
    return found;
}

/* ---- labels ---- */

#define LABEL_UNITS_MAX 128

/* Whether UCS-2 text is this UTF-8. */
static bool same_text(const CHAR16 *wide, const char *text, size_t bytes)
{
    struct utf8_decoder decoder = { 0 };
    uint32_t codes[UTF8_CODES_MAX];

    for (size_t i = 0; i < bytes; i++) {
        const unsigned n = utf8_decode(&decoder, (uint8_t)text[i], codes);

        for (unsigned k = 0; k < n; k++)
            if (!*wide || *wide++ != codes[k])
                return false;
    }
    return !*wide;
}

/*
 * The label alone is cheap; where a driver does not offer that, what it says about the whole file system (for which it
 * may count free clusters) has it too.
 */
static bool read_label(EFI_FILE_HANDLE root, CHAR16 label[LABEL_UNITS_MAX + 1])
{
    EFI_GUID label_id = EFI_FILE_SYSTEM_VOLUME_LABEL_ID, system_id = EFI_FILE_SYSTEM_INFO_ID;
    union {
        EFI_FILE_SYSTEM_INFO system;
        char room[sizeof(EFI_FILE_SYSTEM_INFO) + LABEL_UNITS_MAX * sizeof(CHAR16)];
    } info;
    UINTN bytes = LABEL_UNITS_MAX * sizeof(CHAR16);

    if (!EFI_ERROR(root->GetInfo(root, &label_id, &bytes, label)) && bytes <= LABEL_UNITS_MAX * sizeof(CHAR16)) {
        label[bytes / sizeof(CHAR16)] = 0;
        return true;
    }
    bytes = sizeof info;
    if (EFI_ERROR(root->GetInfo(root, &system_id, &bytes, &info)) || bytes < SIZE_OF_EFI_FILE_SYSTEM_INFO)
        return false;
    bytes -= SIZE_OF_EFI_FILE_SYSTEM_INFO;
    if (bytes > LABEL_UNITS_MAX * sizeof(CHAR16))
        bytes = LABEL_UNITS_MAX * sizeof(CHAR16);
    __builtin_memcpy(label, info.room + SIZE_OF_EFI_FILE_SYSTEM_INFO, bytes);
    label[bytes / sizeof(CHAR16)] = 0;
    return true;
}

static bool has_label(const struct volume *volume, const char *text, size_t bytes)
{
    CHAR16 label[LABEL_UNITS_MAX + 1];
    EFI_FILE_HANDLE root = NULL;
    bool has;

    if (EFI_ERROR(volume->files->OpenVolume(volume->files, &root)) || !root)
        return false;
    has = read_label(root, label) && same_text(label, text, bytes);
    root->Close(root);
    return has;
}

bool volume_with_label(const struct firmware *fw, const char *label, size_t bytes, struct volume *ret)
{
    struct volume_list list;
    bool found = false;

    volume_list_read(fw, &list);
    for (UINTN i = 0; i < list.n && !found; i++)
        found = volume_open(fw, list.handles[i], ret) && has_label(ret, label, bytes);
    volume_list_free(fw, &list);
    return found;
}
