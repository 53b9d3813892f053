/*
 * Boot services of which only the two that leave them exist, and which fail as told. Every other entry of the table
 * ends the test: nothing else may be called on the way out (UEFI 2.10, 7.4.6).
 */
#ifndef FAKE_FIRMWARE_H
#define FAKE_FIRMWARE_H

#include "../efi/firmware.h"

struct fake_firmware {
    unsigned stale_keys;       /* so many exits answer EFI_INVALID_PARAMETER: the map moved meanwhile */
    unsigned map_fails_at;     /* the n-th GetMemoryMap (1-based) fails with map_status; 0: never */
    EFI_STATUS map_status;
    EFI_STATUS exit_status;    /* of the exit with a fresh key */
    UINTN map_bytes;           /* size of the map, grows by grow_bytes at each read */
    UINTN grow_bytes;
    unsigned maps, exits;      /* calls seen */
    UINTN last_capacity;       /* what the last GetMemoryMap was told */
    UINTN key;
};

EFI_BOOT_SERVICES *fake_boot_services(struct fake_firmware *fake);

#endif
