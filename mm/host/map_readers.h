/*
 * Memory maps in the forms that people have them in: what the EFI shell and Linux print, our own reports. Each reader
 * takes bytes and returns a struct map_text, as map_text_parse() does; no I/O.
 *
 *     text    our own (map_text.h)
 *     shell   the EFI shell's `memmap`: BS_Code    0000000000000000-0000000000000FFF 0000000000000001 000000000000000F
 *     sfo     the shell's `memmap -sfo`: MemoryMap,"BootServiceCode","0","FFF","1","F"
 *     dmesg   Linux, with efi=debug: efi: mem00: [Boot Code| | |WB|WT|WC|UC] range=[0x0-0xfff] (0MB), and older forms;
 *             or BIOS-e820: [mem 0x0-0x9fbff] usable, and older forms. Whatever stands before is skipped: time stamps,
 *             host names, levels, "> ". Where a log has both, EFI's lines are used, which know more.
 *     iomem   Linux's /proc/iomem as root sees it; the ranges at its left margin count
 *     json    map_report() with REPORT_JSON
 *
 * What the loader's `report` prints is read, too, and the log of a boot with raw-map=yes: the raw map in it, and
 * nothing else of it.
 *
 * Texts of the shell may be UTF-16, with CRLF, as the shell writes them. Lines that are none of a format's own
 * (prompts, headings, totals, the rest of a log) are skipped; a line that is one but cannot be read is an error, since
 * a map with a hole is another map. What a log has lost is a note only (NOTE_LINES_MISSING): the rest may be all that
 * there is. Of several maps the first one is read (NOTE_LATER_MAPS), even if it lacks lines: what follows in the log of
 * one boot is a map of runtime memory alone.
 */
#ifndef MAP_READERS_H
#define MAP_READERS_H

#include "map_text.h"

enum map_format {
    MAP_FORMAT_TEXT,
    MAP_FORMAT_SHELL,
    MAP_FORMAT_SFO,
    MAP_FORMAT_DMESG,
    MAP_FORMAT_IOMEM,
    MAP_FORMAT_JSON,
    MAP_FORMATS /* to be found out */
};

const char *map_format_name(enum map_format format);

/* By name; false: there is none such. */
MUST_CHECK bool map_format_find(const char *name, enum map_format *ret);

/* The format of which a line is met first; MAP_FORMAT_TEXT if there is no such line. n bytes of UTF-8, or nearly. */
enum map_format map_format_detect(const char *text, size_t n);

/*
 * format      MAP_FORMATS: as map_format_detect() has it; MAP_FORMAT_TEXT then only if it begins with a number.
 * text, ret, ret_error: as for map_text_parse(); the text may be UTF-16LE, with or without a byte order mark,
 *              and may have a terminal's colours in it.
 */
MUST_CHECK bool map_read(enum map_format format, const char *text, size_t n, struct map_text *ret,
                         struct map_text_error *ret_error);

#endif
