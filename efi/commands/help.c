#include "help.h"

#include "../text.h"

#define NAME_COLUMN 12

/* Words that are no commands of the table, since they leave boot services: arguments.c knows them. */
static const struct command_description starters[] = {
    { .name = "boot",
      .synopsis = "[FILE [COMMAND LINE]]",
      .purpose = "boot a kernel; without FILE as if no command was given",
      .details = "FILE is a kernel of the Limine protocol: fs0:\\kernel.elf, or as in limine.conf\n"
                 "hdd(1:2):/kernel.elf. Without FILE, limine.conf says what boots.\n",
      .example = "boot fs1:\\kernel.elf console=com1" },
    { .name = "selftest",
      .synopsis = "[KEY=VALUE ...]",
      .purpose = "start the built-in kernel, which proves the allocator",
      .details = "It does not return. KEY=VALUE: resolution=WxH, test=MIB, raw-map=yes,\n"
                 "console=none, bad_memory=RANGES, fault=KIND.\n",
      .example = "selftest test=256" },
};

static void print_line(const struct sink *sink, const struct command_description *about)
{
    const size_t n = text_bytes(about->name);

    print_format(sink, "  %s", about->name);
    print_spaces(sink, n < NAME_COLUMN ? NAME_COLUMN - n : 1);
    print_format(sink, "%s\n", about->purpose);
}

static void print_all(const struct sink *sink)
{
    const struct command_description *about;

    print_text(sink, "BOOTX64.EFI [COMMAND] [OPTIONS]: boots, or looks at memory and returns\n\n");
    for (size_t i = 0; i < ARRAY_LENGTH(starters); i++)
        print_line(sink, &starters[i]);
    for (size_t i = 0; (about = command_at(i)); i++)
        print_line(sink, about);
    print_line(sink, &help_command);
    print_line(sink, &version_command);
    print_text(sink, "\nOptions of all commands that return:\n"
                     "  -b            stop at each full screen\n"
                     "  -o FILE       replace or make a file (UTF-8), on any volume: -o fs1:\\map.txt\n"
                     "  --unit UNIT   sizes in bytes, KiB, MiB, GiB or pages\n"
                     "  -h, --help    how the command is used\n"
                     "\n%lasterror% is 0 if all is well, 0x2 if a word is wrong, 0x40 if the firmware's\n"
                     "word on memory cannot be right, 0x41 if memory has errors.\n");
}

void help_print(const struct command *command, const struct command_description *about)
{
    const struct sink *sink = command->style.sink;

    print_format(sink, "BOOTX64.EFI %s %s\n%s\n\n", about->name, about->synopsis, about->purpose);
    print_text(sink, about->details);
    print_format(sink, "Example: BOOTX64.EFI %s\n", about->example);
}

const struct command_description *help_find_starter(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(starters); i++)
        if (text_same(name, starters[i].name))
            return &starters[i];
    return NULL;
}

static const struct command_description *find(const char *name)
{
    const struct command_description *about = help_find_starter(name);

    if (!about && text_same(name, help_command.name))
        about = &help_command;
    return about ? about : command_find(name, text_bytes(name));
}

static EFI_STATUS run_help(struct command *command)
{
    if (command->n_words > 1)
        return command_bad_word(command, command->words[1], "only one command");
    if (!command->n_words) {
        print_all(command->style.sink);
        return EFI_SUCCESS;
    }

    const struct command_description *about = find(command->words[0]);

    if (!about)
        return command_bad_word(command, command->words[0], "no such command");
    help_print(command, about);
    return EFI_SUCCESS;
}

static EFI_STATUS run_version(struct command *command)
{
    if (command->n_words)
        return command_bad_word(command, command->words[0], NULL);
    print_text(command->style.sink, "Polyglot OS loader " POLYGLOT_VERSION "\n");
    return EFI_SUCCESS;
}

const struct command_description help_command = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .purpose = "this, or how a command is used",
    .details = "",
    .example = "help map",
    .run = run_help,
};

const struct command_description version_command = {
    .name = "--version",
    .synopsis = "",
    .purpose = "which version this is",
    .details = "",
    .example = "--version",
    .run = run_version,
};
