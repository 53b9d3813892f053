#include "loading.h"
#include "tcg_log.h"

/* No firmware logs more than a few hundred KiB before a loader runs. */
#define LOG_BYTES_MAX MIB(4)

#define TCG2_PROTOCOL_GUID { 0x607f766c, 0x7455, 0x42be, { 0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f } }

/* TCG EFI Protocol Specification, family 2.0, 6 EFI TCG2 Protocol: as far as it is used. */
struct tcg2_protocol {
    void *GetCapability;
    EFI_STATUS(EFIAPI *GetEventLog)(struct tcg2_protocol *this, UINT32 format, EFI_PHYSICAL_ADDRESS *log,
                                    EFI_PHYSICAL_ADDRESS *last, BOOLEAN *truncated);
};

static const struct {
    UINT32 asked;
    enum tcg_log_format format;
} formats[] = { { 2, TCG_LOG_2 }, { 1, TCG_LOG_1_2 } };

static EFI_STATUS tell(struct loading *l, uint64_t format, EFI_PHYSICAL_ADDRESS log, size_t bytes)
{
    struct limine_tpm_event_log_response *response = loading_take(l, sizeof *response);
    void *copy = loading_take(l, bytes);

    if (!response || !copy)
        return EFI_OUT_OF_RESOURCES;
    __builtin_memcpy(copy, identity_pointer(phys_addr(log)), bytes);
    *response = (struct limine_tpm_event_log_response){ 0, format, bytes, in_direct_map(l, copy) };
    answer(l, LIMINE_TPM_EVENT_LOG, response);
    return EFI_SUCCESS;
}

EFI_STATUS tpm_answer(struct loading *l)
{
    EFI_GUID guid = TCG2_PROTOCOL_GUID;
    struct tcg2_protocol *tpm = NULL;

    if (!request_of(l, LIMINE_TPM_EVENT_LOG) ||
        EFI_ERROR(l->fw->boot->LocateProtocol(&guid, NULL, (void **)&tpm)) || !tpm)
        return EFI_SUCCESS;
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
        EFI_PHYSICAL_ADDRESS log = 0, last = 0;
        BOOLEAN truncated = FALSE;
        size_t bytes;

        if (EFI_ERROR(tpm->GetEventLog(tpm, formats[i].asked, &log, &last, &truncated)) || !log || last < log ||
            last - log > LOG_BYTES_MAX)
            continue;
        bytes = tcg_log_bytes(formats[i].format, identity_pointer(phys_addr(log)), LOG_BYTES_MAX, last - log);
        if (bytes)
            return tell(l, formats[i].format, log, bytes);
    }
    return EFI_SUCCESS;
}
