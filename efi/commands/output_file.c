#include "output_file.h"

#include "../start.h"
#include "../text.h"

/* What is written at once: large enough to be quick on a stick, small enough for any machine. */
#define BUFFER_BYTES KIB(16)

#define NAME_UNITS_MAX 512 /* of a file's name, in what the firmware tells about it; FAT allows 255 */

static EFI_GUID files_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID info_guid = EFI_FILE_INFO_ID;

static EFI_STATUS fail(const struct output_file *file, EFI_STATUS status, const char *what)
{
    return report_failure(file->fw, status, "%s: %s: %s", file->name, what, status_name(status));
}

/* ---- where it is to be ---- */

struct place {
    EFI_HANDLE volume;
    char path[FILE_PATH_MAX]; /* in normal form */
};

/* Paths of full length are large: never more than two of them on one stack frame. */
#define FRAME_OF_ITS_OWN __attribute__((noinline))

/* A path that the shell made nothing of. */
FRAME_OF_ITS_OWN static enum boot_path_status find_place(struct firmware *fw, const char *text, struct place *ret)
{
    struct files files;
    struct boot_path path;
    size_t position;
    enum boot_path_status status = boot_path_parse(text, text_bytes(text), &path, &position);

    if (status != BOOT_PATH_OK)
        return status;
    if (path.gzip || path.hash != BOOT_HASH_NONE)
        return BOOT_PATH_BAD_CHARACTER;
    files_open(fw, &files);

    const char *base = path.resource == BOOT_RESOURCE_SAME ? files.directory : "/";

    for (size_t i = 0; i < path.path_bytes; i++)
        if (path.path[i] == ':') /* a volume of the shell's, of which it knows nothing */
            return BOOT_PATH_OK;
    ret->volume = files_find_volume(&files, &path);
    return boot_path_normalise(path.path, path.path_bytes, base, text_bytes(base), ret->path, sizeof ret->path,
                               &position);
}

FRAME_OF_ITS_OWN static enum boot_path_status resolve(struct firmware *fw, const char *typed, struct place *ret)
{
    struct start_request request = { 0 };
    uint16_t wide[FILE_PATH_MAX];
    size_t length;
    const enum boot_path_status status = boot_path_to_efi(typed, text_bytes(typed), wide, ARRAY_LENGTH(wide), &length);

    *ret = (struct place){ 0 };
    if (status != BOOT_PATH_OK)
        return status;
    if (!shell_path_resolve(fw, (const CHAR16 *)wide, &request))
        return BOOT_PATH_TOO_LONG;
    if (!request.volume)
        return find_place(fw, typed, ret);
    ret->volume = request.volume;
    return boot_path_normalise(request.path, text_bytes(request.path), "/", 1, ret->path, sizeof ret->path, &length);
}

/* ---- opening ---- */

/* What the firmware tells about a file, with room for its name. */
union file_facts {
    EFI_FILE_INFO info;
    char room[sizeof(EFI_FILE_INFO) + NAME_UNITS_MAX * sizeof(CHAR16)];
};

static EFI_STATUS read_facts(EFI_FILE_HANDLE handle, union file_facts *ret)
{
    UINTN bytes = sizeof *ret;

    return handle->GetInfo(handle, &info_guid, &bytes, ret);
}

FRAME_OF_ITS_OWN static EFI_STATUS open_in(EFI_FILE_HANDLE root, CHAR16 *path, struct output_file *file)
{
    const UINT64 mode = EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE;
    union file_facts facts;
    EFI_STATUS status = root->Open(root, &file->handle, path, mode, 0);

    if (status == EFI_NOT_FOUND) {
        file->is_new = true;
        status = root->Open(root, &file->handle, path, mode | EFI_FILE_MODE_CREATE, 0);
    }
    if (!EFI_ERROR(status) && !file->handle)
        status = EFI_DEVICE_ERROR;
    if (EFI_ERROR(status)) {
        file->handle = NULL;
        return fail(file, status, "cannot be opened to be written");
    }
    status = read_facts(file->handle, &facts);
    if (!EFI_ERROR(status) && !(facts.info.Attribute & EFI_FILE_DIRECTORY))
        return status;
    file->handle->Close(file->handle);
    file->handle = NULL;
    return EFI_ERROR(status) ? fail(file, status, "cannot be read")
                             : report_failure(file->fw, EFI_INVALID_PARAMETER, "%s: is a directory", file->name);
}

