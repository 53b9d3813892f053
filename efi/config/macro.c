/*
 * Macros. As in Limine, a definition counts for the whole file wherever it stands, the last one of a name wins (also
 * over what is built in), and a name that nobody defined stands for nothing. Definitions may use other macros; how deep
 * and how much is bounded, since a few lines can ask for more text than there is memory.
 */
#include "parser.h"

#define DEPTH_MAX 16

static bool begins_mention(const char *text, size_t bytes)
{
    return bytes >= 2 && text[0] == '$' && text[1] == '{';
}

/* Offset of c in text, or `bytes`. */
static size_t find(const char *text, size_t bytes, char c)
{
    size_t i = 0;

    while (i < bytes && text[i] != c)
        i++;
    return i;
}

/* Compares names bytewise, shorter first where one is the beginning of the other. */
static int compare_names(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes)
{
    const int order = __builtin_memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);

    return order ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* Sorts by name, and equal names by line, so that the last definition comes last. */
static bool comes_after(const struct config_macro *a, const struct config_macro *b)
{
    const int order = compare_names(a->name, a->name_bytes, b->name, b->name_bytes);

    return order ? order > 0 : a->line > b->line;
}

static void sift_down(struct config_macro *heap, size_t n, size_t parent)
{
    for (size_t child; (child = 2 * parent + 1) < n; parent = child) {
        if (child + 1 < n && comes_after(&heap[child + 1], &heap[child]))
            child++;
        if (!comes_after(&heap[child], &heap[parent]))
            return;

        const struct config_macro moved = heap[parent];

        heap[parent] = heap[child];
        heap[child] = moved;
    }
}

/* Heap sort: no recursion, no memory, no order of input that makes it slow. */
static void sort_macros(struct config_macro *macros, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(macros, n, i);
    for (size_t last = n; last-- > 1;) {
        const struct config_macro largest = macros[0];

        macros[0] = macros[last];
        macros[last] = largest;
        sift_down(macros, last, 0);
    }
}

static struct config_macro *find_macro(const struct config_parser *parser, const char *name, uint32_t name_bytes)
{
    size_t low = 0, high = parser->n_macros; /* the first one behind that name is in [low, high] */

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct config_macro *const m = &parser->macros[middle];

