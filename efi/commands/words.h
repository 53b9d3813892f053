/* The words of a command line, as UTF-8, and the options that all commands have. Pure, but for where the words are. */
#ifndef WORDS_H
#define WORDS_H

#include "../firmware.h"
#include "report.h"

#define COMMAND_WORDS_MAX 48
#define COMMAND_TEXT_MAX 2400 /* bytes of all words, with their ends */

struct command_words {
    const char *words[COMMAND_WORDS_MAX]; /* in text */
    size_t n;
    char text[COMMAND_TEXT_MAX];
};

/* The shell's from number `first` on. False: too many, or too long. */
MUST_CHECK bool words_from_shell(const EFI_SHELL_PARAMETERS_PROTOCOL *shell, UINTN first, struct command_words *ret);

/*
 * Words of UTF-16 text with `units` units at most, which may be unaligned: separated by blanks, that "quotes" keep; the
 * quotes go. False: too many, or too long.
 */
MUST_CHECK bool words_from_text(const void *text, size_t units, struct command_words *ret);

struct common_options {
    bool page_break;  /* -b */
    bool help;        /* -h, --help, -? */
    const char *file; /* -o FILE, or that word; NULL: not given */
    enum report_unit unit;
};

/*
 * Takes the options for all off the words from number 1 on; what remains keeps its order.
 * word_is_file   so is a word that is no option: the same as -o with it
 *
 * NULL, or why the word *ret_bad is wrong.
 */
MUST_CHECK const char *words_take_options(struct command_words *words, bool word_is_file, struct common_options *ret,
                                          const char **ret_bad);

#endif
