#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_CHUNK KIB(64)
#define INPUT_MAX GIB(1) /* a log is some MiB; /dev/zero has no end */

/* The whole stream, malloc'ed; NULL if it cannot be read or held: errno says why. */
static char *read_stream(FILE *stream, size_t *ret_bytes)
{
    char *text = NULL;
    size_t bytes = 0;
    size_t capacity = 0;
    size_t got;

    do {
        if (bytes == INPUT_MAX) {
            free(text);
            errno = EFBIG;
            return NULL;
        }
        if (bytes == capacity) {
            capacity += capacity ? capacity : READ_CHUNK;
            char *longer = realloc(text, capacity);
            if (!longer) {
                free(text);
                return NULL;
            }
            text = longer;
        }
        got = fread(text + bytes, 1, capacity - bytes, stream);
        bytes += got;
    } while (got);
    if (ferror(stream)) {
        free(text);
        return NULL;
    }
    *ret_bytes = bytes;
    return text;
}

static void print_notes(const char *name, unsigned notes)
{
    for (unsigned note = 0; note < MAP_NOTES; note++)
        if (notes >> note & 1)
            fprintf(stderr, "%s: note: %s\n", name, map_note_text((enum map_note)note));
}

bool input_read(const char *name, enum map_format format, struct map_text *ret)
{
    FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    size_t bytes = 0;
    char *text = stream ? read_stream(stream, &bytes) : NULL;
    struct map_text_error error;

    if (!text)
        perror(name);
    if (stream && stream != stdin)
        fclose(stream);
    if (!text)
        return false;
    const bool parsed = map_read(format, text, bytes, ret, &error);
    free(text);
    if (parsed)
        print_notes(name, ret->notes);
    else if (error.line)
        fprintf(stderr, "%s:%zu: %s\n", name, error.line, error.reason);
    else
        fprintf(stderr, "%s: %s\n", name, error.reason);
    return parsed;
}