        if (compare_names(m->name, m->name_bytes, name, name_bytes) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (!low)
        return NULL;

    struct config_macro *const found = &parser->macros[low - 1];

    return compare_names(found->name, found->name_bytes, name, name_bytes) ? NULL : found;
}

static void add_macro(struct config_parser *parser, const char *name, size_t name_bytes, const char *text,
                      size_t text_bytes, uint32_t line)
{
    parser->macros[parser->n_macros++] = (struct config_macro){
        .name = name, .name_bytes = (uint32_t)name_bytes, .text = text, .text_bytes = (uint32_t)text_bytes, .line = line
    };
}

/* Whether a line is `${NAME}=text`; then it becomes a macro. */
static bool collect(struct config_parser *parser, const struct config_line *line)
{
    if (!begins_mention(line->text, line->bytes))
        return false;

    const size_t close = find(line->text, line->bytes, '}');

    if (line->bytes - close < 2 || line->text[close + 1] != '=')
        return false;
    add_macro(parser, line->text + 2, close - 2, line->text + close + 2, line->bytes - close - 2, line->number);
    return true;
}

void config_collect_macros(struct config_parser *parser)
{
    static const struct { char name[12], text[8]; } built_in[CONFIG_MACROS_BUILT_IN] = {
        { "ARCH", "x86-64" }, { "FW_TYPE", "UEFI" }, { "LOADER_ARCH", "x86-64" },
    };
    size_t kept = 0;

    for (size_t i = 0; i < CONFIG_MACROS_BUILT_IN; i++)
        add_macro(parser, built_in[i].name, config_length(built_in[i].name), built_in[i].text,
                  config_length(built_in[i].text), 0);
    for (size_t i = 0; i < parser->n_lines; i++)
        if (!collect(parser, &parser->lines[i]))
            parser->lines[kept++] = parser->lines[i];
    parser->n_lines = kept;
    sort_macros(parser->macros, parser->n_macros);
}

/* Appends to the text being made; false: there is no room. One byte is kept for the terminator. */
static bool append(struct config_parser *parser, const char *text, size_t bytes)
{
    if (bytes >= (size_t)(parser->expanded_end - parser->expanded))
        return false;
    __builtin_memcpy(parser->expanded, text, bytes);
    parser->expanded += bytes;
    return true;
}

static bool append_text(struct config_parser *parser, const char *text, size_t bytes, uint32_t line,
                        struct config_macro *within, unsigned depth);

/* Appends what a macro stands for. */
static bool append_macro(struct config_parser *parser, struct config_macro *macro, uint32_t line, unsigned depth)
{
    if (macro->busy || depth == DEPTH_MAX)
        return config_refuse(parser, CONFIG_MACRO_RECURSIVE, macro->line, macro->name, macro->name_bytes);
    if (parser->steps_left <= macro->text_bytes)
        return config_refuse(parser, CONFIG_MACRO_TOO_LARGE, line, macro->name, macro->name_bytes);
    parser->steps_left -= macro->text_bytes + 1;
    macro->busy = true;

    const bool done = append_text(parser, macro->text, macro->text_bytes, line, macro, depth + 1);

    macro->busy = false;
    return done;
}

/*
 * Appends the text between ${ and }, and does what it says. Inside another macro's text a name that nobody defined
 * stays as it is, as everything there does in Limine.
 */
static bool append_mention(struct config_parser *parser, const char *name, size_t name_bytes, uint32_t line,
                           const struct config_macro *within, unsigned depth)
{
    struct config_macro *const macro = find_macro(parser, name, (uint32_t)name_bytes);

    if (macro)
        return append_macro(parser, macro, line, depth);
    if (within)
        return append(parser, name - 2, name_bytes + 3) ||
               config_refuse(parser, CONFIG_MACRO_TOO_LARGE, line, within->name, within->name_bytes);
    config_warn(parser, CONFIG_MACRO_UNDEFINED, line, name, name_bytes);
    return true;
}

/* Appends a text, its macros replaced; `within` is the macro whose text it is, or NULL for a line of the file. */
static bool append_text(struct config_parser *parser, const char *text, size_t bytes, uint32_t line,
                        struct config_macro *within, unsigned depth)
{
    for (size_t i = 0; i < bytes;) {
        size_t plain = 0;

        while (i + plain < bytes && !begins_mention(text + i + plain, bytes - i - plain))
            plain++;

        size_t close = find(text + i + plain, bytes - i - plain, '}');

        if (i + plain + close == bytes) { /* none left that is closed */
            if (!within && i + plain < bytes)
                return config_refuse(parser, CONFIG_MACRO_OPEN, line, text + i + plain, bytes - i - plain);
            plain = bytes - i;
        }
        if (!append(parser, text + i, plain))
            return config_refuse(parser, CONFIG_MACRO_TOO_LARGE, line, text, bytes);
        i += plain;
        if (i == bytes)
            return true;
        if (!append_mention(parser, text + i + 2, close - 2, line, within, depth))
            return false;
        i += close + 1;
    }
    return true;
}

bool config_expand(struct config_parser *parser, struct config_line *line)
{
    char *const start = parser->expanded;
    size_t i = 0;

    while (i < line->bytes && !begins_mention(line->text + i, line->bytes - i))
        i++;
    if (i == line->bytes)
        return true;
    if (!append_text(parser, line->text, line->bytes, line->number, NULL, 0))
        return false;
    line->text = start;
    line->bytes = (uint32_t)(parser->expanded - start);
    *parser->expanded++ = 0;
    return true;
}
