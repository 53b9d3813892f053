/* The requests in the image, and what the loader answered. */
#ifndef TEST_KERNEL_REQUESTS_H
#define TEST_KERNEL_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "limine_protocol.h"

/* What every `response` holds in the file: a request that is not served must leave it. */
#define NOT_ANSWERED 0x5E4719E15E4719E1ull

#define ENTROPY_WORDS 8

/* Beyond LIMINE_REQUESTS: found by address only. */
enum extra_request { REQUEST_UNKNOWN, REQUEST_DECOY_BEFORE, REQUEST_DECOY_AFTER };

/* The three words of the base revision's tag. */
const volatile uint64_t *requests_tag(void);
/* NULL: there is no request of that kind in the source. */
const volatile struct limine_request *requests_find(enum limine_request_kind kind);
const volatile struct limine_request *requests_extra(enum extra_request which);
/* Of a request that does not lie on 8 bytes, and so is none. */
uint64_t requests_unaligned_response(void);

/* Whether the test has left the request in the image. */
bool requests_has(enum limine_request_kind kind);
/* The response, or NULL if there is none. */
const void *requests_answer(enum limine_request_kind kind);
const char *requests_name(enum limine_request_kind kind);

#endif
