#include "firmware.h"

/* Static, because the signatures of boot services have no room for a context. */
static struct {
    EFI_BOOT_SERVICES real, broken;
    uint32_t fails_at[LOADER_FAULTS]; /* as in struct options */
    uint32_t calls[LOADER_FAULTS];
} faults;

static bool fails(enum loader_fault fault)
{
    const uint32_t at = faults.fails_at[fault];

    return ++faults.calls[fault] == at || at == LOADER_FAULT_EACH;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    return fails(LOADER_FAULT_EXIT) ? EFI_INVALID_PARAMETER : faults.real.ExitBootServices(image, key);
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *address)
{
    return fails(LOADER_FAULT_MEMORY) ? EFI_OUT_OF_RESOURCES : faults.real.AllocatePages(how, type, pages, address);
}

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void **buffer)
{
    return fails(LOADER_FAULT_MEMORY) ? EFI_OUT_OF_RESOURCES : faults.real.AllocatePool(type, bytes, buffer);
}

static EFI_STATUS EFIAPI get_memory_map(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *stride,
                                        UINT32 *version)
{
    return fails(LOADER_FAULT_MAP) ? EFI_DEVICE_ERROR : faults.real.GetMemoryMap(bytes, map, key, stride, version);
}

void faults_install(struct firmware *fw, const struct options *options)
{
    bool any = false;

    for (unsigned fault = 0; fault < LOADER_FAULTS; fault++) {
        faults.fails_at[fault] = options->loader_faults[fault];
        any |= options->loader_faults[fault] != LOADER_FAULT_NONE;
    }
    if (!any)
        return;
    faults.real = faults.broken = *fw->boot;
    faults.broken.ExitBootServices = exit_boot_services;
    faults.broken.AllocatePages = allocate_pages;
    faults.broken.AllocatePool = allocate_pool;
    faults.broken.GetMemoryMap = get_memory_map;
    fw->boot = &faults.broken;
}
