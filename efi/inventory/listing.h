/*
 * An inventory as a report: sections of records, whose cells are columns of the report's one list. Text has a table for
 * each section that has records; CSV one line of column names, and the section's name first in each record; JSON an array
 * of objects for each section, with what is not known left out. Findings, what is wrong, are the last section. Pure.
 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>

#include "addr.h"
#include "report.h"

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_SIZE, COLUMN_ADDRESS };

/* In text, numbers and sizes stand right in their column, all else left. */
struct column {
    char name[14];
    uint8_t kind;
    uint8_t width; /* in text; longer cells push what follows to the right. 0: not in text */
};

/* The columns that every report begins and ends with. Ends are exclusive. */
#define COLUMN_RANGE { "start", COLUMN_ADDRESS, 11 }, { "end", COLUMN_ADDRESS, 11 }
#define COLUMN_FINDING { "finding", COLUMN_TEXT, 1 }
#define IN_RANGE 3u /* the first two, in a section's columns */

/* Which of the two is the column's matter. */
union cell {
    uint64_t number;  /* CELL_UNKNOWN: not said */
    const char *text; /* of whatever bytes: blanks around it go, and what is not printable ASCII is "?". NULL: not said */
};
#define CELL_UNKNOWN UINT64_MAX

static inline uint64_t unless_zero(uint64_t number) { return number ? number : CELL_UNKNOWN; }

struct listing {
    const struct report_style *style;
    const struct column *columns;
    unsigned n_columns;  /* 32 at most */
    const char *section; /* NULL: none has begun */
    uint32_t in_section; /* bit n: column n is in its records */
    uint64_t n_records;  /* of the section */
    uint64_t n_findings;
};

/* style->format: text, CSV or JSON. columns: COLUMN_RANGE first, COLUMN_FINDING last. */
struct listing listing_begin(const struct report_style *style, const struct column *columns, unsigned n_columns);
void listing_section(struct listing *listing, const char *name, uint32_t in_section);
/* A cell for each column of the section, in their order. */
void listing_record(struct listing *listing, const union cell *cells);
/* A line for people: text alone has it. */
void listing_note(const struct listing *listing, const char *text);
void listing_findings(struct listing *listing);
/* where.bytes == 0: nowhere in particular. For the conversions see format.h; 150 characters at most are kept. */
void listing_finding(struct listing *listing, struct phys_range where, const char *format, ...);
void listing_end(struct listing *listing);

#endif
