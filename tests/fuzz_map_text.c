/* map_text_parse() on arbitrary bytes: parses or refuses with a line and a reason, and what it parsed can be used. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../mm/host/map_text.h"
#include "panic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct map_text *t)
{
    const struct region_parameters parameters = { t->claims, t->n_claims, t->phys_bits, REGION_VIEW_OWNED };
    const size_t bytes = region_buffer_bytes(firmware_map_count(&t->map), t->n_claims);
    void *buffer = malloc(bytes);
    struct region_map map;

    ASSERT(t->phys_bits >= PAGE_SHIFT);
    ASSERT(t->map.stride >= FIRMWARE_STRIDE_MIN && t->map.bytes % t->map.stride == 0);
    ASSERT(region_normalize(&t->map, &parameters, buffer, bytes, &map) == REGION_OK);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct map_text_error error = { 0 };
    struct map_text t;

    if (map_text_parse((const char *)data, size, &t, &error)) {
        use(&t);
        map_text_free(&t);
    } else {
        ASSERT(error.reason && strlen(error.reason) > 0);
        ASSERT(error.line <= size + 1);
    }
    return 0;
}
