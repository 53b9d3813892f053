#include "parser.h"

/* Where a `#N` ends that closes a component, with N in *ret; NULL: it is none. */
static const char *read_twin(const char *text, uint32_t *ret)
{
    uint32_t n = 0;

    if (*text != '#' || !config_is_digit(text[1]))
        return NULL;
    for (text++; config_is_digit(*text); text++)
        n = n > UINT32_MAX / 20 ? n : n * 10 + (uint32_t)(*text - '0'); /* that many twins do not fit into a file */
    if (*text && *text != '/')
        return NULL;
    *ret = n;
    return text;
}

/*
 * Compares a title with the component at *path. True: they match, and *ret_end is where the component ends, *ret_twin
 * its number.
 */
static bool match_component(const char *path, const char *title, const char **ret_end, uint32_t *ret_twin)
{
    *ret_twin = 0;
    for (; *path && *path != '/'; path++, title++) {
        const char *const end = read_twin(path, ret_twin);

        if (end) {
            path = end;
            break;
        }
        if (*path == '\\' && path[1])
            path++;
        if (!*title || *title != *path)
            return false;
    }
    *ret_end = path;
    return !*title;
}

/* Among siblings: the one that the component at *path names; moves *path to the next component. */
static struct config_entry *match_sibling(struct config_entry *entry, const char **path)
{
    uint32_t seen = 0, twin;
    const char *end;

    for (; entry; entry = entry->next) {
        if (entry->hidden || !match_component(*path, entry->title, &end, &twin) || seen++ != twin)
            continue;
        *path = *end ? end + 1 : end;
        return entry;
    }
    return NULL;
}

struct config_entry *config_find(const struct config *config, const char *path)
{
    struct config_entry *entry = NULL, *siblings = config->first;

    if (!*path)
        return NULL;
    do {
        entry = match_sibling(siblings, &path);
        siblings = entry ? entry->first_child : NULL;
    } while (entry && *path);
    return entry;
}

bool config_bootable(const struct config_entry *entry)
{
    return !entry->hidden && !entry->first_child && config_value(entry->options, entry->n_options, "protocol", 0);
}

/* Whether an entry is `above`, or in it. */
static bool is_within(const struct config_entry *entry, const struct config_entry *above)
{
    while (entry && entry != above)
        entry = entry->parent;
    return entry == above;
}

/* The first one that can be booted in `above`, or, NULL, anywhere. */
static struct config_entry *first_bootable(const struct config *config, const struct config_entry *above)
{
    for (size_t i = 0; i < config->n_entries; i++)
        if (config_bootable(&config->entries[i]) && (!above || is_within(&config->entries[i], above)))
            return &config->entries[i];
    return NULL;
}

/* The entry in a row, 1-based; NULL: there is no such row. */
static struct config_entry *entry_in_row(const struct config *config, uint64_t row)
{
    for (size_t i = 0; row && i < config->n_entries; i++)
        if (config->entries[i].index == row)
            return &config->entries[i];
    return NULL;
}

/* What default_entry names; NULL: nothing. */
static struct config_entry *named_default(const struct config *config)
{
    const char *const value = config_value(config->globals, config->n_globals, "default_entry", 0);
    uint64_t row;

    if (!value)
        return NULL;
    if (config_number(config->globals, config->n_globals, "default_entry", UINT32_MAX, &row))
        return entry_in_row(config, row ? row : 1);
    return config_find(config, value);
}

struct config_entry *config_default(const struct config *config)
{
    struct config_entry *const named = named_default(config);

    if (named && !named->first_child)
        return named;

    struct config_entry *const inside = named ? first_bootable(config, named) : NULL;

    return inside ? inside : first_bootable(config, NULL);
}
