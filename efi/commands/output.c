#include "output.h"

void console_flush(struct console_line *line)
{
    if (line->n)
        firmware_print_bytes(line->fw, line->text, line->n);
    line->n = 0;
}

static void console_write(const struct sink *sink, const char *text, size_t bytes)
{
    struct console_line *line = ((const struct console_sink *)(const void *)sink)->line;

    for (size_t i = 0; i < bytes; i++) {
        const uint8_t byte = (uint8_t)text[i];

        if (byte >= 0x80 && byte < 0xc0)
            continue; /* the rest of a character that has had its question mark */
        line->text[line->n++] = byte < 0x80 ? text[i] : '?';
        if (byte == '\n' || line->n == sizeof line->text)
            console_flush(line);
    }
}

struct console_sink console_sink(const struct firmware *fw, struct console_line *line)
{
    line->fw = fw;
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
