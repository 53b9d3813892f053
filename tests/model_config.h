/* A parsed limine.conf with its memory, for tests. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "config.h"

struct model_config {
    void *workspace; /* exactly as large as asked for: AddressSanitizer watches its end */
    bool parsed;
    struct config config;
    struct config_error error;
};

struct model_config model_config_parse(const char *text, size_t bytes);
/* The same for a C string that must parse; aborts where it does not. */
struct model_config model_config_read(const char *text);
void model_config_free(struct model_config *model);

#endif
