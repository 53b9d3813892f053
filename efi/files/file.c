#include <stdarg.h>

#include "../text.h"
#include "files.h"
#include "format.h"
#include "volume.h"

#define NAME_UNITS_MAX 512 /* of a file's name, in what the firmware tells about it; FAT allows 255 */

static EFI_STATUS fail(struct file *file, EFI_STATUS status, const char *format, ...)
{
    size_t length;
    struct buffer_sink buffer = buffer_sink(file->reason, sizeof file->reason, &length);
    va_list arguments;

    va_start(arguments, format);
    print_format_list(&buffer.sink, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- the volume ---- */

/* boot(N): partition N of the disk that the home volume lies on. */
static bool find_boot_partition(const struct files *files, uint32_t partition, struct volume *ret)
{
    struct volume home;
    struct volume_list list;
    bool found;

    if (!volume_open(files->fw, files->home, &home))
        return false;
    volume_list_read(files->fw, &list);
    found = volume_on_disk(files->fw, &list, &home, partition, ret) && ret->location.partition == partition;
    volume_list_free(files->fw, &list);
    return found;
}

static bool find_volume(const struct files *files, const struct boot_path *path, struct volume *ret)
{
    const struct firmware *fw = files->fw;
    struct limine_uuid uuid;

    switch (path->resource) {
    case BOOT_RESOURCE_BOOT:
        if (path->has_partition)
            return find_boot_partition(files, path->partition, ret);
        return volume_open(fw, files->home, ret);
    case BOOT_RESOURCE_HDD:
    case BOOT_RESOURCE_ODD:
        return volume_on_drive(fw, path->resource == BOOT_RESOURCE_ODD, path->drive,
                               path->has_partition ? path->partition : 0, ret);
    case BOOT_RESOURCE_GUID:
        __builtin_memcpy(&uuid, path->guid, sizeof uuid);
        return volume_with_uuid(fw, &uuid, ret);
    case BOOT_RESOURCE_FSLABEL:
        return volume_with_label(fw, path->label, path->label_bytes, ret);
    default:
        return volume_open(fw, files->home, ret);
    }
}

EFI_HANDLE files_find_volume(const struct files *files, const struct boot_path *path)
{
    struct volume volume;

    return find_volume(files, path, &volume) ? volume.handle : NULL;
}

/* The disk is asked once for a volume, not once for a file. */
static void identify(struct files *files, const struct volume *volume, struct file_identity *ret)
{
    const struct device_location *location = &volume->location;

    if (files->identified != volume->handle) {
        files->identity = (struct file_identity){
            .media_type = location->optical ? LIMINE_MEDIA_OPTICAL : LIMINE_MEDIA_DISK,
            .partition_index = location->partition,
            .mbr_disk_id = location->mbr_disk_id,
            .gpt_disk_uuid = volume_disk_uuid(files->fw, volume),
            .gpt_partition_uuid = location->partition_uuid,
        };
        files->identified = volume->handle;
    }
    *ret = files->identity;
}

/* ---- the file ---- */

static EFI_STATUS read_size(struct file *file)
{
    EFI_GUID info_id = EFI_FILE_INFO_ID;
    union {
        EFI_FILE_INFO info;
        char room[sizeof(EFI_FILE_INFO) + NAME_UNITS_MAX * sizeof(CHAR16)];
    } buffer;
    UINTN bytes = sizeof buffer;
    const EFI_STATUS status = file->handle->GetInfo(file->handle, &info_id, &bytes, &buffer);

    if (EFI_ERROR(status))
        return fail(file, status, "its size cannot be read: %s", status_name(status));
    if (buffer.info.Attribute & EFI_FILE_DIRECTORY)
        return fail(file, EFI_UNSUPPORTED, "is a directory");
    file->bytes = buffer.info.FileSize;
    return EFI_SUCCESS;
}

static EFI_STATUS open_handle(struct file *file, const struct volume *volume)
{
    uint16_t wide[FILE_PATH_MAX];
    EFI_FILE_HANDLE root = NULL;
    size_t length = 0, units;
    EFI_STATUS status;

    while (file->path[length])
        length++;
    if (boot_path_to_efi(file->path, length, wide, ARRAY_LENGTH(wide), &units) != BOOT_PATH_OK)
        return fail(file, EFI_INVALID_PARAMETER, "is no path for this firmware");
    status = volume->files->OpenVolume(volume->files, &root);
    if (EFI_ERROR(status) || !root)
        return fail(file, EFI_ERROR(status) ? status : EFI_DEVICE_ERROR, "its volume cannot be opened: %s",
                    status_name(status));
    status = root->Open(root, &file->handle, (CHAR16 *)wide, EFI_FILE_MODE_READ, 0);
    root->Close(root);
    if (EFI_ERROR(status) || !file->handle) {
        file->handle = NULL;
        if (status == EFI_NOT_FOUND)
            return fail(file, status, "no such file");
        return fail(file, EFI_ERROR(status) ? status : EFI_DEVICE_ERROR, "cannot be opened: %s", status_name(status));
    }
    status = read_size(file);
    if (EFI_ERROR(status))
        file_close(file);
    return status;
}

/* The path is there. */
static EFI_STATUS open_on(struct files *files, const struct volume *volume, struct file *file)
{
    const EFI_STATUS status = open_handle(file, volume);

    if (EFI_ERROR(status))
        return status;
    identify(files, volume, &file->identity);
    file->volume = volume->handle;
    log_step(files->fw, "opened %s, %lu bytes", file->path, file->bytes);
    return EFI_SUCCESS;
}

/* Takes the text apart, and what of it is not for us to do. */
static EFI_STATUS parse(struct file *file, const char *text, const char *directory, struct boot_path *ret)
{
    size_t position, length;
    enum boot_path_status status = boot_path_parse(text, text_bytes(text), ret, &position);

    if (status != BOOT_PATH_OK)
        return fail(file, EFI_INVALID_PARAMETER, "%s, at character %lu", boot_path_status_text(status),
                    (uint64_t)position + 1);
    if (ret->resource == BOOT_RESOURCE_TFTP || ret->gzip)
        return fail(file, EFI_UNSUPPORTED, "%s is not supported", ret->gzip ? "a gzip file" : "tftp()");
    if (ret->hash != BOOT_HASH_NONE && ret->hash != BOOT_HASH_BLAKE2B_512)
        return fail(file, EFI_UNSUPPORTED, "a hash of %s is not supported", boot_hash_name(ret->hash));
    file->hash = ret->hash;
    __builtin_memcpy(file->digest, ret->digest, sizeof file->digest);
    if (!directory || ret->resource != BOOT_RESOURCE_SAME)
        directory = "/";
    status = boot_path_normalise(ret->path, ret->path_bytes, directory, text_bytes(directory), file->path,
                                 sizeof file->path, &length);
    if (status != BOOT_PATH_OK)
        return fail(file, EFI_INVALID_PARAMETER, "%s", boot_path_status_text(status));
    return EFI_SUCCESS;
}

EFI_STATUS file_open(struct files *files, const char *path, const char *directory, struct file *ret)
{
    struct boot_path parsed;
    struct volume volume;
    EFI_STATUS status;

    *ret = (struct file){ .files = files };
    status = parse(ret, path, directory, &parsed);
    if (EFI_ERROR(status))
        return status;
    if (!find_volume(files, &parsed, &volume))
        return fail(ret, EFI_NOT_FOUND, "no such volume");
    return open_on(files, &volume, ret);
}

EFI_STATUS file_open_on(struct files *files, EFI_HANDLE handle, const char *path, struct file *ret)
{
    struct volume volume;
    size_t length;

    *ret = (struct file){ .files = files };
    if (boot_path_normalise(path, text_bytes(path), "/", 1, ret->path, sizeof ret->path, &length) != BOOT_PATH_OK)
        return fail(ret, EFI_INVALID_PARAMETER, "is no path");
    if (!volume_open(files->fw, handle, &volume))
        return fail(ret, EFI_NOT_FOUND, "no such volume");
    return open_on(files, &volume, ret);
}

void file_close(struct file *file)
{
    if (file->handle)
        file->handle->Close(file->handle);
    file->handle = NULL;
}

EFI_STATUS file_report(const struct file *file, EFI_STATUS status, const char *path)
{
    return report_failure(file->files->fw, status, "%s: %s", path, file->reason);
}
