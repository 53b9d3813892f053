/*
 * Page tables under operations, and failures to get a table, that the fuzzer chooses: always as the model. A small
 * window across a top-level boundary, so that a run is fast; 1 GiB pages are test_paging_random.c's.
 */
#include <stdlib.h>

#include "fake_tables.h"
#include "model_paging.h"

#define WINDOW_BYTES MIB(12)
#define WINDOW_PAGES (WINDOW_BYTES / PAGE_SIZE)
#define WINDOW_START (GIB(512) - MIB(6))
#define OPERATION_BYTES 6
#define TABLES_MAX 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static struct model_operation read_operation(const uint8_t data[OPERATION_BYTES])
{
    static const enum cache_type caches[] = { CACHE_WRITE_BACK, CACHE_WRITE_THROUGH, CACHE_UNCACHED,
                                              CACHE_WRITE_COMBINING };
    const unsigned unit = data[0] & 4 ? MIB(2) / PAGE_SIZE : 1; /* half of the operations on large pages' boundaries */
    struct model_operation o = { .kind = data[0] % 4 % MODEL_OPERATIONS };

    o.first = (data[1] | (size_t)data[2] << 8) * unit % WINDOW_PAGES;
    o.n = (1 + data[3] * (size_t)(data[0] >> 4)) * unit;
    o.n = o.n < WINDOW_PAGES - o.first ? o.n : WINDOW_PAGES - o.first;
    o.phys = GIB(64) + (o.first + data[4] % 2) * PAGE_SIZE;
    o.rights = data[5] % 4;
    o.cache = caches[data[5] / 4 % ARRAY_LENGTH(caches)];
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct fake_tables tables = fake_tables();
    struct model_window window = model_window(WINDOW_START, WINDOW_BYTES);
    struct paging paging;

    if (bytes) {
        tables.limit = 1 + data[0] % TABLES_MAX;
        check(paging_init(&paging, 4 + data[0] % 2, false, true, fake_source(&tables)) == PAGING_OK);
        for (data++, bytes--; bytes >= OPERATION_BYTES; data += OPERATION_BYTES, bytes -= OPERATION_BYTES) {
            const struct model_operation o = read_operation(data);
            const enum paging_status status = model_apply_real(&paging, &window, &o);

            if (status != PAGING_NO_MEMORY)
                check(status == model_apply(&window, &o));
            else if (o.kind == MODEL_MAP)
                break; /* mapped in part: the model knows no such thing */
        }
        if (bytes < OPERATION_BYTES)
            check(model_agrees(&window, 0, WINDOW_PAGES, &paging));
    }
    model_window_free(&window);
    fake_tables_free(&tables);
    return 0;
}
