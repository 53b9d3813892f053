/*
 * A report as CSV or JSON: both are made by the same calls, so that they agree. Pure.
 *
 *   record,index,start             {"report":"map",
 *   map,,                          "map":{"pages":7},
 *   descriptor,0,0x0               "descriptors":[
 *   descriptor,1,0x1000            {"index":0,"start":"0x0"},
 *   own,,0x1000                    {"index":1,"start":"0x1000"}],
 *                                  "own":[
 *                                  {"start":"0x1000"}]}
 *
 * In CSV (RFC 4180, but lines end with LF) one table holds all records: the first column says of which kind one is, and
 * fields that it does not have are empty. In JSON they are left out.
 */
#ifndef REPORT_RECORDS_H
#define REPORT_RECORDS_H

#include <stdbool.h>

#include "report.h"

/* Passes on text as it must be written between quotes. */
struct quoting_sink {
    struct sink sink;
    const struct sink *target;
    bool is_json;
};

/* A report being written. Everything in it is private. */
struct records {
    struct quoting_sink quoting;
    const char *columns;
    const char *kind;
    unsigned n_columns;
    unsigned n_fields; /* of the record so far, empty ones included */
    bool in_group, in_record, has_records, has_fields;
};

/*
 * style->format: REPORT_CSV or REPORT_JSON. columns: their names with commas between, "index,start"; the caller's until
 * records_end().
 */
void records_begin(struct records *r, const struct report_style *style, const char *report, const char *columns);

/* Each of these ends what came before it. kind: the record's name in CSV; name: the array's in JSON. */
void records_group(struct records *r, const char *name, const char *kind);
void records_add(struct records *r);                          /* one more in the group */
void records_add_single(struct records *r, const char *kind); /* one outside of groups; in JSON, an object */
void records_end(struct records *r);

/* The fields of the last record, each at most once, by ascending number of their column (from 0 on). */
void records_number(struct records *r, unsigned column, uint64_t value);
void records_hex(struct records *r, unsigned column, uint64_t value);
void records_text(struct records *r, unsigned column, const char *text); /* NULL: empty */

/* Text that is printed: into the sink, until it is closed. */
const struct sink *records_open_text(struct records *r, unsigned column);
void records_close_text(struct records *r);

#endif
