#include "firmware.h"
#include "smbios.h"

#define WORD_MAX 256
#define OPTION_PREFIX "polyglot:"
#define OPTIONS_KNOWN "resolution=WxH, test=MIB, raw-map=yes, console=none, fault=KIND"

/* An entry point is at most this long (DSP0134 5.2); the firmware's own table says no better. */
#define ENTRY_POINT_READABLE 32

static size_t text_length(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

/* SMBIOS strings come from the firmware or the hypervisor: what we do not know is somebody else's. */
static void read_oem_strings(const struct smbios_structure *structure, struct options *options)
{
    const size_t prefix = sizeof OPTION_PREFIX - 1;
    const char *text;

    for (unsigned i = 1; (text = smbios_string(structure, i)); i++) {
        const size_t length = text_length(text);

        if (length < prefix || __builtin_memcmp(text, OPTION_PREFIX, prefix))
            continue;
        if (!options_read_word(options, text + prefix, length - prefix))
            options_ignore_word(options, text, length);
    }
}

static void read_smbios(const struct boot_info *info, struct options *options)
{
    const phys_addr_t entry = info->smbios64.value ? info->smbios64 : info->smbios32;
    struct smbios_table table;
    struct smbios_structure structure;

    if (!entry.value || !smbios_entry_point(identity_pointer(entry), ENTRY_POINT_READABLE, &table))
        return;

    const void *structures = identity_pointer(table.structures.start);

    for (size_t at = 0; smbios_structure_at(structures, table.structures.bytes, at, &structure); at = structure.next)
        if (structure.type == SMBIOS_TYPE_OEM_STRINGS)
            read_oem_strings(&structure, options);
}

/* A person typed these, so a word that we do not know is an error, and named. */
static EFI_STATUS read_shell_arguments(const struct firmware *fw, struct options *options)
{
    for (UINTN i = 1; i < fw->shell->Argc; i++) {
        const CHAR16 *wide = fw->shell->Argv[i];
        char word[WORD_MAX + 1];
        size_t n = 0;

        for (; wide[n] && n < WORD_MAX; n++)
            word[n] = wide[n] < 0x7f ? (char)wide[n] : '?';
        word[n] = 0;
        if (!options_read_word(options, word, n))
            return report_failure(fw, EFI_INVALID_PARAMETER, "argument %lu: `%s' is no option (" OPTIONS_KNOWN ")",
                                  (uint64_t)i, word);
    }
    return EFI_SUCCESS;
}

EFI_STATUS arguments_read(const struct firmware *fw, struct boot_info *info)
{
    read_smbios(info, &info->options);
    if (fw->shell)
        return read_shell_arguments(fw, &info->options);
    if (fw->loaded->LoadOptions)
        options_read_load_options(&info->options, fw->loaded->LoadOptions, fw->loaded->LoadOptionsSize);
    return EFI_SUCCESS;
}
