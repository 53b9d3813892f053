#include "command.h"

#include "../text.h"
#include "machine.h"

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

    print_format(sink, "\n" REPORT_HEADING_BEGIN "%s%s%s" REPORT_HEADING_END "\n\n", section->command,
                 section->word ? " " : "", section->word ? section->word : "");
    part.description = command_find(section->command, text_bytes(section->command));
    part.words = &section->word;
    part.n_words = section->word ? 1 : 0;
    if (part.description)
        status = part.description->run(&part);
    if (EFI_ERROR(status) && status != COMMAND_ANOMALIES)
        print_format(sink, "(no answer: %s)\n", status_name(status));
    return status;
}

/* A section that fails is no reason to lose the others; but it comes before what was found. */
static EFI_STATUS print_all(const struct command *command)
{
    EFI_STATUS result = EFI_SUCCESS;

    print_text(command->style.sink, REPORT_HEADING_BEGIN "machine" REPORT_HEADING_END "\n\n");
    machine_print(command);
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
        const EFI_STATUS status = print_section(command, &sections[i]);

        if (EFI_ERROR(status) && (!EFI_ERROR(result) || result == COMMAND_ANOMALIES))
            result = status;
    }
    return result;
}

static EFI_STATUS run(struct command *command)
{
    if (command->n_words)
        return command_bad_word(command, command->words[0], NULL);
    command->is_reported = true;
    return print_all(command);
}

const struct command_description report_command = {
    .name = "report",
    .word_is_file = true,
    .synopsis = "[FILE]",
    .purpose = "all that needs no time, in one text for a bug report",
    .details = "Machine, map, frames, attributes, numa and dimms. memmap-report reads it, too.\n",
    .example = "report fs0:\\report.txt",
    .run = run,
};
