#include "firmware.h"
#include "smbios.h"

#define ARGUMENT_MAX 256
#define ARGUMENT_SHOWN_MAX 48 /* of it, in a message of one line */

/* More than any boot manager passes; a broken one may say anything. */
#define LOAD_OPTIONS_BYTES_MAX KIB(64)

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

/* The 64-bit entry point if it is good, else the 32-bit one. */
static bool find_structures(const struct boot_info *info, struct smbios_table *ret_table)
{
    const phys_addr_t entries[] = { info->smbios64, info->smbios32 };

    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
        if (entries[i].value && smbios_entry_point(identity_pointer(entries[i]), ENTRY_POINT_READABLE, ret_table))
            return true;
    return false;
}

static void read_smbios(const struct boot_info *info, struct options *options)
{
    struct smbios_table table;
    struct smbios_structure structure;

    if (!find_structures(info, &table))
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
        char word[ARGUMENT_MAX + 1];
        size_t n = 0;

        for (; wide[n] && n < ARGUMENT_MAX; n++)
            word[n] = wide[n] >= ' ' && wide[n] <= '~' ? (char)wide[n] : '?';
        if (options_read_word(options, word, n))
            continue;
        word[n < ARGUMENT_SHOWN_MAX ? n : ARGUMENT_SHOWN_MAX] = 0;
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
    if (fw->loaded->LoadOptions) {
        const UINT32 bytes = fw->loaded->LoadOptionsSize;

        options_read_load_options(&info->options, fw->loaded->LoadOptions,
                                  bytes < LOAD_OPTIONS_BYTES_MAX ? bytes : LOAD_OPTIONS_BYTES_MAX);
    }
    return EFI_SUCCESS;
}
