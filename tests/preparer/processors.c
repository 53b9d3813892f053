/* A firmware that starts processors only while its caller waits (PI 1.7 vol 2, 13.4.4 StartupAllAPs(), EFI_UNSUPPORTED). */
#include "../../efi/memtest/mp_services.h"
#include "preparer.h"

/* mov rax, EFI_UNSUPPORTED; ret: it is called when this application is gone. */
static const uint8_t refuse[] = { 0x48, 0xB8, 3, 0, 0, 0, 0, 0, 0, 0x80, 0xC3 };

void lend_processors(struct preparer *p)
{
    EFI_GUID guid = MP_SERVICES_PROTOCOL_GUID;
    void *code = take_pages(p, 1);
    struct mp_services *mp;

    if (!code || EFI_ERROR(p->boot->LocateProtocol(&guid, NULL, (void **)&mp)))
        return;
    p->boot->CopyMem(code, (void *)(uintptr_t)refuse, sizeof refuse);
    *(void **)&mp->startup_this_ap = code;
    Print((CHAR16 *)L"prepare: processors are lent\n");
}
