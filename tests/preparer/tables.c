#include "preparer.h"

#define EDID_SERIAL_AT 12
#define EDID_CHECKSUM_AT 127
#define EDID_BYTES_MIN 128

/* UEFI 2.10, 12.9.2.4 EFI_EDID_ACTIVE_PROTOCOL. */
struct edid_protocol {
    UINT32 bytes;
    UINT8 *edid;
};
static EFI_GUID edid_active = { 0xbd8c1056, 0x9f36, 0x44ec, { 0x92, 0xa8, 0xa6, 0x33, 0x7f, 0x81, 0x79, 0x86 } };

/* UEFI 2.10, 4.6 EFI Configuration Table & Properties Table. */
static EFI_GUID device_tree = { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };

void install_device_tree(struct preparer *p, void *tree)
{
    Print((CHAR16 *)L"prepare: device tree: %r\n", p->boot->InstallConfigurationTable(&device_tree, tree));
}

static void install_one(struct preparer *p, EFI_HANDLE adapter, const uint8_t *edid, UINTN bytes, UINT8 number)
{
    struct edid_protocol *protocol;
    EFI_STATUS status = p->boot->AllocatePool(EfiBootServicesData, sizeof *protocol + bytes, (void **)&protocol);

    if (!EFI_ERROR(status)) {
        *protocol = (struct edid_protocol){ (UINT32)bytes, (UINT8 *)(protocol + 1) };
        p->boot->CopyMem(protocol->edid, (void *)(uintptr_t)edid, bytes);
        protocol->edid[EDID_CHECKSUM_AT] = (UINT8)(protocol->edid[EDID_CHECKSUM_AT] + protocol->edid[EDID_SERIAL_AT] -
                                                   number);
        protocol->edid[EDID_SERIAL_AT] = number;
        status = p->boot->InstallProtocolInterface(&adapter, &edid_active, EFI_NATIVE_INTERFACE, protocol);
    }
    Print((CHAR16 *)L"prepare: EDID %d: %r\n", number, status);
}

/* Adapters have a device path; the handle that the firmware's console joins them in has none. */
void install_edid(struct preparer *p, const uint8_t *edid, UINTN bytes)
{
    EFI_GUID gop = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID, path = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_HANDLE *handles;
    UINTN n = 0;
    UINT8 number = 0;
    void *ignored;

    if (bytes < EDID_BYTES_MIN || EFI_ERROR(p->boot->LocateHandleBuffer(ByProtocol, &gop, NULL, &n, &handles)))
        return;
    for (UINTN i = 0; i < n; i++)
        if (!EFI_ERROR(p->boot->HandleProtocol(handles[i], &path, &ignored)))
            install_one(p, handles[i], edid, bytes, ++number);
}
