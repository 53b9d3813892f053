/* Any bytes as limine.conf: no crash, and what comes out is a tree whose strings end. */
#include <stdlib.h>
#include <string.h>

#include "model_config.h"

#define ASSERT(condition) do { if (!(condition)) abort(); } while (0)

static void check_options(const struct config_option *options, size_t n, size_t text_bytes)
{
    for (size_t i = 0; i < n; i++) {
        ASSERT(!strchr(options[i].key, ':') && !strpbrk(options[i].key, "\r\n"));
        ASSERT(!strpbrk(options[i].value, "\r\n"));
        for (const char *k = options[i].key; *k; k++)
            ASSERT(*k < 'A' || *k > 'Z');
        ASSERT(options[i].line >= 1 && options[i].line <= text_bytes);
        ASSERT(config_option(options, n, options[i].key, 0) <= &options[i]);
    }
}

static void check_entries(const struct config *config, size_t text_bytes)
{
    size_t linked = 0;
    uint32_t rows = 0;

    for (size_t i = 0; i < config->n_entries; i++) {
        const struct config_entry *const e = &config->entries[i];

        check_options(e->options, e->n_options, text_bytes);
        ASSERT(strlen(e->title) <= 4 * text_bytes + 4096);
        ASSERT(!e->parent || (e->parent < e && e->parent->first_child));
        ASSERT(!e->next || (e->next > e && e->next->parent == e->parent));
        linked += e->next != NULL;
        linked += e->first_child != NULL;
        if (e->index)
            ASSERT(e->index == ++rows);
    }
    ASSERT(linked == (config->n_entries ? config->n_entries - 1 : 0)); /* all but the first hang on another */
    ASSERT(config->first == (config->n_entries ? config->entries : NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model_config model = model_config_parse((const char *)data, size);

    if (!model.parsed) {
        ASSERT(model.error.reason > CONFIG_OK && model.error.reason < CONFIG_WORKSPACE);
        ASSERT(!model.config.n_entries && !model.config.n_globals);
    } else {
        check_options(model.config.globals, model.config.n_globals, size);
        check_entries(&model.config, size);
        for (size_t i = 0; i < model.config.n_warnings && i < CONFIG_WARNINGS_MAX; i++)
            ASSERT(model.config.warnings[i].reason > CONFIG_WORKSPACE &&
                   model.config.warnings[i].reason < CONFIG_REASONS);

        const struct config_entry *const entry = config_default(&model.config);

        ASSERT(!entry || (!entry->hidden && !entry->first_child));
        ASSERT(config_timeout_ms(&model.config) <= CONFIG_TIMEOUT_MAX_MS ||
               config_timeout_ms(&model.config) == CONFIG_TIMEOUT_NEVER);
    }
    model_config_free(&model);
    return 0;
}
