/* The command line of memmap-report, as plain data. Pure. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "map_readers.h"
#include "report.h"

enum report_kind {
    REPORT_OF_BOOT, /* what the loader prints when it boots: without a subcommand */
    REPORT_OF_MAP,
    REPORT_OF_FRAMES,
    REPORT_PICTURE,
    REPORT_HELP,
    REPORT_VERSION,
};

#define PICTURE_WIDTH_MIN 800 /* where the picture is good (memory_picture.h) */
#define PICTURE_HEIGHT_MIN 600
#define PICTURE_SIDE_MAX 8192

struct report_arguments {
    enum report_kind kind;
    enum report_format format;
    enum report_unit unit;
    enum map_format input_format; /* MAP_FORMATS: to be found out */
    const char *input;            /* "-": standard input */
    const char *output;           /* NULL: standard output, as for - */
    uint32_t width_px, height_px; /* of the picture */
};

struct argument_error {
    const char *word; /* the one that is wrong; NULL: one is missing */
    const char *reason;
};

/* argv: as main() has it, and kept. ret_error is written on failure only. */
MUST_CHECK bool arguments_parse(int argc, char **argv, struct report_arguments *ret, struct argument_error *ret_error);

#endif
