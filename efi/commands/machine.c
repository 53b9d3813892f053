#include "machine.h"

#include "../start.h"
#include "dimms_report.h"
#include "inventory.h"
#include "x86.h"

/* Intel SDM vol 2A, CPUID; AMD64 Architecture Programmer's Manual vol 3, appendix E: "Processor Name String". */
#define CPUID_BRAND_FIRST 0x80000002
#define CPUID_BRAND_LAST 0x80000004

/* No adapter has more; a broken one may say anything. */
#define MODES_MAX 256

#define REVISION_SHIFT 16 /* UEFI 2.10, 4.2 EFI Table Header: major, then ten times minor and what comes after it */
#define REVISION_MINOR 0xffff

static void print_firmware(const struct command *command, const struct sink *sink)
{
    const struct boot_info *info = command->info;

    print_format(sink, "UEFI:      %u.%u by %s, revision %x\n", info->uefi_revision >> REVISION_SHIFT,
                 info->uefi_revision & REVISION_MINOR, info->firmware_vendor,
                 (unsigned)command->fw->system->FirmwareRevision);
}

static void print_processor(const struct command *command, const struct sink *sink)
{
    char name[(CPUID_BRAND_LAST - CPUID_BRAND_FIRST + 1) * sizeof(struct cpuid_registers) + 1] = "";
    const char *from = name;

    if (cpuid(CPUID_EXTENDED_MAX_LEAF, 0).eax >= CPUID_BRAND_LAST)
        for (uint32_t leaf = CPUID_BRAND_FIRST; leaf <= CPUID_BRAND_LAST; leaf++) {
            const struct cpuid_registers part = cpuid(leaf, 0);

            __builtin_memcpy(name + (leaf - CPUID_BRAND_FIRST) * sizeof part, &part, sizeof part);
        }
    for (; *from == ' '; from++) /* some are right-aligned */
        ;
    print_format(sink, "CPUID:     %s, signature %x, %u address bits\n", *from ? from : "no name",
                 cpuid(CPUID_FEATURES, 0).eax, command->info->phys_bits);
}

/* Maker and name of firmware, system, board and processors. */
static enum report_status print_smbios(const struct inventory *inventory, void *buffer, size_t bytes,
                                       uint64_t *ret_findings)
{
    const struct smbios_bytes smbios = inventory_smbios(inventory);

    (void)buffer;
    (void)bytes;
    (void)ret_findings;
    smbios_machine_lines(&smbios, inventory->command->style.sink);
    return REPORT_OK;
}

static void print_two_digits(const struct sink *sink, char before, unsigned value)
{
    print_format(sink, "%c%u%u", before, value / 10 % 10, value % 10);
}

static void print_time(const struct command *command, const struct sink *sink)
{
    EFI_TIME now;

    print_text(sink, "Time:      ");
    if (EFI_ERROR(command->fw->runtime->GetTime(&now, NULL))) {
        print_text(sink, "not known\n");
        return;
    }
    print_decimal(sink, now.Year);
    print_two_digits(sink, '-', now.Month);
    print_two_digits(sink, '-', now.Day);
    print_two_digits(sink, ' ', now.Hour);
    print_two_digits(sink, ':', now.Minute);
    print_two_digits(sink, ':', now.Second);
    print_text(sink, now.TimeZone ? "\n" : " UTC\n");
}

/* Of several handles for one framebuffer, the first; which may have been before. */
static void print_screen(const struct firmware *fw, EFI_HANDLE handle, const struct sink *sink, uint64_t *shown)
{
    struct framebuffer mode;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = gop_of(fw, handle, &mode);

    if (!gop || mode.memory.start.value == *shown)
        return;
    *shown = mode.memory.start.value;
    print_format(sink, "Graphics:  %ux%u, %u bits, %s, at %lx; modes:", mode.width_px, mode.height_px,
                 mode.bits_per_pixel, framebuffer_format_name(&mode), mode.memory.start.value);
    for (UINT32 i = 0; i < gop->Mode->MaxMode && i < MODES_MAX; i++)
        if (gop_mode(fw, gop, i, &mode))
            print_format(sink, " %ux%u", mode.width_px, mode.height_px);
    print_text(sink, "\n");
}

static void print_screens(const struct firmware *fw, const struct sink *sink)
{
    uint64_t shown = 0;
    EFI_HANDLE *handles;
    UINTN n;

    gop_list(fw, &handles, &n);
    for (UINTN i = 0; i < n; i++)
        print_screen(fw, handles[i], sink, &shown);
    if (!shown)
        print_text(sink, "Graphics:  no linear framebuffer\n");
    if (handles)
        fw->boot->FreePool(handles);
}

void machine_print(const struct command *command)
{
    const struct sink *sink = command->style.sink;

    print_text(sink, "Program:   Polyglot OS loader " POLYGLOT_VERSION "\n");
    print_firmware(command, sink);
    if (EFI_ERROR(inventory_run(command, dimms_buffer_bytes, print_smbios)))
        print_text(sink, "SMBIOS:    cannot be read\n");
    print_processor(command, sink);
    print_time(command, sink);
    print_format(sink, "Boot:      Secure Boot is %s\n", secure_boot_on(command->fw) ? "on" : "off");
    print_screens(command->fw, sink);
}
