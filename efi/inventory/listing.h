/*
 * An inventory as a report: sections of records, whose cells are columns of the report's one list. In text each section
 * that has records is a table; for CSV and JSON see include/report_records.h. Findings, what is wrong, are the last
 * section. Pure.
 */
#ifndef LISTING_H
#define LISTING_H

#include "addr.h"
#include "report_records.h"

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_SIZE, COLUMN_ADDRESS, COLUMN_HANDLE };

/* In text, numbers and sizes stand right in their column, all else left. */
struct column {
    uint8_t kind;
    uint8_t width; /* in text; longer cells push what follows to the right. 0: not in text */
};

/* The columns that every report begins and ends with. Ends are exclusive. */
#define COLUMN_RANGE { COLUMN_ADDRESS, 11 }, { COLUMN_ADDRESS, 11 }
#define COLUMN_RANGE_NAMES "start,end,"
#define COLUMN_FINDING { COLUMN_TEXT, 1 }
#define COLUMN_FINDING_NAME "finding"
#define IN_RANGE 3u /* the first two, in a section's columns */

/* Which of the two is the column's matter. */
union cell {
    uint64_t number;  /* CELL_UNKNOWN: not said */
    const char *text; /* of whatever bytes: see firmware_text.h. NULL: not said */
};
#define CELL_UNKNOWN UINT64_MAX

static inline uint64_t unless_zero(uint64_t number) { return number ? number : CELL_UNKNOWN; }

struct listing {
    const struct report_style *style;
    const char *names; /* of the columns, with commas between */
    const struct column *columns;
    unsigned n_columns;  /* 32 at most */
    const char *section;
    uint32_t in_section; /* bit n: column n is in its records */
    uint64_t n_records;  /* of the section */
    uint64_t n_findings;
    bool is_absent; /* what the report is about */
    struct records records; /* of CSV and JSON */
};

/* style->format: text, CSV or JSON. */
void listing_begin(struct listing *listing, const struct report_style *style, const char *report, const char *names,
                   const struct column *columns, unsigned n_columns);
/* name, kind: of the records: "slots", "slot". */
void listing_section(struct listing *listing, const char *name, const char *kind, uint32_t in_section);
/* A cell for each column of the section, in their order. */
void listing_record(struct listing *listing, const union cell *cells);
/* A line for people: text alone has it. */
void listing_note(const struct listing *listing, const char *text);
#define LISTING_IS_CUT "(and more)"
/* A note on the source that the machine lacks: there is nothing that could be wrong, or right. */
void listing_absent(struct listing *listing, const char *text);
void listing_findings(struct listing *listing);
/* where.bytes == 0: nowhere in particular. For the conversions see format.h; 150 characters at most are kept. */
void listing_finding(struct listing *listing, struct phys_range where, const char *format, ...);
/* A finding if there is a table, but n_bytes == 0: what of it was looked at first was wrong. */
void listing_find_unsound(struct listing *listing, const void *table, size_t n_bytes, const char *name);
void listing_end(struct listing *listing);

#endif
