#include "command.h"

#include "../text.h"
#include "machine.h"
#include "output.h"

/* The commands that need no time. */
static const struct section {
    char command[12];
    const char *word; /* NULL: none */
} sections[] = {
    { "map", NULL },        { "map", "--raw" }, { "frames", NULL },
    { "attributes", NULL }, { "numa", NULL },   { "dimms", NULL },
};

static EFI_STATUS print_section(const struct command *command, const struct section *section)
{
    const struct sink *sink = command->style.sink;
    struct command part = *command;
    EFI_STATUS status = EFI_UNSUPPORTED;

    print_format(sink, "\n" REPORT_HEADING_BEGIN "%s%s%s" REPORT_HEADING_END "\n\n", section->command, section->word ? " " : "",
                 section->word ? section->word : "");
    part.description = command_find(section->command, text_bytes(section->command));
    part.words = &section->word;
    part.n_words = section->word ? 1 : 0;
    if (part.description)
        status = part.description->run(&part);
    if (EFI_ERROR(status) && status != COMMAND_ANOMALIES)
        print_format(sink, "(no answer: %s)\n", status_name(status));
    return status;
}

/* A section that fails is no reason to lose the others: only what was found counts. */
static EFI_STATUS print_all(const struct command *command)
{
    EFI_STATUS found = EFI_SUCCESS;

    print_text(command->style.sink, REPORT_HEADING_BEGIN "machine" REPORT_HEADING_END "\n\n");
    machine_print(command);
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++)
        if (print_section(command, &sections[i]) == COMMAND_ANOMALIES)
            found = COMMAND_ANOMALIES;
    return found;
}

static EFI_STATUS write_file(struct command *command, const char *name)
{
    const struct sink *console = command->style.sink;
    struct output_file file;
    const struct file_sink sink = file_sink(&file);
    EFI_STATUS status = output_file_open(command->fw, command->info, name, &file), closed;

    if (EFI_ERROR(status))
        return status;
    command->style.sink = &sink.sink;
    command->file = &file;
    status = print_all(command);
    closed = output_file_close(&file, true);
    if (EFI_ERROR(closed))
        return closed;
    print_format(console, "%s: written\n", name);
    return status;
}

static EFI_STATUS run(struct command *command)
{
    for (size_t i = 0; i < command->n_words; i++)
        if (i || command->words[i][0] == '-')
            return command_bad_word(command, command->words[i], NULL);
    return command->n_words ? write_file(command, command->words[0]) : print_all(command);
}

const struct command_description report_command = {
    .name = "report",
    .synopsis = "[FILE]",
    .purpose = "all that needs no time, in one text for a bug report",
    .details = "Machine, map, frames, attributes, numa and dimms. memmap-report reads it, too.\n",
    .example = "report fs0:\\report.txt",
    .run = run,
};
