#include "../memtest/memtest.h"
#include "command.h"

#define FORMATS (1u << REPORT_CSV | 1u << REPORT_JSON)

static EFI_STATUS run(struct command *command)
{
    struct memtest_options options = memtest_options_default();

    for (size_t i = 0; i < command->n_words; i++) {
        const size_t at = i;
        const char *why = memtest_options_read(command->words, command->n_words, &i, &options);

        if (why && (*why || !command_format(command->words[at], FORMATS, &command->style.format)))
            return command_bad_word(command, command->words[at], *why ? why : NULL);
    }
    return memtest_run(command, &options);
}

const struct command_description test_command = {
    .name = "test",
    .synopsis = "[--minutes N | --passes N] [--range A-B] [--cpus all|N]",
    .purpose = "test the free memory",
    .details = "Esc or q stops it. What the firmware uses is not tested. With errors: 0x41;\n"
               "without a whole pass: 0x15 if stopped, 0x12 if time was up.\n"
               "  --passes N       so often (1)\n"
               "  --minutes N      for so long, without end of passes\n"
               "  --range A-B      from address A up to B: 0x100000-2G\n"
               "  --cpus all|N     on how many processors (all)\n"
               "  --patterns LIST  all, or some of address,inversions,walk8,walk16,walk32,\n"
               "                   walk64,random,moves,modulo20,fade (all but fade)\n"
               "  --fade SECONDS   how long fade leaves memory alone (300)\n"
               "  --seed N         repeats a test's random numbers\n"
               "  --csv, --json    for programs\n",
    .example = "test --minutes 30 --range 4G-8G",
    .run = run,
};
