#include "parser.h"

static const char *const reasons[CONFIG_REASONS] = {
    [CONFIG_OK] = "no error",
    [CONFIG_TOO_LARGE] = "longer than 1 MiB",
    [CONFIG_UTF16] = "UTF-16, not UTF-8",
    [CONFIG_MACRO_OPEN] = "${ without }",
    [CONFIG_MACRO_RECURSIVE] = "macro leads back to itself",
    [CONFIG_MACRO_TOO_LARGE] = "macros make the text too long",
    [CONFIG_WORKSPACE] = "not enough memory",
    [CONFIG_ENDS_AT_NUL] = "NUL byte, the rest is not read",
    [CONFIG_MACRO_UNDEFINED] = "undefined macro",
    [CONFIG_LINE_MEANINGLESS] = "neither entry nor option",
    [CONFIG_KEY_UNKNOWN] = "unknown key",
    [CONFIG_KEY_MISPLACED] = "key has no effect here",
    [CONFIG_ENTRY_ORPHAN] = "entry without the one above it",
    [CONFIG_ENTRY_TOO_DEEP] = "entry nested too deep",
    [CONFIG_ENTRY_UNTITLED] = "entry without a title",
    [CONFIG_NUMBER_INVALID] = "not a number",
};

const char *config_reason_text(enum config_reason reason)
{
    return (unsigned)reason < CONFIG_REASONS ? reasons[reason] : "unknown reason";
}

void config_note(struct config_error *ret, enum config_reason reason, uint32_t line, const char *value, size_t bytes)
{
    const size_t n = bytes < CONFIG_SHOWN_MAX ? bytes : CONFIG_SHOWN_MAX - 1;

    ret->reason = reason;
    ret->line = line;
    for (size_t i = 0; i < n; i++)
        ret->value[i] = (unsigned char)value[i] < ' ' || value[i] == 0x7f ? '?' : value[i];
    ret->value[n] = 0;
}

void config_warn(struct config_parser *parser, enum config_reason reason, uint32_t line, const char *value,
                 size_t bytes)
{
    if (parser->n_warnings < CONFIG_WARNINGS_MAX)
        config_note(&parser->warnings[parser->n_warnings], reason, line, value, bytes);
    parser->n_warnings++;
}

bool config_refuse(struct config_parser *parser, enum config_reason reason, uint32_t line, const char *value,
                   size_t bytes)
{
    config_note(parser->error, reason, line, value, bytes);
    return false;
}
