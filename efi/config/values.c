#include "parser.h"

const struct config_option *config_option(const struct config_option *options, size_t n, const char *key, size_t index)
{
    for (size_t i = 0; i < n; i++)
        if (config_same(options[i].key, key) && !index--)
            return &options[i];
    return NULL;
}

const char *config_value(const struct config_option *options, size_t n, const char *key, size_t index)
{
    const struct config_option *const option = config_option(options, n, key, index);

    return option ? option->value : NULL;
}

bool config_yes(const struct config_option *options, size_t n, const char *key, bool otherwise)
{
    const char *const value = config_value(options, n, key, 0);

    if (!value)
        return otherwise;
    return config_same_any_case(value, "yes") || (otherwise && !config_same_any_case(value, "no"));
}

/* Reads digits and leaves *text behind them. What does not fit gives something above max. */
static uint64_t read_digits(const char **text, uint64_t max)
{
    uint64_t value = 0;

    for (; config_is_digit(**text); ++*text)
        value = value > max / 10 ? max + 1 : value * 10 + (uint64_t)(**text - '0');
    return value;
}

bool config_number(const struct config_option *options, size_t n, const char *key, uint64_t max, uint64_t *ret)
{
    const char *text = config_value(options, n, key, 0);

    if (!text || !config_is_digit(*text))
        return false;

    const uint64_t value = read_digits(&text, max);

    if (*text || value > max)
        return false;
    *ret = value;
    return true;
}

/* Milliseconds of the digits behind a decimal point. */
static uint32_t read_fraction(const char *digits)
{
    uint32_t ms = 0, unit = 100;

    for (; config_is_digit(*digits); digits++) {
        if (!unit && *digits != '0')
            return ms + 1;
        ms += unit * (uint32_t)(*digits - '0');
        unit /= 10;
    }
    return ms;
}

uint32_t config_timeout_ms(const struct config *config)
{
    const char *text = config_value(config->globals, config->n_globals, "timeout", 0);

    if (!text)
        return CONFIG_TIMEOUT_DEFAULT_MS;
    if (config_same_any_case(text, "no"))
        return CONFIG_TIMEOUT_NEVER;

    const uint64_t seconds = read_digits(&text, CONFIG_TIMEOUT_MAX_MS / 1000);
    const uint64_t ms = seconds * 1000 + (*text == '.' ? read_fraction(text + 1) : 0);

    return (uint32_t)(ms < CONFIG_TIMEOUT_MAX_MS ? ms : CONFIG_TIMEOUT_MAX_MS);
}
