/*
 * How a diagnostic report is written: as what, in which unit of size, and where to. Every report is a function that
 * takes this first, prints nothing else and keeps nothing, so that the loader in the EFI shell and memmap-report on a
 * workstation print the same. Pure. Text is ASCII but for names that the firmware gave.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "format.h"

enum report_format {
    REPORT_TEXT, /* for people: columns, 79 characters wide if nothing is longer than usual */
    REPORT_CSV,  /* RFC 4180: a line of column names, then a record a line */
    REPORT_JSON, /* RFC 8259: one object; sizes in bytes, addresses as strings "0x..." (64 bits do not fit a double) */
    REPORT_SFO,  /* the EFI shell's standard-format output (UEFI Shell 2.2, 3.4.4.1); for the map alone */
    REPORT_RAW,  /* descriptors one by one, as memmap-report reads them (mm/host/map_text.h); for the map alone */
};

/* Of sizes in text. The others are exact everywhere: bytes, or pages where a column says so. */
enum report_unit {
    REPORT_UNIT_AUTO, /* print_size(): 639 KB, 255 MB */
    REPORT_UNIT_BYTES,
    REPORT_UNIT_KIB,
    REPORT_UNIT_MIB,
    REPORT_UNIT_GIB,
    REPORT_UNIT_PAGES,
};

struct report_style {
    const struct sink *sink;
    enum report_format format;
    enum report_unit unit;
};

/* What `report` prints before each of its parts: by this memmap-report finds the raw map among them. */
#define REPORT_HEADING_BEGIN "==== "
#define REPORT_HEADING_END " ===="

#endif
