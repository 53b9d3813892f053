#include "start.h"

static EFI_GUID global_variable = EFI_GLOBAL_VARIABLE;

/* A variable of one byte; 0 if there is none. */
static uint8_t read_flag(const struct firmware *fw, const CHAR16 *name)
{
    uint8_t value = 0;
    UINTN bytes = sizeof value;

    if (EFI_ERROR(fw->runtime->GetVariable((CHAR16 *)(uintptr_t)name, &global_variable, NULL, &bytes, &value)))
        return 0;
    return value;
}

bool secure_boot_on(const struct firmware *fw)
{
    return read_flag(fw, L"SecureBoot") == 1 && read_flag(fw, L"SetupMode") == 0;
}
