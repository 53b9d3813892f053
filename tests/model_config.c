#include "model_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model_config model_config_parse(const char *text, size_t bytes)
{
    struct model_config model = { 0 };
    const size_t workspace_bytes = config_workspace_bytes(text, bytes);
    /* A copy without a byte to spare: the text ends where it says. */
    char *const copy = malloc(bytes ? bytes : 1);

    memcpy(copy, text, bytes);
    model.workspace = malloc(workspace_bytes ? workspace_bytes : 1);
    if (!model.workspace)
        abort();
    model.parsed = config_parse(copy, bytes, model.workspace, workspace_bytes, &model.config, &model.error);
    free(copy);
    return model;
}

struct model_config model_config_read(const char *text)
{
    struct model_config model = model_config_parse(text, strlen(text));

    if (!model.parsed) {
        fprintf(stderr, "line %u: %s: %s\n", model.error.line, config_reason_text(model.error.reason),
                model.error.value);
        abort();
    }
    return model;
}

void model_config_free(struct model_config *model)
{
    free(model->workspace);
    *model = (struct model_config){ 0 };
}
