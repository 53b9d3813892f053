/* Where reports go: the shell's standard output, or the firmware's console; or a file. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "../firmware.h"
#include "format.h"
#include "output_file.h"

#define CONSOLE_LINE_UNITS 160

/*
 * What the shell redirects (`>`) or pipes (`|`); CHAR16, for its standard output takes nothing else. Text is ASCII
 * alone: what is not becomes a question mark, because the shell's `>a` cuts characters to their low byte. It goes line
 * by line, since each call is dear, and a write to a file where the shell redirects.
 */
struct console_line {
    const struct firmware *fw;
    EFI_SHELL_PROTOCOL *shell; /* NULL: not started by a shell */
    SHELL_FILE_HANDLE file;    /* of the shell's: its standard output */
    EFI_STATUS status;         /* of the first write that failed */
    size_t n;
    CHAR16 text[CONSOLE_LINE_UNITS + 3]; /* the last character may become two, and the end is marked */
};
struct console_sink {
    struct sink sink;
    struct console_line *line;
};
struct console_sink console_sink(const struct firmware *fw, struct console_line *line);
/* Prints what is left of a line that has no end. */
void console_flush(struct console_line *line);

/* Whether the standard output is a file, or a pipe, and not a screen. */
bool output_is_redirected(const struct firmware *fw);

/* Text into a file as the shell would write it: lines end in CR LF. */
struct file_sink {
    struct sink sink;
    struct output_file *file;
};
struct file_sink file_sink(struct output_file *file);

#endif
