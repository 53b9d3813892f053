#include "commands/command.h"
#include "smbios.h"
#include "start.h"
#include "text.h"
#include "utf16.h"

#define ARGUMENT_MAX 256
#define ARGUMENT_SHOWN_MAX 48 /* of it, in a message of one line */

/* More than any boot manager passes; a broken one may say anything. */
#define LOAD_OPTIONS_BYTES_MAX KIB(256)

#define OPTION_PREFIX "polyglot:"
#define CONFIGURATION_PREFIX "limine:config:"
#define OPTIONS_KNOWN "resolution=WxH, test=MIB, bad_memory=RANGES, raw-map=yes, console=none, fault=KIND"

static bool begins_with(const char *text, size_t length, const char *prefix)
{
    const size_t n = text_bytes(prefix);

    return length >= n && !__builtin_memcmp(text, prefix, n);
}

/* SMBIOS strings come from the firmware or the hypervisor: what we do not know is somebody else's. */
static void read_oem_strings(const struct smbios_structure *structure, struct options *options,
                             struct start_request *request)
{
    const size_t prefix = sizeof OPTION_PREFIX - 1;
    const char *text;

    for (unsigned i = 1; (text = smbios_string(structure, i)); i++) {
        const size_t length = text_bytes(text);

        if (begins_with(text, length, CONFIGURATION_PREFIX) && !request->configuration)
            request->configuration = text + sizeof CONFIGURATION_PREFIX - 1;
        if (!begins_with(text, length, OPTION_PREFIX))
            continue;
        if (!options_read_word(options, text + prefix, length - prefix))
            options_ignore_word(options, text, length);
    }
}

static void read_smbios(const struct boot_info *info, struct options *options, struct start_request *request)
{
    const struct smbios_bytes smbios = tables_find_smbios(info);
    struct smbios_structure structure;

    for (size_t at = 0; smbios_structure_at(smbios.structures, smbios.n_bytes, at, &structure); at = structure.next)
        if (structure.type == SMBIOS_TYPE_OEM_STRINGS)
            read_oem_strings(&structure, options, request);
}

static EFI_STATUS allocate_text(const struct firmware *fw, size_t bytes, char **ret)
{
    const EFI_STATUS status = fw->boot->AllocatePool(EfiLoaderData, bytes, (void **)ret);

    if (EFI_ERROR(status))
        return report_failure(fw, status, "cannot allocate %lS for the command line: %s", (uint64_t)bytes,
                              status_name(status));
    return EFI_SUCCESS;
}

static EFI_STATUS refuse_path(const struct firmware *fw, const char *why)
{
    return report_failure(fw, EFI_INVALID_PARAMETER, "`boot' needs the path of a kernel: %s", why);
}

/* ---- from the shell ---- */

static bool has_blank(const CHAR16 *word)
{
    for (; *word; word++)
        if (*word == ' ' || *word == '\t')
            return true;
    return false;
}

/* Words first..end of the shell's, with a blank between; those that hold blanks get back the quotes they had. */
static EFI_STATUS join_words(const struct firmware *fw, UINTN first, struct start_request *ret)
{
    const EFI_SHELL_PARAMETERS_PROTOCOL *shell = fw->shell;
    const size_t quotes_and_blank = 3;
    size_t capacity = 1, n = 0;
    EFI_STATUS status;

    for (UINTN i = first; i < shell->Argc; i++)
        capacity += UTF16_BYTES_MAX(utf16_length(shell->Argv[i], LOAD_OPTIONS_BYTES_MAX)) + quotes_and_blank;
    status = allocate_text(fw, capacity, &ret->command_line);
    if (EFI_ERROR(status))
        return status;
    for (UINTN i = first; i < shell->Argc; i++) {
        const bool quoted = has_blank(shell->Argv[i]);

        if (i > first)
            ret->command_line[n++] = ' ';
        if (quoted)
            ret->command_line[n++] = '"';
        n += utf16_to_utf8(shell->Argv[i], LOAD_OPTIONS_BYTES_MAX, ret->command_line + n, capacity - n);
        if (quoted)
            ret->command_line[n++] = '"';
    }
    ret->command_line[n] = 0;
    return EFI_SUCCESS;
}

/* The text of a word, cut, in ASCII; 0x7f for what is not, which is in no word that we know. */
struct shell_word {
    char text[ARGUMENT_MAX + 1];
    size_t n;
};

static struct shell_word shell_word(const struct firmware *fw, UINTN at)
{
    const CHAR16 *wide = fw->shell->Argv[at];
    struct shell_word word = { .n = 0 };

    for (; wide[word.n] && word.n < ARGUMENT_MAX; word.n++)
        word.text[word.n] = wide[word.n] >= ' ' && wide[word.n] <= '~' ? (char)wide[word.n] : 0x7f;
    return word;
}

static EFI_STATUS request_command(size_t at, struct start_request *ret)
{
    ret->kind = START_COMMAND;
    ret->command_at = at;
    return EFI_SUCCESS;
}

