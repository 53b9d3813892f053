#include "options.h"

#include "bad_memory.h"

/* Longest word that can mean anything to us; the rest of a longer one is dropped. */
#define WORD_MAX 256

static const char fault_names[FAULT_KINDS][16] = {
    [FAULT_NONE] = "",       [FAULT_READ] = "read",     [FAULT_WRITE] = "write", [FAULT_FETCH] = "fetch",
    [FAULT_NULL] = "null",   [FAULT_DIVIDE] = "divide", [FAULT_GUARD] = "guard", [FAULT_SMASH] = "smash",
    [FAULT_ASSERT] = "assert", [FAULT_NESTED] = "nested",
    [FAULT_CPU] = "cpu",       [FAULT_CPU_GUARD] = "cpu-guard", [FAULT_CPU_HANG] = "cpu-hang",
    [FAULT_ABSENT] = "absent",
};

static const char loader_fault_names[LOADER_FAULTS][16] = {
    [LOADER_FAULT_EXIT] = "exit",
    [LOADER_FAULT_MEMORY] = "memory",
    [LOADER_FAULT_MAP] = "map",
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether text[0..bytes) is `name`, whatever its case. */
static bool same_word(const char *text, size_t bytes, const char *name)
{
    size_t i = 0;

    while (i < bytes && name[i] && lower(text[i]) == name[i])
        i++;
    return i == bytes && !name[i];
}

/* Reads digits up to `max`; advances *text. False: no digit, or too large. */
static bool read_number(const char **text, const char *end, uint32_t max, uint32_t *ret)
{
    uint64_t value = 0;
    const char *start = *text;

    for (; *text < end && **text >= '0' && **text <= '9'; ++*text) {
        value = value * 10 + (uint64_t)(**text - '0');
        if (value > max)
            return false;
    }
    *ret = (uint32_t)value;
    return *text > start;
}

static bool read_resolution(struct options *options, const char *text, const char *end)
{
    uint32_t width, height;

    if (!read_number(&text, end, UINT16_MAX, &width) || text == end || lower(*text++) != 'x' ||
        !read_number(&text, end, UINT16_MAX, &height) || text != end || !width || !height)
        return false;
    options->width_px = width;
    options->height_px = height;
    return true;
}

static bool read_test_limit(struct options *options, const char *text, const char *end)
{
    uint32_t mib;

    if (!read_number(&text, end, UINT32_MAX, &mib) || text != end || !mib)
        return false;
    options->test_mib = mib;
    return true;
}

static bool read_bad_memory(struct options *options, const char *text, size_t bytes)
{
    struct options read = *options;
    struct bad_memory_list list = { read.bad_memory, read.n_bad_memory, OPTION_BAD_MEMORY_MAX };
    struct bad_memory_error error;

    if (!bad_memory_parse(text, bytes, &list, &error))
        return false;
    read.n_bad_memory = list.n;
    *options = read;
    return true;
}

/* `KIND` or `KIND-N`. */
static bool read_loader_fault(const char *text, size_t bytes, enum loader_fault *ret_fault, uint32_t *ret_call)
{
    const char *end = text + bytes;
    size_t name = 0;

    while (name < bytes && text[name] != '-')
        name++;
    for (unsigned fault = 0; fault < LOADER_FAULTS; fault++) {
        const char *number = text + name + 1;

        if (!same_word(text, name, loader_fault_names[fault]))
            continue;
        *ret_fault = (enum loader_fault)fault;
        *ret_call = LOADER_FAULT_EACH;
        if (name == bytes)
            return true;
        return read_number(&number, end, LOADER_FAULT_EACH - 1, ret_call) && number == end && *ret_call;
    }
    return false;
}

static bool read_fault(struct options *options, const char *text, size_t bytes)
{
    enum loader_fault fault;
    uint32_t call;

    if (read_loader_fault(text, bytes, &fault, &call)) {
        options->loader_faults[fault] = call;
        return true;
    }
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        if (same_word(text, bytes, fault_names[kind])) {
            options->fault = (enum fault_kind)kind;
            return true;
        }
    return false;
}

/* Length of the key in front of the equals sign; `bytes` without one. */
static size_t key_bytes(const char *word, size_t bytes)
{
    size_t key = 0;

    while (key < bytes && word[key] != '=')
        key++;
    return key;
}

bool options_is_of_loader(const char *word, size_t bytes)
{
    const size_t key = key_bytes(word, bytes);
    enum loader_fault fault;
    uint32_t call;

    if (key == bytes)
        return false;
    return same_word(word, key, "bad_memory") ||
           (same_word(word, key, "fault") && read_loader_fault(word + key + 1, bytes - key - 1, &fault, &call));
}

bool options_read_word(struct options *options, const char *word, size_t bytes)
{
    const size_t key = key_bytes(word, bytes);

    if (key == bytes)
        return false;

    const char *value = word + key + 1, *end = word + bytes;
    const size_t value_bytes = (size_t)(end - value);

    if (same_word(word, key, "resolution"))
        return read_resolution(options, value, end);
    if (same_word(word, key, "test"))
        return read_test_limit(options, value, end);
    if (same_word(word, key, "bad_memory"))
        return read_bad_memory(options, value, value_bytes);
    if (same_word(word, key, "fault"))
        return read_fault(options, value, value_bytes);
    if (same_word(word, key, "console") && same_word(value, value_bytes, "none"))
        return options->console_none = true;
    if (same_word(word, key, "raw-map") && same_word(value, value_bytes, "yes"))
        return options->raw_map = true;
    return false;
}

void options_ignore_word(struct options *options, const char *word, size_t bytes)
{
    if (options->n_ignored++)
        return;

    size_t n = bytes < OPTION_WARNING_MAX ? bytes : OPTION_WARNING_MAX - 1;

    for (size_t i = 0; i < n; i++)
        options->first_ignored[i] = word[i] > ' ' && word[i] < 0x7f ? word[i] : '?';
    options->first_ignored[n] = 0;
}

/* ---- LoadOptions: UTF-16 of unknown provenance ---- */

struct utf16_reader {
    const uint8_t *text; /* may be unaligned */
    size_t units, next;
};

/* The next unit, or 0 at the end. */
static uint16_t peek(const struct utf16_reader *in)
{
    if (in->next >= in->units)
        return 0;
    return (uint16_t)(in->text[2 * in->next] | in->text[2 * in->next + 1] << 8);
}

static bool is_blank(uint16_t unit)
{
    return unit == ' ' || unit == '\t' || unit == '\r' || unit == '\n';
}

/* Reads a word, quotes removed, non-ASCII as 0x7f; its length in *ret_bytes. False at the end of the text. */
static bool read_word(struct utf16_reader *in, char word[WORD_MAX], size_t *ret_bytes)
{
    bool quoted = false;
    size_t n = 0;

    while (is_blank(peek(in)))
        in->next++;
    if (!peek(in))
        return false;
    for (uint16_t unit; (unit = peek(in)) && (quoted || !is_blank(unit)); in->next++) {
        if (unit == '"')
            quoted = !quoted;
        else if (n < WORD_MAX)
            word[n++] = unit < 0x7f ? (char)unit : 0x7f;
    }
    *ret_bytes = n;
    return true;
}

static bool names_image(const char *word, size_t bytes)
{
    static const char suffix[] = ".efi";
    const size_t suffix_bytes = sizeof suffix - 1;

    return bytes > suffix_bytes && same_word(word + bytes - suffix_bytes, suffix_bytes, suffix);
}

bool options_is_boot(const char *word, size_t bytes)
{
    return same_word(word, bytes, "boot");
}

bool options_is_selftest(const char *word, size_t bytes)
{
    return same_word(word, bytes, "selftest");
}

struct load_options options_read_load_options(struct options *options, const void *text, size_t bytes,
                                              bool (*is_command)(const char *word, size_t bytes))
{
    enum { BYTE_ORDER_MARK = 0xfeff };
    struct utf16_reader in = { text, bytes / 2, 0 };
    struct load_options found = { 0 };
    bool strange = false;
    char word[WORD_MAX];
    size_t length, at;

    if (peek(&in) == BYTE_ORDER_MARK)
        in.next++;
    for (bool first = true; at = 2 * in.next, read_word(&in, word, &length); first = false) {
        if (first && names_image(word, length))
            continue;
        if (options_is_boot(word, length)) {
            found.word_at = at;
            found.boot_at = 2 * in.next;
            break;
        }
        if (!strange && is_command(word, length)) {
            found.word_at = found.selftest ? found.word_at : at;
            found.command = true;
            break;
        }
        if (!strange && options_is_selftest(word, length)) {
            found.word_at = at;
            found.selftest = true;
        } else if (options_read_word(options, word, length)) {
            found.n_options += !options_is_of_loader(word, length);
        } else if (length) {
            options_ignore_word(options, word, length);
            strange = true;
        }
    }
    return found;
}
