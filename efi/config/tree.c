/* Lines to entries and options. */
#include "parser.h"

/* Where the next line belongs. */
struct place {
    struct config_entry *last;                    /* the entry above; NULL: global, or in one that is left out */
    struct config_entry *on_level[CONFIG_DEPTH_MAX]; /* on_level[d]: the last entry with d + 1 slashes */
    unsigned depth;                               /* slashes of the last entry */
    bool any;                                     /* a line that opens an entry was seen */
    bool all_global;                              /* see begins_with_entry() */
};

static size_t count_slashes(const char *text)
{
    size_t n = 0;

    while (text[n] == '/')
        n++;
    return n;
}

/* Fills in the title, without slashes, plus sign and blanks before it. */
static void read_title(struct config_parser *parser, struct config_entry *entry, const struct config_line *line,
                       size_t depth)
{
    const char *title = line->text + depth;

    entry->expanded = *title == '+';
    title += entry->expanded;
    while (config_is_blank(*title))
        title++;
    entry->title = title;
    if (!*title)
        config_warn(parser, CONFIG_ENTRY_UNTITLED, line->number, line->text, line->bytes);
}

/* Appends an entry to its parent's children, or to those without a parent. */
static void link_entry(struct config_parser *parser, struct place *place, struct config_entry *entry, unsigned depth)
{
    struct config_entry *const before = depth <= place->depth ? place->on_level[depth - 1] : NULL;

    if (depth > 1)
        entry->parent = place->on_level[depth - 2];
    if (before)
        before->next = entry;
    else if (entry->parent)
        entry->parent->first_child = entry;
    place->on_level[depth - 1] = entry;
    place->depth = depth;
    place->last = entry;
    parser->n_entries++;
}

static void open_entry(struct config_parser *parser, struct place *place, const struct config_line *line)
{
    const size_t depth = count_slashes(line->text);

    place->any = true;
    if (depth > CONFIG_DEPTH_MAX || depth > place->depth + 1) {
        config_warn(parser, depth > CONFIG_DEPTH_MAX ? CONFIG_ENTRY_TOO_DEEP : CONFIG_ENTRY_ORPHAN, line->number,
                    line->text, line->bytes);
        place->last = NULL; /* its options go with it */
        return;
    }

    struct config_entry *const entry = &parser->entries[parser->n_entries];

    *entry = (struct config_entry){ .line = line->number, .options = parser->options + parser->n_options };
    read_title(parser, entry, line, depth);
    link_entry(parser, place, entry, (unsigned)depth);
}

static void warn_of_key(struct config_parser *parser, const struct config_option *option, const struct place *place)
{
    const enum config_scope scope = config_key_scope(option->key);

    if (scope == CONFIG_SCOPE_BOTH || scope == (place->any ? CONFIG_SCOPE_ENTRY : CONFIG_SCOPE_GLOBAL) ||
        (scope == CONFIG_SCOPE_GLOBAL && place->all_global))
        return;
    config_warn(parser, scope == CONFIG_SCOPE_NONE ? CONFIG_KEY_UNKNOWN : CONFIG_KEY_MISPLACED, option->line,
                option->key, config_length(option->key));
}

/* Reads `key: value`; the line is cut in two where it stands. */
static void read_option(struct config_parser *parser, struct place *place, const struct config_line *line)
{
    char *colon = line->text;

    for (; *colon && *colon != ':'; colon++)
        *colon = config_lower(*colon);
    if (!*colon) {
        config_warn(parser, CONFIG_LINE_MEANINGLESS, line->number, line->text, line->bytes);
        return;
    }
    if (place->any && !place->last)
        return;

    struct config_option *const option = &parser->options[parser->n_options++];

    *colon = 0;
    *option = (struct config_option){ line->text, colon + 1, line->number };
    while (config_is_blank(*option->value))
        option->value++;
    warn_of_key(parser, option, place);
    if (place->last)
        place->last->n_options++;
}

