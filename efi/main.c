#include "image.h"
#include "start.h"
#include "x86.h"

/* crt0 of gnu-efi calls this the SysV way. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static EFI_STATUS firmware_open(struct firmware *fw, EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    EFI_GUID shell_parameters = EFI_SHELL_PARAMETERS_PROTOCOL_GUID;
    EFI_STATUS status;

    *fw = (struct firmware){ .image = image, .system = system, .boot = system->BootServices,
                             .runtime = system->RuntimeServices, .log.start = rdtsc() };
    fw->boot->SetWatchdogTimer(0, 0, 0, NULL); /* else the machine resets five minutes from now */
    if (EFI_ERROR(fw->boot->HandleProtocol(image, &shell_parameters, (void **)&fw->shell)))
        fw->shell = NULL;
    status = fw->boot->HandleProtocol(image, &loaded_image, (void **)&fw->loaded);
    if (!EFI_ERROR(status) && !fw->loaded)
        status = EFI_NOT_FOUND;
    if (EFI_ERROR(status))
        return report_failure(fw, status, "the firmware does not say what started us: %s", status_name(status));
    return EFI_SUCCESS;
}

/* What is known without asking anybody but the firmware and the processor. */
static void survey(const struct firmware *fw, struct boot_info *info)
{
    info->claims = info->first_claims;
    info->claims_capacity = BOOT_CLAIMS_MAX;
    tables_find(fw, info);
    limits_find(info);
    info->image = image_layout().whole;
    info->claims[info->n_claims++] = (struct region_claim){ info->image, REGION_EXECUTABLE_AND_MODULES };
}

/* Returns only if it fails, and then with everything given back. */
static EFI_STATUS boot(struct firmware *fw, struct boot_info *info)
{
    struct start_request request;
    EFI_STATUS status;

    survey(fw, info);
    status = arguments_read(fw, info, &request);
    faults_install(fw, &info->options);
    if (!EFI_ERROR(status))
        status = start(fw, info, &request);
    arguments_free(fw, &request);
    return status;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static struct boot_info info; /* in the image: it must outlive the firmware's stack */
    struct firmware fw;
    EFI_STATUS status = firmware_open(&fw, image, system);

    if (!EFI_ERROR(status))
        status = boot(&fw, &info);
    fw.boot = system->BootServices; /* faults_install() may have replaced them */
    if (!fw.shell)
        wait_for_reader(&fw);
    return status;
}
