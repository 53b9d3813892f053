#include "words.h"

#include "../text.h"
#include "utf16.h"

#define CHARACTER_BYTES_MAX 4

/* Text is cut between two characters where the room ends: what comes so close to it may have been cut. */
static bool add_text(const void *text, size_t units, size_t *used, struct command_words *ret)
{
    const size_t room = sizeof ret->text - *used;

    if (room <= CHARACTER_BYTES_MAX)
        return false;

    const size_t n = utf16_to_utf8(text, units, ret->text + *used, room);

    *used += n + 1;
    return n + CHARACTER_BYTES_MAX < room;
}

static bool add_word(struct command_words *ret, const char *word)
{
    if (ret->n == ARRAY_LENGTH(ret->words))
        return false;
    ret->words[ret->n++] = word;
    return true;
}

bool words_from_shell(const EFI_SHELL_PARAMETERS_PROTOCOL *shell, UINTN first, struct command_words *ret)
{
    size_t used = 0;

    ret->n = 0;
    for (UINTN i = first; i < shell->Argc; i++)
        if (!add_word(ret, ret->text + used) || !add_text(shell->Argv[i], sizeof ret->text, &used, ret))
            return false;
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool words_from_text(const void *text, size_t units, struct command_words *ret)
{
    const char *from = ret->text;
    char *to = ret->text;
    size_t used = 0;

    ret->n = 0;
    if (!add_text(text, units, &used, ret))
        return false;
    for (;;) {
        bool quoted = false;

        for (; is_blank(*from); from++)
            ;
        if (!*from)
            return true;
        if (!add_word(ret, to))
            return false;
        for (; *from && (quoted || !is_blank(*from)); from++) {
            if (*from == '"')
                quoted = !quoted;
            else
                *to++ = *from;
        }
        if (*from)
            from++; /* before the end of the word takes its place */
        *to++ = 0;
    }
}

static bool read_unit(const char *word, enum report_unit *ret)
{
    static const char names[][6] = {
        [REPORT_UNIT_BYTES] = "bytes", [REPORT_UNIT_KIB] = "kib", [REPORT_UNIT_MIB] = "mib",
        [REPORT_UNIT_GIB] = "gib",     [REPORT_UNIT_PAGES] = "pages",
    };

    for (unsigned unit = REPORT_UNIT_BYTES; unit < ARRAY_LENGTH(names); unit++)
        if (text_same(word, names[unit])) {
            *ret = (enum report_unit)unit;
            return true;
        }
    return false;
}

static const char one_is_enough[] = "one is enough";

static const char *take_file(const char *name, struct common_options *ret)
{
    if (ret->file)
        return one_is_enough;
    ret->file = name;
    return name && *name && *name != '-' ? NULL : "a file's name is needed";
}

static const char *take_unit(const char *name, struct common_options *ret)
{
    if (ret->unit != REPORT_UNIT_AUTO)
        return one_is_enough;
    return name && read_unit(name, &ret->unit) ? NULL : "the units are bytes, KiB, MiB, GiB and pages";
}

const char *words_take_options(struct command_words *words, bool word_is_file, struct common_options *ret,
                               const char **ret_bad)
{
    const size_t n = words->n;
    const char *why = NULL;

    *ret = (struct common_options){ .unit = REPORT_UNIT_AUTO };
    words->n = n ? 1 : 0;
    for (size_t i = 1; i < n && !why; i++) {
        const char *word = words->words[i], *value = i + 1 < n ? words->words[i + 1] : NULL;

        *ret_bad = word;
        if (text_same(word, "-b")) {
            ret->page_break = true;
        } else if (text_same(word, "-h") || text_same(word, "--help") || text_same(word, "-?")) {
            ret->help = true;
        } else if (text_same(word, "-o")) {
            *ret_bad = value ? value : word;
            why = take_file(value, ret);
            i++;
        } else if (text_same(word, "--unit")) {
            *ret_bad = value ? value : word;
            why = take_unit(value, ret);
            i++;
        } else if (word_is_file && *word != '-') {
            why = take_file(word, ret);
        } else {
            words->words[words->n++] = word;
        }
    }
    return why;
}
