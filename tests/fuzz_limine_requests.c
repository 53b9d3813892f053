/*
 * limine_scan() and what reaches into an image after it, on arbitrary images: all that is found lies inside. The input
 * is the image, of 8-byte words, in which some words stand for magics, ids and addresses: the fuzzer would not
 * guess them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limine_requests.h"
#include "panic.h"

#define VIRT 0xFFFFFFFF80000000ull
#define MODULES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    uint64_t words[4];
    unsigned n;
} magics[] = {
#define ID(name, word2, word3) { { LIMINE_COMMON, word2, word3 }, 4 },
    LIMINE_REQUEST_IDS(ID)
#undef ID
    { { LIMINE_START_MARKER }, 4 }, { { LIMINE_END_MARKER }, 2 }, { { LIMINE_BASE_REVISION_TAG }, 2 },
    { { LIMINE_COMMON }, 2 },
};

/* A word that ends with 0xCC stands for a magic, as much of it as there is room for; with 0xE0, for an address. */
static void put_magics(uint8_t *image, uint64_t bytes)
{
    for (uint64_t at = 0; at + 8 <= bytes; at += 8) {
        uint64_t word;

        memcpy(&word, image + at, sizeof word);
        if ((word & 0xFF) == 0xE0) {
            word = VIRT + (word >> 8 & 0xFFFF) % (bytes + 9);
            memcpy(image + at, &word, sizeof word);
        } else if ((word & 0xFF) == 0xCC) {
            const uint64_t which = (word >> 8 & 0xFF) % (sizeof magics / sizeof *magics), n = magics[which].n * 8;

            memcpy(image + at, magics[which].words, n < bytes - at ? n : (bytes - at) & ~7ull);
            at += n - 8;
        }
    }
}

static void check_modules(const struct limine_image *image, const struct limine_requests *requests)
{
    const uint64_t n = limine_internal_modules(image, requests);

    for (uint64_t i = 0; i < n && i < MODULES_MAX; i++) {
        struct limine_wanted_module module;

        if (limine_internal_module(image, requests, i, &module))
            ASSERT(strlen(module.path) < LIMINE_STRING_BYTES_MAX && strlen(module.string) < LIMINE_STRING_BYTES_MAX);
    }
}

static void check(const struct limine_image *image, struct limine_requests *requests)
{
    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++) {
        struct limine_request *request = limine_request_of(image, requests, kind);

        if (!request)
            continue;
        ASSERT(requests->at[kind] % 8 == 0);
        ASSERT(limine_reach(image, VIRT + requests->at[kind], limine_request_bytes(kind, request->revision)));
        ASSERT(!memcmp(request->id, magics[kind].words, sizeof request->id));
    }
    check_modules(image, requests);
    ASSERT(requests->base_revision <= LIMINE_BASE_REVISION_MAX);
    limine_write_tag(image, requests);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limine_image image = { NULL, 0, VIRT };
    struct limine_requests requests;
    struct limine_scan_error error;
    uint64_t list_at, list_bytes;

    if (size < 2)
        return 0;
    list_at = data[0] * 8u;
    list_bytes = data[1];
    image.bytes = size - 2;
    image.start = malloc(image.bytes ? image.bytes : 1);
    memcpy(image.start, data + 2, image.bytes);
    put_magics(image.start, image.bytes);
    if (limine_scan(&image, list_at, list_bytes, &requests, &error))
        check(&image, &requests);
    else
        ASSERT(error.status != LIMINE_SCAN_OK);
    free(image.start);
    return 0;
}
