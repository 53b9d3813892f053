#include "fake_firmware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

static _Alignas(PAGE_SIZE) char arenas[2][FAKE_ARENA_BYTES];
static size_t arena_used[2];
static struct fake_firmware *now;

static UINTN stride(void)
{
    return now->stride_is_zero ? 0 : now->stride ? now->stride : sizeof(struct firmware_descriptor);
}

static EFI_STATUS EFIAPI get_memory_map(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *ret_stride,
                                        UINT32 *version)
{
    const UINTN capacity = *bytes;

    now->maps++;
    now->last_capacity = capacity;
    if (now->maps_fail || now->maps == now->map_fails_at)
        return now->map_status;
    *bytes = now->map_bytes;
    *ret_stride = stride();
    *version = 1;
    if (capacity < now->map_bytes)
        return EFI_BUFFER_TOO_SMALL;
    memset(map, 0, now->map_bytes);
    if (now->descriptors)
        memcpy(map, now->descriptors, now->map_bytes);
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

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *address)
{
    const unsigned arena = how == AllocateAnyPages ? 0 : 1;

    now->allocations++;
    now->map_bytes += now->grow_on_allocation;
    if (type != EfiLoaderData || now->allocations == now->allocation_fails_at ||
        pages > (FAKE_ARENA_BYTES - arena_used[arena]) / PAGE_SIZE)
        return EFI_OUT_OF_RESOURCES;
    *address = (uintptr_t)arenas[arena] + arena_used[arena];
    memset((void *)*address, 0xA5, pages * PAGE_SIZE);
    arena_used[arena] += pages * PAGE_SIZE;
    now->live_pages += (unsigned)pages;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages)
{
    (void)address;
    if (pages > now->live_pages) {
        fprintf(stderr, "more pages are freed than were allocated\n");
        abort();
    }
    now->live_pages -= (unsigned)pages;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void **ret)
{
    now->pools++;
    if (type != EfiLoaderData || now->pools == now->pool_fails_at)
        return EFI_OUT_OF_RESOURCES;
    *ret = malloc(bytes);
    now->live_pools++;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pool(void *pool)
{
    free(pool);
    now->live_pools--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI output_string(SIMPLE_TEXT_OUTPUT_INTERFACE *out, CHAR16 *text)
{
    size_t n = strlen(now->console);

    (void)out;
    for (; *text && n + 1 < FAKE_CONSOLE_MAX; text++)
        now->console[n++] = (char)*text;
    now->console[n] = 0;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI forbidden(void)
{
    fprintf(stderr, "a boot service was called that must not be\n");
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

struct firmware fake_firmware_open(struct fake_firmware *fake)
{
    static SIMPLE_TEXT_OUTPUT_INTERFACE console = { .OutputString = output_string };
    static EFI_SYSTEM_TABLE system = { .ConOut = &console };
    EFI_BOOT_SERVICES *boot = fake_boot_services(fake);

    boot->AllocatePages = allocate_pages;
    boot->FreePages = free_pages;
    boot->AllocatePool = allocate_pool;
    boot->FreePool = free_pool;
    arena_used[0] = arena_used[1] = 0;
    return (struct firmware){ .system = &system, .boot = boot };
}

/* The processor this stands for. */
struct cpu_features cpu_features(void)
{
    return (struct cpu_features){ .paging_levels = 4, .pages_1g = true, .no_execute = true };
}

struct phys_range fake_first_arena(void)
{
    return (struct phys_range){ phys_addr((uintptr_t)arenas[0]), FAKE_ARENA_BYTES };
}

void fake_load_options(EFI_LOADED_IMAGE *loaded, const CHAR16 *line)
{
    size_t units = 0;

    while (line[units])
        units++;
    loaded->LoadOptions = (void *)(uintptr_t)line;
    loaded->LoadOptionsSize = (UINT32)(2 * units + 2);
}
