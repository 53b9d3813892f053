/* Drives: the block devices that volumes lie on. */
#include "volume.h"

#include <efigpt.h>

/* An optical disc's block: ECMA-119, 6.1.2 Sector. No disk has this size. */
#define OPTICAL_BLOCK_BYTES 2048

#define GPT_HEADER_BLOCK 1 /* UEFI 2.10, 5.3.2 GPT Header */
static const char gpt_signature[8] = "EFI PART";

static EFI_GUID block_guid = EFI_BLOCK_IO_PROTOCOL_GUID;
static EFI_GUID path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;

struct drive {
    EFI_BLOCK_IO *blocks;
    const void *path;
    bool optical;
};

/* False: not a whole drive, or nothing is in it. */
static bool open_drive(const struct firmware *fw, EFI_HANDLE handle, struct drive *ret)
{
    *ret = (struct drive){ 0 };
    if (EFI_ERROR(fw->boot->HandleProtocol(handle, &block_guid, (void **)&ret->blocks)) || !ret->blocks ||
        EFI_ERROR(fw->boot->HandleProtocol(handle, &path_guid, (void **)&ret->path)))
        return false;

    const EFI_BLOCK_IO_MEDIA *media = ret->blocks->Media;

    if (!media || media->LogicalPartition || !media->MediaPresent)
        return false;
    ret->optical = media->BlockSize == OPTICAL_BLOCK_BYTES;
    return true;
}

static void list_blocks(const struct firmware *fw, struct volume_list *ret)
{
    *ret = (struct volume_list){ 0 };
    if (EFI_ERROR(fw->boot->LocateHandleBuffer(ByProtocol, &block_guid, NULL, &ret->n, &ret->handles)) || !ret->handles)
        *ret = (struct volume_list){ 0 };
}

bool volume_on_drive(const struct firmware *fw, bool optical, uint32_t number, uint32_t partition, struct volume *ret)
{
    struct volume_list blocks, volumes;
    struct drive drive;
    bool found = false;

    list_blocks(fw, &blocks);
    volume_list_read(fw, &volumes);
    for (UINTN i = 0; i < blocks.n && number; i++) {
        if (!open_drive(fw, blocks.handles[i], &drive) || drive.optical != optical || --number)
            continue;

        const struct volume disk = { .path = drive.path, .location.disk_bytes = device_path_bytes(drive.path) };

        found = volume_on_disk(fw, &volumes, &disk, partition, ret) && ret->location.partition == partition;
    }
    volume_list_free(fw, &volumes);
    volume_list_free(fw, &blocks);
    return found;
}

/* The disk that a volume lies on. */
static bool drive_of(const struct firmware *fw, const struct volume *volume, struct drive *ret)
{
    const size_t bytes = volume->location.disk_bytes;
    struct volume_list blocks;
    bool found = false;

    list_blocks(fw, &blocks);
    for (UINTN i = 0; bytes && i < blocks.n && !found; i++)
        found = open_drive(fw, blocks.handles[i], ret) && device_path_bytes(ret->path) == bytes &&
                device_path_begins(volume->path, ret->path, bytes);
    volume_list_free(fw, &blocks);
    return found;
}

/* Reads the header through a buffer that suits any drive's alignment. */
static bool read_gpt_header(const struct firmware *fw, EFI_BLOCK_IO *blocks, EFI_PARTITION_TABLE_HEADER *ret)
{
    const UINT32 bytes = blocks->Media->BlockSize;
    EFI_PHYSICAL_ADDRESS buffer = 0;
    EFI_STATUS status;

    if (bytes < sizeof *ret || bytes > MIB(1) || blocks->Media->IoAlign > PAGE_SIZE ||
        EFI_ERROR(fw->boot->AllocatePages(AllocateAnyPages, EfiLoaderData, bytes_to_frames(bytes), &buffer)))
        return false;
    status = blocks->ReadBlocks(blocks, blocks->Media->MediaId, GPT_HEADER_BLOCK, bytes,
                                identity_pointer(phys_addr(buffer)));
    if (!EFI_ERROR(status))
        __builtin_memcpy(ret, identity_pointer(phys_addr(buffer)), sizeof *ret);
    fw->boot->FreePages(buffer, bytes_to_frames(bytes));
    return !EFI_ERROR(status) && !__builtin_memcmp(&ret->Header.Signature, gpt_signature, sizeof gpt_signature);
}

struct limine_uuid volume_disk_uuid(const struct firmware *fw, const struct volume *volume)
{
    struct limine_uuid uuid = { 0 };
    EFI_PARTITION_TABLE_HEADER header;
    struct drive drive;

    if (volume->location.gpt && drive_of(fw, volume, &drive) && read_gpt_header(fw, drive.blocks, &header))
        __builtin_memcpy(&uuid, &header.DiskGUID, sizeof uuid);
    return uuid;
}