static bool asks_for_help(const char *word)
{
    return text_same(word, "-h") || text_same(word, "--help");
}

/* `boot` is word `at`. */
static EFI_STATUS read_shell_boot(const struct firmware *fw, UINTN at, struct start_request *ret)
{
    if (at + 1 >= fw->shell->Argc)
        return EFI_SUCCESS;
    if (asks_for_help(shell_word(fw, at + 1).text))
        return request_command(at, ret);
    if (!shell_path_resolve(fw, fw->shell->Argv[at + 1], ret))
        return refuse_path(fw, "it is too long");
    ret->kind = START_FILE;
    return join_words(fw, at + 2, ret);
}

static EFI_STATUS refuse_word(const struct firmware *fw, UINTN at, struct shell_word *word)
{
    bool is_option = false;

    for (size_t i = 0; i < word->n; i++)
        is_option |= word->text[i] == '=';
    word->text[word->n < ARGUMENT_SHOWN_MAX ? word->n : ARGUMENT_SHOWN_MAX] = 0;
    return report_failure(fw, EFI_INVALID_PARAMETER, "argument %lu: `%s' is no %s", (uint64_t)at, word->text,
                          is_option ? "option (" OPTIONS_KNOWN ")" : "command (`help' lists them)");
}

/* A person typed these, so a word that we do not know is an error, and named. */
static EFI_STATUS read_shell_arguments(const struct firmware *fw, struct options *options, struct start_request *ret)
{
    UINTN selftest_at = 0;

    for (UINTN i = 1; i < fw->shell->Argc; i++) {
        struct shell_word word = shell_word(fw, i);

        if (options_is_boot(word.text, word.n))
            return read_shell_boot(fw, i, ret);
        if (command_is_known(word.text, word.n))
            return request_command(selftest_at ? selftest_at : i, ret);
        if (options_is_selftest(word.text, word.n))
            selftest_at = i;
        else if (!options_read_word(options, word.text, word.n))
            return refuse_word(fw, i, &word);
        if (selftest_at || !options_is_of_loader(word.text, word.n))
            ret->kind = START_BUILTIN;
    }
    return EFI_SUCCESS;
}

/* ---- from LoadOptions: a boot entry, or iPXE ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the path, which may be quoted, off the text; the rest is the command line. False: it does not fit. */
static bool split_text(char *text, struct start_request *ret)
{
    size_t at = 0, n = 0, end;
    bool quoted = false;

    for (; is_blank(text[at]); at++)
        ;
    for (; text[at] && (quoted || !is_blank(text[at])); at++) {
        if (text[at] == '"')
            quoted = !quoted;
        else if (n + 1 < sizeof ret->path)
            ret->path[n++] = text[at];
        else
            return false;
    }
    ret->path[n] = 0;
    for (; is_blank(text[at]); at++)
        ;
    for (end = text_bytes(text); end > at && is_blank(text[end - 1]); end--)
        ;
    __builtin_memmove(text, text + at, end - at);
    text[end - at] = 0;
    return true;
}

static EFI_STATUS read_load_options(const struct firmware *fw, struct options *options, struct start_request *ret)
{
    const uint8_t *text = fw->loaded->LoadOptions;
    const size_t said = fw->loaded->LoadOptionsSize;
    const size_t bytes = said < LOAD_OPTIONS_BYTES_MAX ? said : LOAD_OPTIONS_BYTES_MAX;
    const struct load_options found = options_read_load_options(options, text, bytes, command_is_known);
    EFI_STATUS status;

    ret->kind = found.n_options || found.selftest ? START_BUILTIN : START_CONFIGURATION;
    if (found.command)
        return request_command(found.word_at, ret);
    if (!found.boot_at)
        return EFI_SUCCESS;

    const size_t units = utf16_length(text + found.boot_at, (bytes - found.boot_at) / 2);

    status = allocate_text(fw, UTF16_BYTES_MAX(units) + 1, &ret->command_line);
    if (EFI_ERROR(status))
        return status;
    utf16_to_utf8(text + found.boot_at, units, ret->command_line, UTF16_BYTES_MAX(units) + 1);
    if (!split_text(ret->command_line, ret))
        return refuse_path(fw, "it is too long");
    if (asks_for_help(ret->path))
        return request_command(found.word_at, ret);
    if (ret->path[0])
        ret->kind = START_FILE;
    return EFI_SUCCESS;
}

EFI_STATUS arguments_read(const struct firmware *fw, struct boot_info *info, struct start_request *ret)
{
    *ret = (struct start_request){ .kind = START_CONFIGURATION };
    read_smbios(info, &info->options, ret);
    if (fw->shell)
        return read_shell_arguments(fw, &info->options, ret);
    if (fw->loaded->LoadOptions)
        return read_load_options(fw, &info->options, ret);
    return EFI_SUCCESS;
}

void arguments_free(const struct firmware *fw, struct start_request *request)
{
    if (request->command_line)
        fw->boot->FreePool(request->command_line);
    request->command_line = NULL;
}
