/*
 * memmap-report: memory maps in files of all kinds (map_readers.h), reported as the loader reports the machine's own,
 * by the same code. memmap-report.1 is the manual.
 */
#include "memmap_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames_report.h"
#include "input.h"
#include "map_report.h"
#include "output.h"

#define BUFFER_ALIGNMENT 64

#define USAGE                                                                                                          \
    "usage: memmap-report [map|frames] [--raw|-sfo|--csv|--json] [--unit UNIT] [-o FILE] FILE\n"                       \
    "       memmap-report picture [--size WIDTHxHEIGHT] -o FILE.png FILE\n"

static const char help[] =
    USAGE "\n"
    "FILE is a memory map; - is standard input. Its format is found out: memmap or memmap -sfo of the EFI shell, a\n"
    "kernel log of Linux (dmesg, with efi=debug if possible), /proc/iomem, map --raw or map --json, the loader's\n"
    "report, or the log of its boot with raw-map=yes.\n"
    "\n"
    "  (nothing)         regions, anomalies, totals and the allocator, as the loader prints them when it boots\n"
    "  map               descriptors, regions, totals per type, each anomaly with its descriptors\n"
    "  frames            what a frame allocator makes of it: free runs by size, the largest, fragmentation\n"
    "  picture           draws it\n"
    "\n"
    "  --raw -sfo        map: descriptors one by one; the same in the form of the EFI shell\n"
    "  --csv --json      map, frames: for programs\n"
    "  --unit UNIT       sizes in auto, bytes, KiB, MiB, GiB or pages\n"
    "  --format FORMAT   of FILE: text, shell, sfo, dmesg, iomem or json\n"
    "  --size WxH        of the picture; 1280x800 without it\n"
    "  -o FILE           write there; - is standard output\n"
    "\n"
    "Exit status: 0; 1 the map is bad or an allocator has no room in it, or a file cannot be read or written;\n"
    "2 wrong usage; 3 map found anomalies.\n";

/* Of either kind: each asks for its own buffer. */
static int print_report(const struct report_arguments *arguments, const struct sink *sink,
                        const struct map_subject *subject)
{
    const struct report_style style = { sink, arguments->format, arguments->unit };
    const bool is_map = arguments->kind == REPORT_OF_MAP;
    const size_t bytes = is_map ? map_report_buffer_bytes(subject) : frames_report_buffer_bytes(subject);
    void *buffer = aligned_alloc(BUFFER_ALIGNMENT, align_up(bytes, BUFFER_ALIGNMENT));
    uint64_t anomalies = 0;

    if (!buffer) {
        perror(arguments->input);
        return EXIT_BAD_MAP;
    }
    const enum report_status status = is_map ? map_report(&style, subject, buffer, bytes, &anomalies)
                                             : frames_report(&style, subject, buffer, bytes);
    free(buffer);
    if (status != REPORT_OK) {
        fprintf(stderr, "%s: %s\n", arguments->input, report_status_text(status));
        return EXIT_BAD_MAP;
    }
    return anomalies ? EXIT_ANOMALIES : EXIT_SUCCESS;
}

static int print_any_report(const struct report_arguments *arguments, const struct map_subject *subject)
{
    struct output output;

    if (!output_open(&output)) {
        perror(arguments->input);
        return EXIT_BAD_MAP;
    }
    const int result = arguments->kind == REPORT_OF_BOOT ? boot_report(&output.sink, arguments->input, subject)
                                                         : print_report(arguments, &output.sink, subject);
    return output_close(&output, arguments->output) ? result : EXIT_BAD_MAP;
}

static int report_usage(const struct argument_error *error)
{
    fprintf(stderr, USAGE "memmap-report: %s%s%s\n", error->word ? error->word : "", error->word ? ": " : "",
            error->reason);
    return EXIT_USAGE;
}

static int print_words(const char *words)
{
    return output_write(NULL, words, strlen(words)) ? EXIT_SUCCESS : EXIT_BAD_MAP;
}

int main(int argc, char **argv)
{
    struct report_arguments arguments;
    struct argument_error error;
    struct map_text text;

    if (!arguments_parse(argc, argv, &arguments, &error))
        return report_usage(&error);
    if (arguments.kind == REPORT_HELP)
        return print_words(help);
    if (arguments.kind == REPORT_VERSION)
        return print_words("memmap-report " POLYGLOT_VERSION "\n");
    if (!input_read(arguments.input, arguments.input_format, &text))
        return EXIT_BAD_MAP;
    const struct map_subject subject = map_text_subject(&text);
    const int result =
        arguments.kind == REPORT_PICTURE ? picture_file(&arguments, &subject) : print_any_report(&arguments, &subject);
    map_text_free(&text);
    return result;
}
