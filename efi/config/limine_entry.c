#include "limine_entry.h"

#include "parser.h"

#define PIXELS_MAX 65535u
#define BITS_DEFAULT 32
#define BITS_MAX 128u

static const char *const reasons[LIMINE_ENTRY_REASONS] = {
    [LIMINE_ENTRY_OK] = "no error",
    [LIMINE_ENTRY_NO_PROTOCOL] = "entry names no protocol",
    [LIMINE_ENTRY_NO_PATH] = "entry names no kernel",
    [LIMINE_ENTRY_BAD_PAGING_MODE] = "neither 4level nor 5level",
    [LIMINE_ENTRY_PAGING_MODES] = "min_paging_mode is above max_paging_mode",
    [LIMINE_ENTRY_BAD_RESOLUTION] = "not WIDTHxHEIGHT",
    [LIMINE_ENTRY_NOT_YES_OR_NO] = "neither yes nor no",
    [LIMINE_ENTRY_STRING_ALONE] = "no module_path before it",
};

const char *limine_entry_reason_text(enum limine_entry_reason reason)
{
    return (unsigned)reason < LIMINE_ENTRY_REASONS ? reasons[reason] : "unknown reason";
}

enum limine_protocol limine_protocol_of(const char *name)
{
    static const struct { char name[16]; enum limine_protocol protocol; } protocols[] = {
        { "limine", LIMINE_PROTOCOL_LIMINE },
        { "builtin", LIMINE_PROTOCOL_BUILTIN },
        { "linux", LIMINE_PROTOCOL_LINUX },
        { "multiboot", LIMINE_PROTOCOL_MULTIBOOT1 },
        { "multiboot1", LIMINE_PROTOCOL_MULTIBOOT1 },
        { "multiboot2", LIMINE_PROTOCOL_MULTIBOOT2 },
        { "efi", LIMINE_PROTOCOL_EFI },
        { "uefi", LIMINE_PROTOCOL_EFI },
        { "efi_chainload", LIMINE_PROTOCOL_EFI },
        { "efi_boot_entry", LIMINE_PROTOCOL_BOOT_ENTRY },
        { "bios", LIMINE_PROTOCOL_BIOS },
        { "bios_chainload", LIMINE_PROTOCOL_BIOS },
        { "chainload_next", LIMINE_PROTOCOL_CHAINLOAD_NEXT },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++)
        if (config_same_any_case(name, protocols[i].name))
            return protocols[i].protocol;
    return LIMINE_PROTOCOL_UNKNOWN;
}

/* The first option of either name; a is the one that Limine asks for first. NULL: there is neither. */
static const struct config_option *either(const struct limine_entry *entry, const char *a, const char *b)
{
    const struct config_option *const option = config_option(entry->options, entry->n_options, a, 0);

    return option ? option : config_option(entry->options, entry->n_options, b, 0);
}

static const char *value_or(const struct config_option *option, const char *otherwise)
{
    return option ? option->value : otherwise;
}

static struct limine_entry_error error_at(enum limine_entry_reason reason, const struct config_option *option)
{
    return (struct limine_entry_error){ reason, option->key, option->value, option->line };
}

static void warn(struct limine_entry *entry, enum limine_entry_reason reason, const struct config_option *option)
{
    if (entry->n_warnings < LIMINE_ENTRY_WARNINGS_MAX)
        entry->warnings[entry->n_warnings++] = error_at(reason, option);
}

/* ---- resolution ---- */

/* Reads digits; what is above max becomes max + 1. */
static uint32_t read_digits(const char **text, uint32_t max)
{
    uint32_t value = 0;

    for (; config_is_digit(**text); ++*text)
        value = value > max / 10 ? max + 1 : value * 10 + (uint32_t)(**text - '0');
    return value;
}

/* WIDTHxHEIGHT or WIDTHxHEIGHTxBITS; as Limine, any character between them will do, and what follows is ignored. */
static void read_resolution(struct limine_entry *entry)
{
    const struct config_option *const option = config_option(entry->options, entry->n_options, "resolution", 0);
    uint32_t number[3] = { 0 };

    if (!option)
        return;

    const char *text = option->value;

    for (unsigned i = 0; i < 3 && config_is_digit(*text); i++) {
        number[i] = read_digits(&text, PIXELS_MAX);
        if (*text)
            text++;
    }
    if (!number[0] || !number[1] || number[0] > PIXELS_MAX || number[1] > PIXELS_MAX || number[2] > BITS_MAX) {
        warn(entry, LIMINE_ENTRY_BAD_RESOLUTION, option);
        return;
    }
    entry->resolution.width = number[0];
    entry->resolution.height = number[1];
    entry->resolution.bits = number[2] ? number[2] : BITS_DEFAULT;
}

/* ---- randomisation ---- */

static void check_yes_or_no(struct limine_entry *entry, const struct config_option *option)
{
    if (option && !config_same_any_case(option->value, "yes") && !config_same_any_case(option->value, "no"))
        warn(entry, LIMINE_ENTRY_NOT_YES_OR_NO, option);
}

