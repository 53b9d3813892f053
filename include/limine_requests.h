/*
 * What a kernel's image asks of its loader in the Limine boot protocol: finding its requests, and reaching safely what
 * they point to. Pure; the image may hold anything. include/limine_protocol.h has the structures.
 *
 * Only the part of the image that comes from its file counts: a request, string or array that sticks out of it counts
 * as absent.
 */
#ifndef LIMINE_REQUESTS_H
#define LIMINE_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "limine_protocol.h"

#define LIMINE_ABSENT UINT64_MAX

/* Longest string that is looked at, with its NUL: bounds the time that many strings without one can take. */
#define LIMINE_STRING_BYTES_MAX (64u << 10)

/* An image in memory, placed and relocated. */
struct limine_image {
    uint8_t *start;           /* 8-aligned */
    uint64_t bytes;           /* of the part that comes from its file */
    uint64_t virtual_address; /* of start, at run time */
};

struct limine_requests {
    uint64_t base_revision;       /* 0 without a tag */
    uint64_t tag;                 /* offset in the image of the base revision's tag; LIMINE_ABSENT: none */
    uint64_t at[LIMINE_REQUESTS]; /* offset in the image of each kind's request, 8-aligned; LIMINE_ABSENT: none */
    uint64_t n_unknown;           /* requests of kinds that we do not know: they stay as they are */
};

enum limine_scan_status {
    LIMINE_SCAN_OK,
    LIMINE_SCAN_TWO_TAGS,  /* value: the second tag's run-time address */
    LIMINE_SCAN_DUPLICATE, /* value: enum limine_request_kind */
    LIMINE_SCAN_REVISION,  /* value: the revision asked for, above LIMINE_BASE_REVISION_MAX */
};

struct limine_scan_error {
    enum limine_scan_status status;
    uint64_t value;
};

/*
 * Finds tag and requests. A start marker makes it forget all that came before, whatever was wrong with that; the first
 * end marker ends it. Both count for every base revision.
 *
 * list_at, list_bytes  where in the image section `.limine_reqs` lies; 0 bytes: nowhere. It is a list of addresses that
 *                      ends with 0 or where it ends, and for base revision 0 alone replaces what the scan found.
 * ret                  meaningless unless true is returned.
 */
MUST_CHECK bool limine_scan(const struct limine_image *image, uint64_t list_at, uint64_t list_bytes,
                            struct limine_requests *ret, struct limine_scan_error *ret_error);

const char *limine_scan_status_text(enum limine_scan_status status);

/* A kind's name in the protocol, for messages: "MP", "Memory Map". */
const char *limine_request_name(enum limine_request_kind kind);

/* Bytes of a request of this kind and request revision. Later revisions than the last known count as that. */
uint64_t limine_request_bytes(enum limine_request_kind kind, uint64_t revision);

/* The request of this kind, which has limine_request_bytes() of its revision; NULL if there is none. */
struct limine_request *limine_request_of(const struct limine_image *image, const struct limine_requests *requests,
                                         enum limine_request_kind kind);

/* `bytes` at a run-time address; NULL if they are not all inside. At any alignment. */
const void *limine_reach(const struct limine_image *image, uint64_t address, uint64_t bytes);

/* The string at a run-time address; NULL if it does not end inside, or within LIMINE_STRING_BYTES_MAX. */
const char *limine_string(const struct limine_image *image, uint64_t address);

/* An internal module, its strings inside the image. */
struct limine_wanted_module {
    const char *path;
    const char *string; /* "" if there is none */
    uint64_t flags;     /* LIMINE_MODULE_REQUIRED | LIMINE_MODULE_GZIP | unknown ones */
};

/* How many internal modules the Module request lists. 0 without one, before its revision 1, or if they stick out. */
uint64_t limine_internal_modules(const struct limine_image *image, const struct limine_requests *requests);

/* Internal module number `index` of as many; false if it, or its path, sticks out of the image. */
MUST_CHECK bool limine_internal_module(const struct limine_image *image, const struct limine_requests *requests,
                                       uint64_t index, struct limine_wanted_module *ret);

/*
 * Tells the kernel that its base revision is served: the tag's third word becomes 0, and its second the revision, as
 * from loaders that know revision 3. Nothing without a tag.
 */
void limine_write_tag(const struct limine_image *image, const struct limine_requests *requests);

#endif
