#include "fake_firmware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_firmware *now;

static EFI_STATUS EFIAPI get_memory_map(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *stride, UINT32 *version)
{
    const UINTN capacity = *bytes;

    now->maps++;
    now->last_capacity = capacity;
    if (now->maps == now->map_fails_at)
        return now->map_status;
    *bytes = now->map_bytes;
    *stride = 48;
    *version = 1;
    if (capacity < now->map_bytes)
        return EFI_BUFFER_TOO_SMALL;
    memset(map, 0, now->map_bytes);
    *key = ++now->key;
    now->map_bytes += now->grow_bytes;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    (void)image;
    now->exits++;
    if (key != now->key || now->exits <= now->stale_keys)
        return EFI_INVALID_PARAMETER;
    return now->exit_status;
}

static EFI_STATUS EFIAPI forbidden(void)
{
    fprintf(stderr, "a service other than GetMemoryMap and ExitBootServices was called on the way out\n");
    abort();
}

EFI_BOOT_SERVICES *fake_boot_services(struct fake_firmware *fake)
{
    static EFI_BOOT_SERVICES services;
    EFI_STATUS EFIAPI (*const trap)(void) = forbidden;

    now = fake;
    for (size_t at = sizeof services.Hdr; at + sizeof trap <= sizeof services; at += sizeof trap)
        memcpy((char *)&services + at, &trap, sizeof trap);
    services.GetMemoryMap = get_memory_map;
    services.ExitBootServices = exit_boot_services;
    return &services;
}