/* ---- what can be said only when all of it is there ---- */

/* Whether `word` is among the blank-separated words of a list, whatever its case. */
static bool lists(const char *list, const char *word)
{
    while (*list) {
        const char *w = word;

        while (config_is_blank(*list))
            list++;
        for (; *list && !config_is_blank(*list) && *w && config_lower(*list) == *w; list++)
            w++;
        if (!*w && (!*list || config_is_blank(*list)))
            return true;
        while (*list && !config_is_blank(*list))
            list++;
    }
    return false;
}

static const char *value_of(const struct config_entry *entry, const char *key)
{
    return config_value(entry->options, entry->n_options, key, 0);
}

static bool is_for_other_machines(const struct config_entry *entry)
{
    static const struct { char key[16], ours[8]; } conditions[] = {
        { "if_fw_type", "uefi" }, { "if_arch", "x86-64" }, { "if_loader_arch", "x86-64" },
    };
    const char *const protocol = value_of(entry, "protocol");

    for (size_t i = 0; i < ARRAY_LENGTH(conditions); i++) {
        const char *const wanted = value_of(entry, conditions[i].key);

        if (wanted && !lists(wanted, conditions[i].ours))
            return true;
    }
    return protocol && (config_same_any_case(protocol, "bios") || config_same_any_case(protocol, "bios_chainload"));
}

/* Numbers the rows of the menu. Parents stand before their children. */
static void finish_entries(struct config_entry *entries, size_t n)
{
    uint32_t rows = 0;

    for (size_t i = 0; i < n; i++) {
        struct config_entry *const entry = &entries[i], *const parent = entry->parent;

        entry->comment = value_of(entry, "comment");
        entry->hidden = (parent && parent->hidden) || is_for_other_machines(entry);
        if (!entry->hidden && (!parent || (parent->index && parent->expanded)))
            entry->index = ++rows;
    }
}

/* Limine takes any other word for 0, and boots at once; who writes `soon` wants something else. */
static void check_timeout(struct config_parser *parser, const struct config *config)
{
    const struct config_option *const timeout = config_option(config->globals, config->n_globals, "timeout", 0);

    if (timeout && !config_is_digit(*timeout->value) && *timeout->value != '.' &&
        !config_same_any_case(timeout->value, "no"))
        config_warn(parser, CONFIG_NUMBER_INVALID, timeout->line, timeout->value, config_length(timeout->value));
}

/*
 * Limine ends its search for global keys in front of the first entry, but not where that is the first line of the file
 * (and its title has no slash): then it searches everything. Such files are about, with their timeout at the bottom.
 */
static bool begins_with_entry(const struct config_parser *parser)
{
    const struct config_line *const first = parser->lines;
    bool more_slashes = false;

    if (!parser->n_lines || first->number != 1 || *first->text != '/')
        return false;
    for (uint32_t i = 1; i < first->bytes; i++)
        more_slashes |= first->text[i] == '/';
    return !more_slashes;
}

void config_build(struct config_parser *parser, struct config *ret)
{
    struct place place = { .all_global = begins_with_entry(parser) };

    for (size_t i = 0; i < parser->n_lines; i++) {
        const struct config_line *const line = &parser->lines[i];

        if (!line->bytes || *line->text == '#')
            continue; /* by way of a macro */
        if (*line->text == '/')
            open_entry(parser, &place, line);
        else
            read_option(parser, &place, line);
        if (!parser->n_entries || place.all_global)
            ret->n_globals = parser->n_options;
    }
    finish_entries(parser->entries, parser->n_entries);
    ret->first = parser->n_entries ? parser->entries : NULL;
    ret->entries = parser->entries;
    ret->n_entries = parser->n_entries;
    ret->globals = parser->options;
    ret->warnings = parser->warnings;
    check_timeout(parser, ret);
    ret->n_warnings = parser->n_warnings;
}
