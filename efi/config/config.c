#include "parser.h"

/* Limine gives replaced macros 4 times the file's size; small files may take more. */
#define EXPANSION_FACTOR 4
#define EXPANSION_ROOM 4096u
/* Reading a macro's text is a step a byte. Without macros in macros no file that fits takes more. */
#define STEPS_FACTOR 8

static size_t expansion_bytes(struct config_counts counts, size_t bytes)
{
    return counts.mentions_macros ? EXPANSION_FACTOR * bytes + counts.lines + EXPANSION_ROOM : 0;
}

/* ---- UTF-16 ---- */

/* A byte order mark, or every second byte of the first characters 0. One character in UTF-8 has no such neighbour. */
static bool is_utf16(const char *text, size_t bytes)
{
    if (bytes < 2)
        return false;

    const unsigned char a = (unsigned char)text[0], b = (unsigned char)text[1];

    if ((a == 0xff && b == 0xfe) || (a == 0xfe && b == 0xff))
        return true;
    return bytes >= 4 && ((a && !b && text[2] && !text[3]) || (!a && b && !text[2] && text[3]));
}

static enum config_reason refusal(const char *text, size_t bytes)
{
    if (bytes > CONFIG_BYTES_MAX)
        return CONFIG_TOO_LARGE;
    return is_utf16(text, bytes) ? CONFIG_UTF16 : CONFIG_OK;
}

/* ---- the workspace ---- */

struct arena {
    unsigned char *start; /* NULL: only measured */
    size_t used, bytes;
    bool full;
};

static void *take(struct arena *arena, size_t bytes)
{
    const size_t rounded = (bytes + CONFIG_ALIGNMENT - 1) / CONFIG_ALIGNMENT * CONFIG_ALIGNMENT;
    unsigned char *const taken = arena->start ? arena->start + arena->used : NULL;

    if (arena->full || rounded > arena->bytes - arena->used) {
        arena->full = true;
        return NULL;
    }
    arena->used += rounded;
    return taken;
}

/* Gives each array its part, and *ret_room what config_split() takes. False: the arena is too small. */
static bool lay_out(struct config_parser *parser, struct config_counts counts, size_t bytes, struct arena *arena,
                    char **ret_room)
{
    const size_t expansion = expansion_bytes(counts, bytes);

    parser->lines = take(arena, counts.lines * sizeof *parser->lines);
    parser->macros = take(arena, (counts.macros + CONFIG_MACROS_BUILT_IN) * sizeof *parser->macros);
    parser->options = take(arena, counts.options * sizeof *parser->options);
    parser->entries = take(arena, counts.entries * sizeof *parser->entries);
    parser->warnings = take(arena, CONFIG_WARNINGS_MAX * sizeof *parser->warnings);
    parser->expanded = take(arena, expansion);
    parser->expanded_end = parser->expanded ? parser->expanded + expansion : NULL;
    parser->steps_left = STEPS_FACTOR * bytes + EXPANSION_ROOM;
    *ret_room = take(arena, bytes + 1);
    return !arena->full;
}

size_t config_workspace_bytes(const char *text, size_t bytes)
{
    struct arena measure = { .bytes = SIZE_MAX / 2 };
    struct config_parser parser;
    char *room;

    if (refusal(text, bytes) != CONFIG_OK)
        return 0;
    return lay_out(&parser, config_count(text, bytes), bytes, &measure, &room) ? measure.used : 0;
}

/* ---- parsing ---- */

bool config_parse(const char *text, size_t bytes, void *workspace, size_t workspace_bytes, struct config *ret,
                  struct config_error *ret_error)
{
    struct config_parser parser = { .error = ret_error };
    struct arena arena = { .start = workspace, .bytes = workspace ? workspace_bytes : 0 };
    char *room;

    *ret = (struct config){ 0 };
    if (refusal(text, bytes) != CONFIG_OK)
        return config_refuse(&parser, refusal(text, bytes), 0, "", 0);
    if (!lay_out(&parser, config_count(text, bytes), bytes, &arena, &room))
        return config_refuse(&parser, CONFIG_WORKSPACE, 0, "", 0);
    config_note(ret_error, CONFIG_OK, 0, "", 0);
    config_split(&parser, text, bytes, room);
    config_collect_macros(&parser);
    for (size_t i = 0; i < parser.n_lines; i++)
        if (!config_expand(&parser, &parser.lines[i]))
            return false;
    config_build(&parser, ret);
    return true;
}