FRAME_OF_ITS_OWN static EFI_STATUS open_at(const struct place *place, struct output_file *file)
{
    uint16_t wide[FILE_PATH_MAX];
    EFI_FILE_IO_INTERFACE *files;
    EFI_FILE_HANDLE root = NULL;
    size_t units;
    EFI_STATUS status;

    if (!place->volume || EFI_ERROR(file->fw->boot->HandleProtocol(place->volume, &files_guid, (void **)&files)))
        return report_failure(file->fw, EFI_NOT_FOUND, "%s: no such volume", file->name);
    if (boot_path_to_efi(place->path, text_bytes(place->path), wide, ARRAY_LENGTH(wide), &units) != BOOT_PATH_OK)
        return report_failure(file->fw, EFI_INVALID_PARAMETER, "%s: is no path", file->name);
    status = files->OpenVolume(files, &root);
    if (EFI_ERROR(status) || !root)
        return fail(file, EFI_ERROR(status) ? status : EFI_DEVICE_ERROR, "its volume cannot be opened");
    status = open_in(root, (CHAR16 *)wide, file);
    root->Close(root);
    return status;
}

EFI_STATUS output_file_open(struct firmware *fw, const struct boot_info *info, const char *path,
                            struct output_file *ret)
{
    const struct page_limits limits = { fw, info, info->framebuffer.memory };
    struct place place;
    enum boot_path_status path_status;
    EFI_STATUS status;

    *ret = (struct output_file){ .fw = fw, .name = path };
    path_status = resolve(fw, path, &place);
    if (path_status != BOOT_PATH_OK)
        return report_failure(fw, EFI_INVALID_PARAMETER, "%s: %s", path, boot_path_status_text(path_status));
    status = open_at(&place, ret);
    if (EFI_ERROR(status))
        return status;
    status = pages_allocate(&limits, BUFFER_BYTES, PAGE_SIZE, &ret->buffer);
    if (EFI_ERROR(status)) {
        ret->status = status;
        return output_file_close(ret, true);
    }
    return EFI_SUCCESS;
}

/* ---- writing ---- */

/*
 * There is no such call as truncate: the size is one of the facts that can be set. FAT may know no time of creation,
 * and edk2's driver (FatSetFileInfo()) refuses to be given back what it made of that; zeros leave it the times.
 */
static EFI_STATUS truncate(EFI_FILE_HANDLE handle)
{
    union file_facts facts;
    const EFI_STATUS status = read_facts(handle, &facts);

    if (EFI_ERROR(status))
        return status;
    facts.info.FileSize = 0;
    facts.info.CreateTime = facts.info.LastAccessTime = facts.info.ModificationTime = (EFI_TIME){ 0 };
    return handle->SetInfo(handle, &info_guid, facts.info.Size, &facts);
}

static void flush(struct output_file *file)
{
    UINTN bytes = file->used;

    if (!file->begun && !file->is_new)
        file->status = truncate(file->handle);
    file->begun = !EFI_ERROR(file->status);
    if (!EFI_ERROR(file->status) && file->used) {
        file->status = file->handle->Write(file->handle, &bytes, identity_pointer(file->buffer.start));
        if (!EFI_ERROR(file->status) && bytes != file->used)
            file->status = EFI_VOLUME_FULL;
    }
    file->used = 0;
}

void output_file_write(struct output_file *file, const void *bytes, size_t n)
{
    const char *from = bytes;

    while (n && !EFI_ERROR(file->status)) {
        const size_t room = file->buffer.bytes - file->used;
        const size_t piece = n < room ? n : room;

        __builtin_memcpy((char *)identity_pointer(file->buffer.start) + file->used, from, piece);
        file->used += piece;
        from += piece;
        n -= piece;
        if (file->used == file->buffer.bytes)
            flush(file);
    }
}

void output_file_flush(struct output_file *file)
{
    if (!EFI_ERROR(file->status))
        flush(file);
    if (!EFI_ERROR(file->status))
        file->status = file->handle->Flush(file->handle);
}

/* What cannot be deleted is a warning of the firmware's. Closes the file in any case. */
static void discard(const struct output_file *file)
{
    if (file->handle->Delete(file->handle) != EFI_SUCCESS)
        report_warning(file->fw, "%s: is unfinished, and cannot be deleted", file->name);
}

EFI_STATUS output_file_close(struct output_file *file, bool keep)
{
    if (!file->handle)
        return EFI_SUCCESS;
    if (keep)
        output_file_flush(file);
    if ((!keep || EFI_ERROR(file->status)) && (file->is_new || file->begun))
        discard(file);
    else
        file->handle->Close(file->handle);
    file->handle = NULL;
    pages_free(file->fw, &file->buffer);
    return EFI_ERROR(file->status) ? fail(file, file->status, "cannot be written") : EFI_SUCCESS;
}
