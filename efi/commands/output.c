#include "output.h"

/* The shell puts a console of its own in place of the screen where it redirects: a file, which has a position. */
bool output_is_redirected(const struct firmware *fw)
{
    EFI_SHELL_PROTOCOL *shell = fw->shell && fw->shell->StdOut ? shell_find(fw) : NULL;
    UINT64 position;

    return shell && !EFI_ERROR(shell->GetFilePosition(fw->shell->StdOut, &position));
}

/* A pipe is seen by who writes to the standard output alone, not by who prints on the console. */
void console_flush(struct console_line *line)
{
    SIMPLE_TEXT_OUTPUT_INTERFACE *out = line->fw->system->ConOut;
    UINTN bytes = line->n * sizeof line->text[0];
    EFI_STATUS status = EFI_SUCCESS;

    line->text[line->n] = 0;
    if (!line->n)
        return;
    line->n = 0;
    if (line->shell)
        status = line->shell->WriteFile(line->file, &bytes, line->text);
    else if (out && out->OutputString)
        out->OutputString(out, line->text);
    if (!EFI_ERROR(line->status))
        line->status = status;
}

static void console_write(const struct sink *sink, const char *text, size_t bytes)
{
    struct console_line *line = ((const struct console_sink *)(const void *)sink)->line;

    for (size_t i = 0; i < bytes; i++) {
        const uint8_t byte = (uint8_t)text[i];

        if (byte >= 0x80 && byte < 0xc0)
            continue; /* the rest of a character that has had its question mark */
        if (byte == '\n')
            line->text[line->n++] = '\r';
        line->text[line->n++] = byte < 0x80 ? byte : '?';
        if (byte == '\n' || line->n >= CONSOLE_LINE_UNITS)
            console_flush(line);
    }
}

struct console_sink console_sink(const struct firmware *fw, struct console_line *line)
{
    line->fw = fw;
    line->file = fw->shell ? fw->shell->StdOut : NULL;
    line->shell = line->file ? shell_find(fw) : NULL;
    line->status = EFI_SUCCESS;
    line->n = 0;
    return (struct console_sink){ { console_write }, line };
}

static void file_write(const struct sink *sink, const char *text, size_t bytes)
{
    struct output_file *file = ((const struct file_sink *)(const void *)sink)->file;
    size_t from = 0;

    for (size_t i = 0; i < bytes; i++)
        if (text[i] == '\n') {
            output_file_write(file, text + from, i - from);
            output_file_write(file, "\r\n", 2);
            from = i + 1;
        }
    output_file_write(file, text + from, bytes - from);
}

struct file_sink file_sink(struct output_file *file)
{
    return (struct file_sink){ { file_write }, file };
}
