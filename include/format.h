/*
 * The only formatter: text, numbers and sizes to any sink. Pure, allocates nothing, keeps no state.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Where characters go. UTF-8; `text` is not NUL-terminated; a sink never fails. */
struct sink {
    void (*write)(const struct sink *sink, const char *text, size_t bytes);
};

/* A sink into memory: cuts what does not fit and always ends with NUL (capacity >= 1). */
struct buffer_sink {
    struct sink sink;
    char *text;
    size_t capacity;
    size_t *length; /* receives bytes stored, without the NUL */
};

/* Starts with empty text. `text` and `length` stay the caller's and must outlive the sink. */
struct buffer_sink buffer_sink(char *text, size_t capacity, size_t *length);

/* Gathers small pieces: outputs like few long writes better (the framebuffer draws once per write). */
#define FORMAT_LINE_BYTES 160
struct line_sink {
    struct sink sink;
    const struct sink *target;
    size_t n_bytes;
    char text[FORMAT_LINE_BYTES];
};

/* Afterwards &line->sink is a sink. What it gathers reaches the target when there is no more room, or at a flush. */
void line_sink_start(struct line_sink *line, const struct sink *target);
void line_sink_flush(struct line_sink *line);

void print_text(const struct sink *sink, const char *text); /* NUL-terminated; NULL prints nothing */
void print_bytes(const struct sink *sink, const char *text, size_t bytes);
void print_decimal(const struct sink *sink, uint64_t value);                   /* 1040 */
void print_hex(const struct sink *sink, uint64_t value);                       /* 0x1F4: capitals, no leading zeros */
void print_hex_wide(const struct sink *sink, uint64_t value, unsigned digits); /* 0x00001F4: at least `digits` */
void print_spaces(const struct sink *sink, size_t count);

/*
 * A size in B, KB, MB, GB or TB of 1024, truncated, in the largest unit that leaves at least 10: 639 KB, 255 MB,
 * 1040 GB. Below 10 KB nothing is truncated: whole kilobytes stay such (8192 is 8 KB), anything else is in bytes
 * (0 B, 1023 B, 10239 B).
 */
void print_size(const struct sink *sink, uint64_t bytes);

/*
 * A whole line or part of one in one call, which reaches the sink in few writes (one, up to FORMAT_LINE_BYTES).
 * Conversions: %s text, %u unsigned, %lu uint64_t, %x print_hex (unsigned), %lx print_hex (uint64_t),
 * %lX the same without 0x, %lS print_size (uint64_t), %c character, %% percent. A width after the percent sign, or *
 * for one given as unsigned before the value, pads with spaces on the left, after a minus sign on the right: %9lu,
 * %-17s.
 * Anything else is printed as it stands and takes no argument.
 */
void print_format(const struct sink *sink, const char *format, ...);
void print_format_list(const struct sink *sink, const char *format, va_list arguments);

#endif
