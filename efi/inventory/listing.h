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

enum cell_kind { CELL_NONE, CELL_TEXT, CELL_NUMBER, CELL_SIZE, CELL_ADDRESS };

struct cell {
    enum cell_kind kind;
    uint64_t number;
    const char *text; /* of whatever bytes: blanks around it go, and what is not printable ASCII is "?" */
};

struct column {
    char name[14];
    uint8_t width; /* in text; longer cells push what follows to the right. 0: not in text */
    bool is_right; /* where it stands in its column, in text */
};

/* The columns that every report begins and ends with. Ends are exclusive. */
#define COLUMN_RANGE { "start", 11, false }, { "end", 11, false }
#define COLUMN_FINDING { "finding", 1, false }
#define IN_RANGE 3u /* the first two, in a section's columns */

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
void listing_record(struct listing *listing, const struct cell *cells);
void listing_findings(struct listing *listing);
/* where.bytes == 0: nowhere in particular. For the conversions see format.h; 150 characters at most are kept. */
void listing_finding(struct listing *listing, struct phys_range where, const char *format, ...);
void listing_end(struct listing *listing);

static inline struct cell cell_none(void) { return (struct cell){ .kind = CELL_NONE }; }
static inline struct cell cell_text(const char *text) { return (struct cell){ text ? CELL_TEXT : CELL_NONE, 0, text }; }
static inline struct cell cell_number(uint64_t number) { return (struct cell){ CELL_NUMBER, number, NULL }; }
static inline struct cell cell_size(uint64_t bytes) { return (struct cell){ CELL_SIZE, bytes, NULL }; }
static inline struct cell cell_address(uint64_t at) { return (struct cell){ CELL_ADDRESS, at, NULL }; }
/* What is not known if it is 0. */
static inline struct cell cell_known(struct cell cell) { return cell.number ? cell : cell_none(); }

#endif
