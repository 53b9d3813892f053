/*
 * Boot services on the host, as bad as a test wants them. Only those exist that the code under test may call; every
 * other entry of the table ends the test (on the way out nothing but GetMemoryMap and ExitBootServices is legal: UEFI
 * 2.10, 7.4.6).
 */
#ifndef FAKE_FIRMWARE_H
#define FAKE_FIRMWARE_H

#include "../efi/firmware.h"

#define FAKE_ARENA_BYTES MIB(4)
#define FAKE_CONSOLE_MAX 1024

struct fake_firmware {
    /* The memory map. Without descriptors, map_bytes of zeros. */
    const struct firmware_descriptor *descriptors;
    UINTN map_bytes;
    UINTN grow_bytes;          /* the map grows by so much (zeros) each time it has been read, */
    UINTN grow_on_allocation;  /* and at each allocation */
    UINTN stride;              /* 0: 40 */
    bool stride_is_zero;       /* the firmware says 0 */
    unsigned map_fails_at;     /* the n-th GetMemoryMap (1-based) fails with map_status; 0: never */
    bool maps_fail;            /* each does */
    EFI_STATUS map_status;

    /* Leaving */
    unsigned stale_keys;       /* so many exits answer EFI_INVALID_PARAMETER: the map moved meanwhile */
    EFI_STATUS exit_status;    /* of the exit with a fresh key */

    /* Pages. AllocateAnyPages takes from the first arena, AllocateMaxAddress from the second. */
    unsigned allocation_fails_at; /* the n-th AllocatePages; 0: never */
    unsigned pool_fails_at;       /* the n-th AllocatePool; 0: never */

    /* What was seen */
    unsigned maps, exits, allocations, pools;
    unsigned live_pages, live_pools;
    UINTN last_capacity;
    UINTN key;
    char console[FAKE_CONSOLE_MAX];
};

/* Boot services without pages and console: all that the way out may see. */
EFI_BOOT_SERVICES *fake_boot_services(struct fake_firmware *fake);

/* Boot services with pages, whose contents are arbitrary, pools, and a console that remembers. */
struct firmware fake_firmware_open(struct fake_firmware *fake);

/* Where AllocateAnyPages takes from. */
struct phys_range fake_first_arena(void);

/* As a boot entry or iPXE would start us: with this line, which stays the caller's. */
void fake_load_options(EFI_LOADED_IMAGE *loaded, const CHAR16 *line);

#endif
