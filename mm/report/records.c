#include "report_records.h"

#include "compiler.h"

static void write_quoted(const struct sink *sink, const char *text, size_t bytes)
{
    const struct quoting_sink *q = CONTAINER_OF(sink, struct quoting_sink, sink);

    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c == '"' || (c == '\\' && q->is_json))
            print_text(q->target, q->is_json ? "\\" : "\"");
        if (c < ' ' && q->is_json)
            print_format(q->target, "\\u00%u%lX", c / 16u, (uint64_t)(c % 16));
        else
            print_bytes(q->target, text + i, 1);
    }
}

void records_begin(struct records *r, const struct report_style *style, const char *report, const char *columns)
{
    *r = (struct records){
        .quoting = { { write_quoted }, style->sink, style->format == REPORT_JSON },
        .columns = columns,
        .n_columns = 1,
    };
    for (; *columns; columns++)
        r->n_columns += *columns == ',';
    if (r->quoting.is_json)
        print_format(style->sink, "{\"report\":\"%s\"", report);
    else
        print_format(style->sink, "record,%s\n", r->columns);
}

static void end_record(struct records *r)
{
    const struct sink *sink = r->quoting.target;

    if (!r->in_record)
        return;
    if (r->quoting.is_json) {
        print_text(sink, "}");
    } else {
        for (; r->n_fields < r->n_columns; r->n_fields++)
            print_text(sink, ",");
        print_text(sink, "\n");
    }
    r->in_record = false;
}

static void end_group(struct records *r)
{
    end_record(r);
    if (r->in_group && r->quoting.is_json)
        print_text(r->quoting.target, "]");
    r->in_group = false;
}

static void begin_record(struct records *r)
{
    print_text(r->quoting.target, r->quoting.is_json ? "{" : r->kind);
    r->in_record = true;
    r->has_fields = false;
    r->n_fields = 0;
}

void records_group(struct records *r, const char *name, const char *kind)
{
    end_group(r);
    r->kind = kind;
    r->in_group = true;
    r->has_records = false;
    if (r->quoting.is_json)
        print_format(r->quoting.target, ",\n\"%s\":[", name);
}

void records_add(struct records *r)
{
    end_record(r);
    if (r->quoting.is_json)
        print_text(r->quoting.target, r->has_records ? ",\n" : "\n");
    r->has_records = true;
    begin_record(r);
}

void records_add_single(struct records *r, const char *kind)
{
    end_group(r);
    r->kind = kind;
    if (r->quoting.is_json)
        print_format(r->quoting.target, ",\n\"%s\":", kind);
    begin_record(r);
}

void records_end(struct records *r)
{
    end_group(r);
    if (r->quoting.is_json)
        print_text(r->quoting.target, "}\n");
}

/* All that stands before the field's value. */
static const struct sink *begin_field(struct records *r, unsigned column)
{
    const struct sink *sink = r->quoting.target;
    const char *name = r->columns;
    size_t length = 0;

    if (!r->quoting.is_json) {
        for (; r->n_fields <= column; r->n_fields++)
            print_text(sink, ",");
        return sink;
    }
    while (column)
        column -= *name++ == ',';
    while (name[length] && name[length] != ',')
        length++;
    print_text(sink, r->has_fields ? ",\"" : "\"");
    print_bytes(sink, name, length);
    print_text(sink, "\":");
    r->has_fields = true;
    return sink;
}

void records_number(struct records *r, unsigned column, uint64_t value)
{
    print_decimal(begin_field(r, column), value);
}

void records_hex(struct records *r, unsigned column, uint64_t value)
{
    print_format(begin_field(r, column), r->quoting.is_json ? "\"%lx\"" : "%lx", value);
}

const struct sink *records_open_text(struct records *r, unsigned column)
{
    print_text(begin_field(r, column), "\"");
    return &r->quoting.sink;
}

void records_close_text(struct records *r)
{
    print_text(r->quoting.target, "\"");
}

void records_text(struct records *r, unsigned column, const char *text)
{
    if (!text)
        return;
    print_text(records_open_text(r, column), text);
    records_close_text(r);
}
