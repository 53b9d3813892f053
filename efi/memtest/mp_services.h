/*
 * The processors besides the one that boot services run on (UEFI Platform Initialization 1.7, vol 2, 13.3 MP Services
 * Protocol Overview, 13.4 MP Services Protocol). gnu-efi has no header for it; only what is called here has its type.
 */
#ifndef MP_SERVICES_H
#define MP_SERVICES_H

#include <efi.h>

#define MP_SERVICES_PROTOCOL_GUID \
    { 0x3fdda605, 0xa76e, 0x4f46, { 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 } }

/* 13.4.3 EFI_MP_SERVICES_PROTOCOL.GetProcessorInfo(), StatusFlag */
#define MP_PROCESSOR_IS_BSP (1u << 0)
#define MP_PROCESSOR_IS_ENABLED (1u << 1)
#define MP_PROCESSOR_IS_HEALTHY (1u << 2)

struct mp_processor_information {
    UINT64 id; /* of its local APIC */
    UINT32 status;
    UINT32 package, core, thread;
    UINT32 extended[6]; /* written only if asked for by a bit of the number, which we do not */
};

/* Runs on another processor; no boot service may be called there. */
typedef VOID(EFIAPI *mp_procedure)(VOID *argument);

struct mp_services {
    EFI_STATUS(EFIAPI *get_number_of_processors)(struct mp_services *mp, UINTN *ret_n, UINTN *ret_enabled);
    EFI_STATUS(EFIAPI *get_processor_info)(struct mp_services *mp, UINTN number,
                                           struct mp_processor_information *ret);
    /*
     * Runs the procedure on all that are enabled, at once if they need not run one after the other. Without an event it
     * returns when all are back, or have been ended because the time is up: EFI_TIMEOUT.
     */
    EFI_STATUS(EFIAPI *startup_all_aps)(struct mp_services *mp, mp_procedure procedure, BOOLEAN one_by_one,
                                        EFI_EVENT event, UINTN timeout_us, VOID *argument, UINTN **ret_failed);
    /*
     * Returns at once if there is an event, which is signalled when the procedure has returned, or has been ended
     * because the time is up (0: never is); *ret_finished says which. Needs TPL_APPLICATION to look after the time.
     * EFI_UNSUPPORTED: no event, for the firmware has signalled ReadyToBoot, as it does before it starts a shell.
     */
    EFI_STATUS(EFIAPI *startup_this_ap)(struct mp_services *mp, mp_procedure procedure, UINTN number, EFI_EVENT event,
                                        UINTN timeout_us, VOID *argument, BOOLEAN *ret_finished);
    VOID *switch_bsp;
    VOID *enable_disable_ap;
    EFI_STATUS(EFIAPI *who_am_i)(struct mp_services *mp, UINTN *ret_number); /* on any processor */
};

#endif
