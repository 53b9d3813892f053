#include "command.h"

#include "../text.h"
#include "help.h"
#include "output.h"
#include "utf16.h"
#include "words.h"

#define NAME_BYTES_MAX 16

/* Text of so many bytes against a name in lower case. */
static bool is_name(const char *text, size_t bytes, const char *name)
{
    char word[NAME_BYTES_MAX + 1];

    if (bytes > NAME_BYTES_MAX)
        return false;
    __builtin_memcpy(word, text, bytes);
    word[bytes] = 0;
    return text_same(word, name);
}

const struct command_description *command_find(const char *name, size_t bytes)
{
    const struct command_description *about;

    for (size_t i = 0; (about = command_at(i)); i++)
        if (is_name(name, bytes, about->name))
            return about;
    return NULL;
}

/* With those that are not in the table. */
static const struct command_description *find_any(const char *name, size_t bytes)
{
    static const char help_words[][8] = { "help", "-h", "--help", "-?" };

    for (size_t i = 0; i < ARRAY_LENGTH(help_words); i++)
        if (is_name(name, bytes, help_words[i]))
            return &help_command;
    return is_name(name, bytes, version_command.name) ? &version_command : command_find(name, bytes);
}

bool command_is_known(const char *word, size_t bytes)
{
    return find_any(word, bytes);
}

EFI_STATUS command_bad_word(const struct command *command, const char *word, const char *why)
{
    const struct command_description *about = command->description;

    return report_failure(command->fw, EFI_INVALID_PARAMETER, "%s: `%s': %s (usage: %s %s)", about->name, word,
                          why ? why : "unknown, or one too many", about->name, about->synopsis);
}

bool command_format(const char *word, unsigned allowed, enum report_format *ret)
{
    static const struct {
        char word[8];
        enum report_format format;
    } formats[] = {
        { "--csv", REPORT_CSV }, { "--json", REPORT_JSON }, { "-sfo", REPORT_SFO },
        { "--sfo", REPORT_SFO }, { "--raw", REPORT_RAW },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
        if (text_same(word, formats[i].word) && allowed & 1u << formats[i].format &&
            *ret == REPORT_TEXT) {
            *ret = formats[i].format;
            return true;
        }
    return false;
}

EFI_STATUS command_read_format(struct command *command, unsigned allowed)
{
    for (size_t i = 0; i < command->n_words; i++)
        if (!command_format(command->words[i], allowed, &command->style.format))
            return command_bad_word(command, command->words[i], NULL);
    return EFI_SUCCESS;
}

/* ---- running one ---- */

static EFI_SHELL_PROTOCOL *start_page_break(const struct firmware *fw)
{
    EFI_SHELL_PROTOCOL *shell = shell_find(fw);

    if (!shell || shell->GetPageBreak())
        return NULL;
    shell->EnablePageBreak();
    return shell;
}

/* A command has done what it was for, even if it found that something is wrong. */
static bool is_finished(const struct command *command, EFI_STATUS status)
{
    return !EFI_ERROR(status) || status == COMMAND_ANOMALIES || command->is_reported;
}

/* Of a command whose report is lost; but nothing matters more than that memory has errors. */
static EFI_STATUS with_lost_report(EFI_STATUS status, EFI_STATUS written)
{
    return EFI_ERROR(written) && status != COMMAND_MEMORY_ERRORS ? written : status;
}

static EFI_STATUS run_into_file(struct command *command, const char *name)
{
    const struct sink *console = command->style.sink;
    struct output_file file;
    const struct file_sink sink = file_sink(&file);
    EFI_STATUS status = output_file_open(command->fw, command->info, name, &file), closed;
    bool finished;

    if (EFI_ERROR(status))
        return status;
    command->style.sink = &sink.sink;
    command->file = &file;
    status = command->description->run(command);
    finished = is_finished(command, status);
    closed = output_file_close(&file, finished);
    if (finished && !EFI_ERROR(closed) && command->description->word_is_file)
        print_format(console, "%s: written\n", name);
    return with_lost_report(status, closed);
}

static EFI_STATUS run(struct command *command, const struct common_options *options)
{
    const struct command_description *about = command->description;

    if (options->help) {
        help_print(command, about);
        return EFI_SUCCESS;
    }
    if (!about->run)
        return command_bad_word(command, command->n_words ? command->words[0] : "", NULL);
    return options->file ? run_into_file(command, options->file) : about->run(command);
}

/* Our messages go where the standard output goes: one that takes no more is told of on the standard error. */
static EFI_STATUS lost_output(struct console_line *line, const struct console_sink *sink)
{
    const EFI_STATUS status = line->status;

    if (!EFI_ERROR(status) || !output_is_redirected(line->fw))
        return EFI_SUCCESS;
    line->file = line->fw->shell->StdErr;
    print_format(&sink->sink, "BOOTX64.EFI: the standard output cannot be written: %s\n", status_name(status));
    return status;
}

static EFI_STATUS run_on_console(struct command *command, const struct common_options *options)
{
    EFI_SHELL_PROTOCOL *paging = options->page_break ? start_page_break(command->fw) : NULL;
    struct console_line line;
    const struct console_sink sink = console_sink(command->fw, &line);
    EFI_STATUS status;

    command->style.sink = &sink.sink;
    status = run(command, options);
    console_flush(&line);
    if (paging)
        paging->DisablePageBreak();
    return is_finished(command, status) ? with_lost_report(status, lost_output(&line, &sink)) : status;
}

/* What is on the screen is not free memory, whatever the map says, and stays as it is. */
static void claim_framebuffer(const struct firmware *fw, struct boot_info *info)
{
    const struct gop_choice choice = gop_keep(fw);

    if (!choice.gop || phys_range_end(choice.framebuffer.memory) > 1ull << info->phys_bits)
        return;
    info->framebuffer = choice.framebuffer;
    info->claims[info->n_claims++] = (struct region_claim){ info->framebuffer.memory, REGION_FRAMEBUFFER };
}

static bool read_words(const struct firmware *fw, size_t at, struct command_words *ret)
{
    if (fw->shell)
        return words_from_shell(fw->shell, at, ret);
    return words_from_text((const char *)fw->loaded->LoadOptions + at, (fw->loaded->LoadOptionsSize - at) / 2, ret);
}

EFI_STATUS command_start(struct firmware *fw, struct boot_info *info, size_t at)
{
    struct command command = { .fw = fw, .info = info };
    struct command_words words;
    struct common_options options;
    const char *name, *bad, *why;

    if (!read_words(fw, at, &words))
        return report_failure(fw, EFI_INVALID_PARAMETER, "the command line is too long");
    name = words.n ? words.words[0] : "";
    command.description = find_any(name, text_bytes(name));
    if (!command.description)
        command.description = help_find_starter(name);
    if (!command.description)
        return report_failure(fw, EFI_INVALID_PARAMETER, "`%s' is no command", name);
    why = words_take_options(&words, command.description->word_is_file, &options, &bad);
    if (why)
        return command_bad_word(&command, bad, why);
    command.words = words.words + 1;
    command.n_words = words.n - 1;
    command.style.unit = options.unit;
    claim_framebuffer(fw, info);
    return run_on_console(&command, &options);
}
