/*
 * Commands: what BOOTX64.EFI does when it is run as a tool. A command reports and returns; it never leaves boot
 * services, and gives back whatever it took. Each is a file of its own in this directory, and a line in the table of
 * table.c.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "../firmware.h"
#include "map_report.h"
#include "output_file.h"

/* What a finished command says beside EFI_SUCCESS: seen by scripts as %lasterror% 0x40 and 0x41. */
#define COMMAND_ANOMALIES EFIERR(0x40)     /* the firmware says something about memory that cannot be right */
#define COMMAND_MEMORY_ERRORS EFIERR(0x41) /* memory does not keep what is written to it */

struct command_description;

/* What a command works with. */
struct command {
    const struct command_description *description;
    struct firmware *fw;
    struct boot_info *info;    /* tables, phys_bits, image and claims, as for a boot; the framebuffer as it is now */
    struct report_style style; /* ->sink: the screen, the shell's redirection, or the file of -o */
    const char *const *words;  /* after the command's name, without the options for all: ASCII or UTF-8 */
    size_t n_words;
    struct output_file *file;  /* of -o, which the sink writes to; NULL: none */
    bool is_reported;          /* the report is whole, and to be kept, whatever the status is */
};

/* The words that a command takes, and what it does. */
struct command_description {
    char name[15];
    bool word_is_file;    /* a word that is no option is the file of -o; the user is told when it is written */
    const char *synopsis; /* "[--raw | -sfo | --csv | --json]" */
    const char *purpose;  /* a line */
    const char *details;  /* lines for `help NAME`, each ended; options that are its own */
    const char *example;  /* "map -sfo >a map.txt" */
    EFI_STATUS (*run)(struct command *command);
};

extern const struct command_description map_command, frames_command, attributes_command, numa_command, dimms_command,
    test_command, picture_command, report_command;

/*
 * commands.c: by name, whatever its case; NULL: there is none. The words `boot`, `selftest` and `help` are not in
 * the table: they are known
 * to arguments.c.
 */
const struct command_description *command_find(const char *name, size_t bytes);

/* table.c: the commands in the order of `help`; NULL behind the last. */
const struct command_description *command_at(size_t i);

/*
 * A word that the command does not know (why: NULL), or a value that is wrong: prints the word and how the command is
 * used, in one line. Returns EFI_INVALID_PARAMETER.
 */
MUST_CHECK EFI_STATUS command_bad_word(const struct command *command, const char *word, const char *why);

/*
 * Whether a word chooses a format: --csv, --json, -sfo (also --sfo) or --raw; none does after the first, when *ret is
 * not REPORT_TEXT. Not every command has all of them: `allowed` has bit 1 << format for those it has.
 */
bool command_format(const char *word, unsigned allowed, enum report_format *ret);
/* For commands whose words are formats and nothing else: reads them all. EFI_INVALID_PARAMETER: a word was named. */
MUST_CHECK EFI_STATUS command_read_format(struct command *command, unsigned allowed);

/*
 * commands.c: runs the command whose name is at `at`: an index into the shell's words, or an offset in bytes in
 * LoadOptions. A failure has been printed. Whatever the command took is given back.
 */
MUST_CHECK EFI_STATUS command_start(struct firmware *fw, struct boot_info *info, size_t at);

/* Whether a word is one that command_start() knows, whatever its case: in the table, or `help`, -h, --version, ... */
bool command_is_known(const char *word, size_t bytes);

/*
 * memory.c: the firmware's map now, read once into a buffer of pages that is given back by command_map_free(). The
 * image and the buffers of the command are marked as its own. A failure has been printed.
 */
struct command_map {
    struct map_subject subject;
    struct phys_range buffer, scratch; /* pages of LoaderData */
    struct own_range own[4];
};
/*
 * scratch_bytes: NULL, or says how much the report needs; the scratch is 64-aligned, and allocated before the map is
 * read.
 */
MUST_CHECK EFI_STATUS command_map_read(const struct command *command,
                                       size_t (*scratch_bytes)(const struct map_subject *), struct command_map *ret);
void command_map_free(const struct command *command, struct command_map *map);
/* Prints why there is no report; nothing with REPORT_OK. The status that fits. */
MUST_CHECK EFI_STATUS command_report_result(const struct command *command, enum report_status status);

#endif
