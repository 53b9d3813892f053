#include "output.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void gather(const struct sink *sink, const char *text, size_t bytes)
{
    const struct output *o = CONTAINER_OF(sink, struct output, sink);

    fwrite(text, 1, bytes, o->stream);
}

bool output_open(struct output *o)
{
    *o = (struct output){ .sink = { gather } };
    o->stream = open_memstream(&o->text, &o->bytes);
    return o->stream;
}

bool output_close(struct output *o, const char *name)
{
    const bool gathered = !ferror(o->stream);
    const bool closed = fclose(o->stream) == 0;
    bool ok = false;

    if (gathered && closed)
        ok = output_write(name, o->text, o->bytes);
    else
        perror(output_name(name));
    free(o->text);
    return ok;
}

const char *output_name(const char *name)
{
    return name ? name : "standard output";
}

/* The file itself, if the name is a link to it. A device, or a pipe with a name, stays. */
static void remove_half_file(const char *name)
{
    char *file = realpath(name, NULL);
    struct stat status;

    if (file && stat(file, &status) == 0 && S_ISREG(status.st_mode))
        unlink(file);
    free(file);
}

bool output_write(const char *name, const void *bytes, size_t n)
{
    FILE *file = name ? fopen(name, "w") : stdout;

    if (!file) {
        perror(name);
        return false;
    }
    const bool written = fwrite(bytes, 1, n, file) == n && fflush(file) == 0;
    if (!written)
        perror(output_name(name));
    const bool closed = !name || fclose(file) == 0;
    if (written && !closed)
        perror(name);
    if (name && !(written && closed))
        remove_half_file(name);
    return written && closed;
}
