#include "arguments.h"

#include <string.h>

#include "text_scan.h"

/* The words that are left, and what has been understood. */
struct word_list {
    char **words;
    char **end;
    struct report_arguments *made;
    const char *format_word; /* the one that chose the report's format */
};

static const struct named_number kinds[] = {
    { "map", REPORT_OF_MAP },
    { "frames", REPORT_OF_FRAMES },
    { "picture", REPORT_PICTURE },
    { 0 },
};

static const struct named_number formats[] = {
    { "--raw", REPORT_RAW }, { "-sfo", REPORT_SFO }, { "--csv", REPORT_CSV }, { "--json", REPORT_JSON }, { 0 },
};

static const struct named_number units[] = {
    { "auto", REPORT_UNIT_AUTO }, { "bytes", REPORT_UNIT_BYTES }, { "KiB", REPORT_UNIT_KIB },
    { "MiB", REPORT_UNIT_MIB },   { "GiB", REPORT_UNIT_GIB },     { "pages", REPORT_UNIT_PAGES },
    { 0 },
};

static struct extent word_extent(const char *word)
{
    return (struct extent){ word, word + strlen(word) };
}

/* "WIDTHxHEIGHT" */
static const char *set_size(struct report_arguments *made, const char *value)
{
    struct extent size = word_extent(value);
    const struct extent width = next_field(&size, 'x');
    uint64_t w, h;

    if (parse_number(width, PICTURE_SIDE_MAX, &w) || parse_number(size, PICTURE_SIDE_MAX, &h))
        return "not WIDTHxHEIGHT, each 8192 at most";
    if (w < PICTURE_WIDTH_MIN || h < PICTURE_HEIGHT_MIN)
        return "below 800x600";
    made->width_px = (uint32_t)w;
    made->height_px = (uint32_t)h;
    return NULL;
}

static const char *set_unit(struct report_arguments *made, const char *value)
{
    uint64_t unit;

    if (!find_name(units, word_extent(value), &unit))
        return "not a unit: auto, bytes, KiB, MiB, GiB or pages";
    made->unit = (enum report_unit)unit;
    return NULL;
}

static const char *set_input_format(struct report_arguments *made, const char *value)
{
    return map_format_find(value, &made->input_format) ? NULL : "not a format: text, shell, sfo, dmesg, iomem or json";
}

static const char *set_output(struct report_arguments *made, const char *value)
{
    made->output = value;
    return NULL;
}

static const struct option {
    const char *name;
    const char *(*set)(struct report_arguments *made, const char *value); /* returns NULL or what is wrong */
} options[] = {
    { "-o", set_output },
    { "--format", set_input_format },
    { "--unit", set_unit },
    { "--size", set_size },
};

/* An option with a value, in the same word behind =, or in the next one; false: the word is none. */
static bool take_option(struct word_list *list, const char **ret_reason)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        struct extent rest = word_extent(*list->words);
        if (!take_prefix(&rest, options[i].name))
            continue;
        const char *value = NULL;
        if (!is_empty(rest) && *rest.at == '=')
            value = rest.at + 1;
        else if (!is_empty(rest))
            continue;
        else if (list->words + 1 < list->end)
            value = *++list->words;
        *ret_reason = value ? options[i].set(list->made, value) : "a value is missing after it";
        return true;
    }
    return false;
}

/* Returns NULL, or what is wrong with the word. May take the next one, too. */
static const char *take_word(struct word_list *list)
{
    const char *word = *list->words;
    struct report_arguments *made = list->made;
    const char *reason = NULL;
    uint64_t format;

    if (take_option(list, &reason))
        return reason;
    if (find_name(formats, word_extent(word), &format)) {
        if (list->format_word && strcmp(list->format_word, word) != 0)
            return "another format was chosen before";
        list->format_word = word;
        made->format = (enum report_format)format;
        return NULL;
    }
    if (*word == '-' && word[1])
        return "not an option";
    if (made->input)
        return "one file only";
    made->input = word;
    return NULL;
}

/* What fits together: NULL, or what does not. */
static const char *check(const struct report_arguments *a)
{
    const bool map_only = a->format == REPORT_RAW || a->format == REPORT_SFO;

    if (!a->input)
        return "no file is named";
    if (a->kind == REPORT_PICTURE && !a->output)
        return "picture needs -o FILE";
    if (a->kind != REPORT_PICTURE && a->width_px)
        return "--size is for picture";
    if (map_only && a->kind != REPORT_OF_MAP)
        return "--raw and -sfo are for map";
    if (a->format != REPORT_TEXT && (a->kind == REPORT_OF_BOOT || a->kind == REPORT_PICTURE))
        return "--csv and --json are for map and frames";
    if (a->unit != REPORT_UNIT_AUTO && (a->kind == REPORT_OF_BOOT || a->kind == REPORT_PICTURE))
        return "--unit is for map and frames";
    return NULL;
}

/* --help and --version count wherever they stand, whatever else is there. */
static bool find_information(int argc, char **argv, enum report_kind *ret)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            *ret = REPORT_HELP;
        else if (strcmp(argv[i], "--version") == 0)
            *ret = REPORT_VERSION;
        else
            continue;
        return true;
    }
    return false;
}

bool arguments_parse(int argc, char **argv, struct report_arguments *ret, struct argument_error *ret_error)
{
    struct report_arguments made = { .input_format = MAP_FORMATS };
    struct word_list list = { argv + (argc > 0), argv + argc, &made, NULL };
    uint64_t kind;

    if (find_information(argc, argv, &made.kind)) {
        *ret = made;
        return true;
    }
    if (list.words < list.end && find_name(kinds, word_extent(*list.words), &kind)) {
        made.kind = (enum report_kind)kind;
        list.words++;
    }
    for (; list.words < list.end; list.words++) {
        const char *word = *list.words;
        const char *reason = take_word(&list);
        if (reason) {
            *ret_error = (struct argument_error){ word, reason };
            return false;
        }
    }
    const char *reason = check(&made);
    if (reason) {
        *ret_error = (struct argument_error){ NULL, reason };
        return false;
    }
    *ret = made;
    return true;
}
