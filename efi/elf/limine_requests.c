#include "limine_requests.h"

#include <stddef.h>

static const uint64_t start_marker[] = { LIMINE_START_MARKER };
static const uint64_t end_marker[] = { LIMINE_END_MARKER };
static const uint64_t tag[] = { LIMINE_BASE_REVISION_TAG };
static const uint64_t common[] = { LIMINE_COMMON };

#define TAG_BYTES (sizeof tag + sizeof(uint64_t))

/*
 * What all four first words have in common: the bits that are set in each, and those that are clear in each. One
 * comparison rules out most words of an image, zeroes among them.
 */
#define FIRST(...) FIRST_OF(__VA_ARGS__)
#define FIRST_OF(first, ...) (first)
#define SET_IN_ALL                                                                                                     \
    (FIRST(LIMINE_START_MARKER) & FIRST(LIMINE_END_MARKER) & FIRST(LIMINE_BASE_REVISION_TAG) & FIRST(LIMINE_COMMON))
#define SET_IN_ANY                                                                                                     \
    (FIRST(LIMINE_START_MARKER) | FIRST(LIMINE_END_MARKER) | FIRST(LIMINE_BASE_REVISION_TAG) | FIRST(LIMINE_COMMON))
#define FILTER_MASK (SET_IN_ALL | ~SET_IN_ANY)

_Static_assert(SET_IN_ALL != 0, "zeroes must not pass the filter");

struct scan {
    const struct limine_image *image;
    struct limine_requests *found;
    struct limine_scan_error *error;
};

static uint64_t word_at(const struct limine_image *image, uint64_t offset)
{
    uint64_t word;

    __builtin_memcpy(&word, image->start + offset, sizeof word);
    return word;
}

static bool is_at(const struct scan *s, uint64_t offset, const uint64_t *words, uint64_t bytes)
{
    return bytes <= s->image->bytes - offset && __builtin_memcmp(s->image->start + offset, words, bytes) == 0;
}

static void forget(const struct scan *s)
{
    *s->error = (struct limine_scan_error){ LIMINE_SCAN_OK, 0 };
    *s->found = (struct limine_requests){ .tag = LIMINE_ABSENT };
    for (unsigned kind = 0; kind < LIMINE_REQUESTS; kind++)
        s->found->at[kind] = LIMINE_ABSENT;
}

static enum limine_request_kind kind_of(uint64_t word2, uint64_t word3)
{
    static const uint64_t ids[][2] = {
#define LIMINE_ID(name, word2, word3) { word2, word3 },
        LIMINE_REQUEST_IDS(LIMINE_ID)
#undef LIMINE_ID
    };
    unsigned kind = 0;

    while (kind < LIMINE_REQUESTS && (ids[kind][0] != word2 || ids[kind][1] != word3))
        kind++;
    return kind;
}

/* A request begins at `offset`, its first two words are right, and it may end anywhere. */
static void take_request(const struct scan *s, uint64_t offset)
{
    const uint64_t left = s->image->bytes - offset;
    enum limine_request_kind kind;

    if (left < sizeof(struct limine_request))
        return;
    kind = kind_of(word_at(s->image, offset + offsetof(struct limine_request, id[2])),
                   word_at(s->image, offset + offsetof(struct limine_request, id[3])));
    if (kind == LIMINE_REQUESTS) {
        s->found->n_unknown++;
        return;
    }
    if (left < limine_request_bytes(kind, word_at(s->image, offset + offsetof(struct limine_request, revision))))
        return;
    /* The same one twice in a list is one. Two tags are worse than this: no list makes up for them. */
    if (s->found->at[kind] == LIMINE_ABSENT)
        s->found->at[kind] = offset;
    else if (s->found->at[kind] != offset && s->error->status == LIMINE_SCAN_OK)
        *s->error = (struct limine_scan_error){ LIMINE_SCAN_DUPLICATE, kind };
}

static void take_tag(const struct scan *s, uint64_t offset)
{
    if (s->image->bytes - offset < TAG_BYTES)
        return;
    if (s->found->tag != LIMINE_ABSENT) {
        *s->error = (struct limine_scan_error){ LIMINE_SCAN_TWO_TAGS, s->image->virtual_address + offset };
        return;
    }
    s->found->tag = offset;
    s->found->base_revision = word_at(s->image, offset + sizeof tag);
}

/* A word passed the filter. False at an end marker. */
static bool take(const struct scan *s, uint64_t offset)
{
    if (is_at(s, offset, common, sizeof common))
        take_request(s, offset);
    else if (is_at(s, offset, tag, sizeof tag))
        take_tag(s, offset);
    else if (is_at(s, offset, start_marker, sizeof start_marker))
        forget(s);
    else if (is_at(s, offset, end_marker, sizeof end_marker))
        return false;
    return true;
}

static void scan_image(const struct scan *s)
{
    const struct limine_image image = *s->image;
    const uint64_t end = image.bytes & ~(sizeof(uint64_t) - 1);

    for (uint64_t at = 0; at < end; at += sizeof(uint64_t))
        if ((word_at(&image, at) & FILTER_MASK) == SET_IN_ALL && !take(s, at))
            return;
}

static void take_list(const struct scan *s, uint64_t list_at, uint64_t list_bytes)
{
    for (; list_bytes >= sizeof(uint64_t); list_at += sizeof(uint64_t), list_bytes -= sizeof(uint64_t)) {
        const uint64_t address = word_at(s->image, list_at), offset = address - s->image->virtual_address;

        if (address == 0)
            return;
        if (limine_reach(s->image, address, sizeof common) && offset % sizeof(uint64_t) == 0 &&
            is_at(s, offset, common, sizeof common))
            take_request(s, offset);
    }
}

bool limine_scan(const struct limine_image *image, uint64_t list_at, uint64_t list_bytes, struct limine_requests *ret,
                 struct limine_scan_error *ret_error)
{
    const struct scan s = { image, ret, ret_error };

    forget(&s);
    scan_image(&s);
    if (ret_error->status == LIMINE_SCAN_TWO_TAGS)
        return false;
    if (ret->base_revision == 0 && list_bytes && list_at <= image->bytes) {
        const uint64_t tag_at = ret->tag;

        forget(&s);
        ret->tag = tag_at;
        take_list(&s, list_at, list_bytes < image->bytes - list_at ? list_bytes : image->bytes - list_at);
    }
    if (ret->base_revision > LIMINE_BASE_REVISION_MAX)
        *ret_error = (struct limine_scan_error){ LIMINE_SCAN_REVISION, ret->base_revision };
    return ret_error->status == LIMINE_SCAN_OK;
}

void limine_write_tag(const struct limine_image *image, const struct limine_requests *requests)
{
    const uint64_t words[] = { requests->base_revision, 0 };

    if (requests->tag != LIMINE_ABSENT)
        __builtin_memcpy(image->start + requests->tag + sizeof(uint64_t), words, sizeof words);
}
