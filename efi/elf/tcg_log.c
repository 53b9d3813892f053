#include "tcg_log.h"

/* 10.2.1 TCG_PCClientPCREvent Structure: PCR, type, SHA-1 digest, size of what follows. */
#define EVENT_1_SIZE 28
#define EVENT_1_BYTES 32

/* 10.2.2 TCG_PCR_EVENT2 Structure: PCR, type, then a count of digests, each with its algorithm; size; what follows. */
#define EVENT_2_COUNT 8
#define EVENT_2_DIGESTS 12

/* 10.4.5.1 Specification ID Version Event, the first of a crypto-agile log: which algorithms there are, and their sizes. */
#define SPEC_ID_ALGORITHMS 24
#define SPEC_ID_TABLE 28
#define SPEC_ID_ENTRY_BYTES 4

#define DIGESTS_MAX 16

struct reader {
    const uint8_t *bytes;
    size_t n;
};

static bool read_number(const struct reader *r, size_t at, size_t bytes, uint32_t *ret)
{
    if (at > r->n || bytes > r->n - at)
        return false;
    *ret = 0;
    for (size_t i = bytes; i--;)
        *ret = *ret << 8 | r->bytes[at + i];
    return true;
}

/* End of the event that begins at `at`; 0: it does not fit. */
static size_t end_of_event_1(const struct reader *r, size_t at)
{
    uint32_t size;

    if (at > r->n || !read_number(r, at + EVENT_1_SIZE, 4, &size) || size > r->n - at - EVENT_1_BYTES)
        return 0;
    return at + EVENT_1_BYTES + size;
}

/* Bytes of a digest by this algorithm; 0: the log does not know it. */
static uint32_t digest_bytes(const struct reader *r, uint32_t algorithm)
{
    uint32_t n, id, bytes;

    if (!read_number(r, EVENT_1_BYTES + SPEC_ID_ALGORITHMS, 4, &n) || n > DIGESTS_MAX)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        const size_t at = EVENT_1_BYTES + SPEC_ID_TABLE + i * SPEC_ID_ENTRY_BYTES;

        if (!read_number(r, at, 2, &id) || !read_number(r, at + 2, 2, &bytes))
            return 0;
        if (id == algorithm)
            return bytes;
    }
    return 0;
}

static size_t end_of_event_2(const struct reader *r, size_t at)
{
    uint32_t n, algorithm, size;

    if (at > r->n || !read_number(r, at + EVENT_2_COUNT, 4, &n) || n > DIGESTS_MAX)
        return 0;
    at += EVENT_2_DIGESTS;
    for (uint32_t i = 0; i < n; i++) {
        if (!read_number(r, at, 2, &algorithm) || !digest_bytes(r, algorithm))
            return 0;
        at += 2 + digest_bytes(r, algorithm);
    }
    if (!read_number(r, at, 4, &size) || size > r->n - at - 4)
        return 0;
    return at + 4 + size;
}

size_t tcg_log_bytes(enum tcg_log_format format, const void *log, size_t bytes_max, size_t last)
{
    const struct reader r = { log, bytes_max };

    return format == TCG_LOG_1_2 || last == 0 ? end_of_event_1(&r, last) : end_of_event_2(&r, last);
}
