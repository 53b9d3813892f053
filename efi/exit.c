#include "firmware.h"

EFI_STATUS map_read(EFI_BOOT_SERVICES *boot, struct map_buffer *map)
{
    EFI_STATUS status;

    map->used = map->capacity; /* in: capacity, out: used */
    status = boot->GetMemoryMap(&map->used, map->descriptors, &map->key, &map->stride, &map->version);
    if (!EFI_ERROR(status) && map->used > map->capacity)
        return EFI_ABORTED; /* a map that cannot be where it should be */
    return status;
}

EFI_STATUS leave_boot_services(EFI_BOOT_SERVICES *boot, EFI_HANDLE image, struct map_buffer *map,
                               unsigned *ret_attempts)
{
    EFI_STATUS status;

    for (*ret_attempts = 0;;) {
        status = map_read(boot, map); /* the map moves under us: a fresh key for each attempt */
        if (EFI_ERROR(status))
            return status;
        ++*ret_attempts;
        status = boot->ExitBootServices(image, map->key);
        if (status != EFI_INVALID_PARAMETER || *ret_attempts == EXIT_ATTEMPTS_MAX)
            return status;
    }
}
