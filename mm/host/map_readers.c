#include "map_readers.h"

#include <stdlib.h>
#include <string.h>

#include "map_reader.h"
#include "report.h"
#include "utf16.h"

static const char *const format_names[MAP_FORMATS] = {
    [MAP_FORMAT_TEXT] = "text",   [MAP_FORMAT_SHELL] = "shell", [MAP_FORMAT_SFO] = "sfo",
    [MAP_FORMAT_DMESG] = "dmesg", [MAP_FORMAT_IOMEM] = "iomem", [MAP_FORMAT_JSON] = "json",
};

const char *map_format_name(enum map_format format)
{
    return format < MAP_FORMATS ? format_names[format] : NULL;
}

bool map_format_find(const char *name, enum map_format *ret)
{
    for (unsigned i = 0; i < MAP_FORMATS; i++)
        if (strcmp(name, format_names[i]) == 0) {
            *ret = (enum map_format)i;
            return true;
        }
    return false;
}

const char *map_note_text(enum map_note note)
{
    static const char *const texts[MAP_NOTES] = {
        [NOTE_FIRMWARE_PREFERRED] = "the efi: mem lines are used, which know more than the BIOS-e820 lines",
        [NOTE_LATER_MAPS] = "there is more than one map: the first one is used",
        [NOTE_LINES_MISSING] = "the numbers of the efi: mem lines have gaps: lines are missing",
    };

    return note < MAP_NOTES ? texts[note] : NULL;
}

/* MAP_FORMATS: a line that says nothing. Comments are the own format's, and stand before maps of others. */
static enum map_format line_format(struct extent line)
{
    if (is_sfo_line(line))
        return MAP_FORMAT_SFO;
    if (is_efi_line(line) || is_e820_line(line))
        return MAP_FORMAT_DMESG;
    if (is_shell_line(line))
        return MAP_FORMAT_SHELL;
    return is_iomem_line(line) ? MAP_FORMAT_IOMEM : MAP_FORMATS;
}

enum map_format map_format_detect(const char *text, size_t n)
{
    struct extent left = { text, text + n };
    bool first = true;

    while (!is_empty(left)) {
        const struct extent line = trimmed(next_line(&left));
        if (is_empty(line) || *line.at == '#')
            continue;
        if (first && *line.at == '{')
            return MAP_FORMAT_JSON;
        first = false;
        const enum map_format format = line_format(line);
        if (format != MAP_FORMATS)
            return format;
    }
    return MAP_FORMAT_TEXT;
}

/* The first line that is no comment, if there is one, begins with a number. */
static bool may_be_text(struct extent text)
{
    struct extent word = { 0 };
    uint64_t number;

    while (!is_empty(text) && (is_empty(word) || *word.at == '#')) {
        struct extent line = next_line(&text);
        word = next_word(&line);
    }
    return is_empty(word) || *word.at == '#' || !parse_number(word, UINT64_MAX, &number);
}

static bool read_text(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    return map_text_parse(text.at, extent_bytes(text), ret, ret_error);
}

/*
 * The raw map in what the loader prints: in a file of its `report`, which holds several texts, each under its heading,
 * or on the serial port in a boot with raw-map=yes.
 */
struct report_section {
    struct extent text;
    size_t lines_before; /* 0: the file is no such report */
};

static bool begins_section(struct extent line)
{
    return extent_is(line, REPORT_HEADING_BEGIN "map --raw" REPORT_HEADING_END) || extent_is(line, "--- raw map");
}

static bool ends_section(struct extent line)
{
    return extent_is(line, "--- end of raw map") || take_prefix(&line, REPORT_HEADING_BEGIN);
}

static struct report_section find_in_report(struct extent text)
{
    struct report_section found = { text, 0 };

    for (size_t n = 1; !is_empty(text); n++) {
        const struct extent line = next_line(&text);

        if (!found.lines_before && begins_section(trimmed(line))) {
            found = (struct report_section){ text, n };
        } else if (found.lines_before && ends_section(trimmed(line))) {
            found.text.end = line.at;
            break;
        }
    }
    return found;
}