static void read_randomisation(struct limine_entry *entry)
{
    const struct config_option *const kaslr = config_option(entry->options, entry->n_options, "kaslr", 0);
    const struct config_option *const hhdm = either(entry, "randomise_hhdm_base", "randomize_hhdm_base");

    check_yes_or_no(entry, kaslr);
    check_yes_or_no(entry, hhdm);
    entry->kaslr = kaslr && config_same_any_case(kaslr->value, "yes");
    entry->randomise_hhdm_given = hhdm != NULL;
    entry->randomise_hhdm = hhdm ? !config_same_any_case(hhdm->value, "no") : entry->kaslr;
}

/* ---- paging ---- */

/* Levels of a paging mode; 0: *ret_error says why. */
static unsigned read_levels(const struct config_option *option, struct limine_entry_error *ret_error)
{
    if (config_same_any_case(option->value, "4level"))
        return LIMINE_LEVELS_4;
    if (config_same_any_case(option->value, "5level"))
        return LIMINE_LEVELS_5;
    *ret_error = error_at(LIMINE_ENTRY_BAD_PAGING_MODE, option);
    return 0;
}

/* paging_mode stands for both others, and hides them. */
static bool read_paging(struct limine_entry *entry, struct limine_entry_error *ret_error)
{
    const struct config_option *const both = config_option(entry->options, entry->n_options, "paging_mode", 0);
    const struct config_option *const max =
        both ? both : config_option(entry->options, entry->n_options, "max_paging_mode", 0);
    const struct config_option *const min =
        both ? both : config_option(entry->options, entry->n_options, "min_paging_mode", 0);

    entry->paging_max_given = max != NULL;
    entry->paging_min_given = min != NULL;
    entry->paging_max = max ? read_levels(max, ret_error) : LIMINE_LEVELS_5;
    entry->paging_min = min ? read_levels(min, ret_error) : LIMINE_LEVELS_4;
    entry->paging_default = both ? entry->paging_max : 0;
    if (!entry->paging_max || !entry->paging_min)
        return false;
    if (entry->paging_min <= entry->paging_max)
        return true;
    *ret_error = error_at(LIMINE_ENTRY_PAGING_MODES, min);
    return false;
}

/* ---- modules ---- */

static bool is_module_path(const struct config_option *option)
{
    return config_same(option->key, "module_path");
}

static bool is_module_string(const struct config_option *option)
{
    return config_same(option->key, "module_string") || config_same(option->key, "module_cmdline");
}

bool limine_entry_next_module(const struct limine_entry *entry, size_t *cursor, const char **ret_path,
                              const char **ret_string)
{
    size_t i = *cursor;

    while (i < entry->n_options && !is_module_path(&entry->options[i]))
        i++;
    *cursor = i;
    if (i == entry->n_options)
        return false;
    *ret_path = entry->options[i].value;
    *ret_string = NULL;
    for (i++; i < entry->n_options && !is_module_path(&entry->options[i]); i++)
        if (!*ret_string && is_module_string(&entry->options[i]))
            *ret_string = entry->options[i].value;
    if (!*ret_string)
        *ret_string = "";
    *cursor = i;
    return true;
}

bool limine_entry_module(const struct limine_entry *entry, size_t i, const char **ret_path, const char **ret_string)
{
    size_t cursor = 0;

    while (limine_entry_next_module(entry, &cursor, ret_path, ret_string))
        if (!i--)
            return true;
    return false;
}

size_t limine_entry_count_modules(const struct limine_entry *entry)
{
    size_t n = 0;

    for (size_t i = 0; i < entry->n_options; i++)
        n += is_module_path(&entry->options[i]);
    return n;
}

/* A string that belongs to no module is a slip: in the file it stands above its module_path. */
static void check_strings(struct limine_entry *entry)
{
    for (size_t i = 0; i < entry->n_options && !is_module_path(&entry->options[i]); i++)
        if (is_module_string(&entry->options[i])) {
            warn(entry, LIMINE_ENTRY_STRING_ALONE, &entry->options[i]);
            return;
        }
}

/* ---- the whole ---- */

bool limine_entry_read(const struct config_entry *entry, struct limine_entry *ret,
                       struct limine_entry_error *ret_error)
{
    *ret = (struct limine_entry){ .title = entry->title, .options = entry->options, .n_options = entry->n_options };
    *ret_error = (struct limine_entry_error){ LIMINE_ENTRY_OK, "", "", entry->line };

    const struct config_option *const protocol = config_option(ret->options, ret->n_options, "protocol", 0);

    ret->protocol_name = value_or(protocol, "");
    ret->protocol = limine_protocol_of(ret->protocol_name);
    if (!*ret->protocol_name) {
        ret_error->reason = LIMINE_ENTRY_NO_PROTOCOL;
        return false;
    }
    ret->path = value_or(either(ret, "path", "kernel_path"), NULL);
    ret->cmdline = value_or(either(ret, "kernel_cmdline", "cmdline"), "");
    ret->dtb_path = value_or(config_option(ret->options, ret->n_options, "dtb_path", 0), NULL);
    if (ret->protocol == LIMINE_PROTOCOL_LIMINE && (!ret->path || !*ret->path)) {
        ret_error->reason = LIMINE_ENTRY_NO_PATH;
        return false;
    }
    read_resolution(ret);
    read_randomisation(ret);
    check_strings(ret);
    return read_paging(ret, ret_error);
}
