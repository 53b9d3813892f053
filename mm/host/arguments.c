#include "arguments.h"

#include <string.h>

#include "text_scan.h"

/* The words that are left, and what has been understood. */
struct word_list {
    char **words;
    char **end;
    struct report_arguments *made;
    struct argument_error *error;
    const char *kind_word;   /* the subcommand */
    const char *format_word; /* the one that chose the report's format */
    unsigned given;          /* bits: of options[] */
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
    made->output = strcmp(value, "-") == 0 ? NULL : value;
    return NULL;
}

enum option_number { OPTION_OUTPUT, OPTION_INPUT_FORMAT, OPTION_UNIT, OPTION_SIZE };

static const struct option {
    const char *name;
    const char *(*set)(struct report_arguments *made, const char *value); /* returns NULL or what is wrong with it */
} options[] = {
    [OPTION_OUTPUT] = { "-o", set_output },
    [OPTION_INPUT_FORMAT] = { "--format", set_input_format },
    [OPTION_UNIT] = { "--unit", set_unit },
    [OPTION_SIZE] = { "--size", set_size },
};

static bool is_given(const struct word_list *list, enum option_number option)
{
    return list->given >> option & 1;
}

static bool refuse(struct word_list *list, const char *word, const char *reason)
{
    *list->error = (struct argument_error){ word, reason };
    return false;
}

/* The option that the word begins with, alone or before =; ARRAY_LENGTH(options): none. */
static size_t find_option(const char *word)
{
    size_t i = 0;

    for (; i < ARRAY_LENGTH(options); i++) {
        struct extent rest = word_extent(word);
        if (take_prefix(&rest, options[i].name) && (is_empty(rest) || *rest.at == '='))
            break;
    }
    return i;
}

/* Its value stands in the same word behind =, or in the next one. */
static bool take_option(struct word_list *list, size_t option)
{
    const char *name = options[option].name;
    const char *value = *list->words + strlen(name);

    if (is_given(list, (enum option_number)option))
        return refuse(list, name, "given twice");
    list->given |= 1u << option;
    if (*value)
        value++;
    else if (list->words + 1 < list->end)
        value = *++list->words;
    else
        return refuse(list, name, "a value is missing after it");
    const char *reason = options[option].set(list->made, value);
    return reason ? refuse(list, value, reason) : true;
}

/* The subcommand, if there is one, comes before the file. */
static bool take_plain_word(struct word_list *list, const char *word)
{
    struct report_arguments *made = list->made;
    uint64_t kind;

    if (!made->input && !list->kind_word && find_name(kinds, word_extent(word), &kind)) {
        list->kind_word = word;
        made->kind = (enum report_kind)kind;
        return true;
    }
    if (made->input && !list->kind_word)
        return refuse(list, made->input, "not a command: map, frames or picture");
    if (made->input)
        return refuse(list, word, made->kind == REPORT_PICTURE ? "one file only: the picture's stands after -o"
                                                                 : "one file only");
    made->input = word;
    return true;
}

/* May take the next word, too. */
static bool take_word(struct word_list *list)
{
    const char *word = *list->words;
    const size_t option = find_option(word);
    uint64_t format;

    if (option < ARRAY_LENGTH(options))
        return take_option(list, option);
    if (find_name(formats, word_extent(word), &format)) {
        if (list->format_word && strcmp(list->format_word, word) != 0)
            return refuse(list, word, "another format was chosen before");
        list->format_word = word;
        list->made->format = (enum report_format)format;
        return true;
    }
    return *word == '-' && word[1] ? refuse(list, word, "not an option") : take_plain_word(list, word);
}

/* Does everything fit together? */
static bool check(struct word_list *list)
{
    const struct report_arguments *a = list->made;
    const bool is_table = a->kind == REPORT_OF_MAP || a->kind == REPORT_OF_FRAMES;
    const bool is_of_map = a->format == REPORT_RAW || a->format == REPORT_SFO;

    if (list->format_word && is_of_map && a->kind != REPORT_OF_MAP)
        return refuse(list, list->format_word, "only for map");
    if (list->format_word && !is_table)
        return refuse(list, list->format_word, "only for map and frames");
    if (is_given(list, OPTION_UNIT) && !is_table)
        return refuse(list, options[OPTION_UNIT].name, "only for map and frames");
    if (is_given(list, OPTION_SIZE) && a->kind != REPORT_PICTURE)
        return refuse(list, options[OPTION_SIZE].name, "only for picture");
    if (!a->input)
        return refuse(list, NULL, "no file is named");
    if (a->kind == REPORT_PICTURE && !is_given(list, OPTION_OUTPUT))
        return refuse(list, NULL, "picture needs -o FILE");
    return true;
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
    struct word_list list = { argv + (argc > 0), argv + argc, &made, ret_error, NULL, NULL, 0 };

    if (!find_information(argc, argv, &made.kind)) {
        for (; list.words < list.end; list.words++)
            if (!take_word(&list))
                return false;
        if (!check(&list))
            return false;
    }
    *ret = made;
    return true;
}