static bool read_format(enum map_format format, struct extent text, struct map_text *ret,
                        struct map_text_error *ret_error)
{
    static bool (*const readers[MAP_FORMATS])(struct extent, struct map_text *, struct map_text_error *) = {
        [MAP_FORMAT_TEXT] = read_text,       [MAP_FORMAT_SHELL] = map_read_shell, [MAP_FORMAT_SFO] = map_read_sfo,
        [MAP_FORMAT_DMESG] = map_read_dmesg, [MAP_FORMAT_IOMEM] = map_read_iomem, [MAP_FORMAT_JSON] = map_read_json,
    };

    return readers[format](text, ret, ret_error);
}

static bool read_detected(struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    const enum map_format format = map_format_detect(text.at, extent_bytes(text));

    if (format != MAP_FORMAT_TEXT || may_be_text(text))
        return read_format(format, text, ret, ret_error);
    *ret_error = (struct map_text_error){
        0, "no memory map that I know: neither memmap, dmesg, /proc/iomem, JSON nor map --raw"
    };
    return false;
}

static bool read_as(enum map_format format, struct extent text, struct map_text *ret, struct map_text_error *ret_error)
{
    const struct report_section section = find_in_report(text);

    if (format != MAP_FORMATS)
        return read_format(format, text, ret, ret_error);
    if (!section.lines_before)
        return read_detected(text, ret, ret_error);

    const bool ok = read_text(section.text, ret, ret_error);

    if (!ok && ret_error->line)
        ret_error->line += section.lines_before;
    return ok;
}

/* Little-endian, with a byte order mark, or, as `>>` into a new file may leave it, without: ASCII has zeros then. */
static bool is_utf16(struct extent text)
{
    const size_t n = extent_bytes(text);

    return n >= 2 && ((text.at[0] == '\xff' && text.at[1] == '\xfe') || (text.at[0] && !text.at[1]));
}

/* A copy in UTF-8, to be freed; NULL: no memory. */
static char *copy_as_utf8(struct extent raw, size_t *ret_bytes)
{
    const bool is_wide = is_utf16(raw);

    take_prefix(&raw, is_wide ? "\xff\xfe" : "\xef\xbb\xbf");
    const size_t bytes = extent_bytes(raw);
    const size_t capacity = (is_wide ? UTF16_BYTES_MAX(bytes / 2) : bytes) + 1;
    char *copy = malloc(capacity);
    if (copy && is_wide) {
        *ret_bytes = utf16_to_utf8(raw.at, bytes / 2, copy, capacity);
    } else if (copy) {
        memcpy(copy, raw.at, bytes);
        *ret_bytes = bytes;
    }
    return copy;
}

/* Drops the sequences ESC [ ... LETTER, by which terminals are told colours (ECMA-48, 5.4 Control sequences). */
static size_t drop_colours(char *text, size_t bytes)
{
    size_t kept = 0;

    for (size_t i = 0; i < bytes;) {
        if (text[i] != '\x1b' || i + 1 == bytes || text[i + 1] != '[') {
            text[kept++] = text[i++];
            continue;
        }
        for (i += 2; i < bytes && text[i] >= ' ' && text[i] < '@'; i++)
            ;
        i += i < bytes && text[i] >= '@';
    }
    return kept;
}

bool map_read(enum map_format format, const char *text, size_t n, struct map_text *ret,
              struct map_text_error *ret_error)
{
    size_t bytes;
    char *copy = copy_as_utf8((struct extent){ text, text + n }, &bytes);

    if (!copy) {
        *ret_error = (struct map_text_error){ 0, "out of memory" };
        return false;
    }
    bytes = drop_colours(copy, bytes);
    const bool ok = read_as(format, (struct extent){ copy, copy + bytes }, ret, ret_error);
    free(copy);
    return ok;
}
