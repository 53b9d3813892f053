/* What a report prints is gathered, and written when it is complete: a failure leaves no half file. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "compiler.h"
#include "format.h"

/* Do not move: `text` and `bytes` are the stream's. */
struct output {
    struct sink sink;
    FILE *stream;
    char *text;
    size_t bytes;
};

/* False: no memory. */
MUST_CHECK bool output_open(struct output *o);

/*
 * Writes what was gathered to the file, or to standard output if name is NULL, and gives everything back. False: it
 * cannot be written, which has been printed on standard error.
 */
MUST_CHECK bool output_close(struct output *o, const char *name);

/* For messages. */
const char *output_name(const char *name);

/* The same for any bytes, such as a picture's. */
MUST_CHECK bool output_write(const char *name, const void *bytes, size_t n);

#endif
