#include "listing.h"

#include "firmware_text.h"
#include "report_text.h"

#define CELL_BYTES 151 /* of text in a cell; longer is cut */
#define COLUMN_GAP 2
#define ADDRESS_DIGITS 9 /* in text: all addresses up to 64 GiB are as long */
#define HANDLE_DIGITS 4

void listing_begin(struct listing *l, const struct report_style *style, const char *report, const char *names,
                   const struct column *columns, unsigned n_columns)
{
    *l = (struct listing){ .style = style, .names = names, .columns = columns, .n_columns = n_columns };
    if (style->format != REPORT_TEXT)
        records_begin(&l->records, style, report, names);
}

void listing_section(struct listing *l, const char *name, const char *kind, uint32_t in_section)
{
    l->section = name;
    l->in_section = in_section;
    l->n_records = 0;
    if (l->style->format != REPORT_TEXT)
        records_group(&l->records, name, kind);
}

static bool is_known(const struct column *column, const union cell *cell)
{
    return column->kind == COLUMN_TEXT ? cell->text != NULL : cell->number != CELL_UNKNOWN;
}

/* ---- text ---- */

static bool is_right(const struct column *column)
{
    return column->kind == COLUMN_NUMBER || column->kind == COLUMN_SIZE;
}

static size_t cell_text(const struct listing *l, const struct column *column, const union cell *cell,
                        char text[CELL_BYTES])
{
    size_t n;
    const struct buffer_sink buffer = buffer_sink(text, CELL_BYTES, &n);

    if (!is_known(column, cell))
        return 0;
    if (column->kind == COLUMN_TEXT)
        return firmware_text(cell->text, text, CELL_BYTES);
    if (column->kind == COLUMN_NUMBER)
        print_decimal(&buffer.sink, cell->number);
    else if (column->kind == COLUMN_SIZE)
        print_text(&buffer.sink, report_size(l->style, cell->number).text);
    else
        print_hex_wide(&buffer.sink, cell->number, column->kind == COLUMN_HANDLE ? HANDLE_DIGITS : ADDRESS_DIGITS);
    return n;
}

/* *owed: blanks before what follows, if anything does. */
static void print_padded(const struct sink *sink, const struct column *column, const char *text, size_t n, size_t *owed)
{
    const size_t blanks = n < column->width ? column->width - n : 0;

    *owed += COLUMN_GAP + (is_right(column) ? blanks : 0);
    if (n) {
        print_spaces(sink, *owed);
        print_bytes(sink, text, n);
        *owed = 0;
    }
    *owed += is_right(column) ? 0 : blanks;
}

static bool is_shown(const struct listing *l, unsigned i) { return l->in_section >> i & 1 && l->columns[i].width; }

static void print_names(const struct listing *l)
{
    const char *name = l->names;
    size_t owed = 0;

    for (unsigned i = 0; i < l->n_columns; i++) {
        size_t n = 0;

        while (name[n] && name[n] != ',')
            n++;
        if (is_shown(l, i))
            print_padded(l->style->sink, &l->columns[i], name, n, &owed);
        name += n + 1;
    }
    print_text(l->style->sink, "\n");
}

static void print_cells(const struct listing *l, const union cell *cells)
{
    char text[CELL_BYTES];
    size_t owed = 0;

    for (unsigned i = 0; i < l->n_columns; i++) {
        if (is_shown(l, i))
            print_padded(l->style->sink, &l->columns[i], text, cell_text(l, &l->columns[i], cells, text), &owed);
        cells += l->in_section >> i & 1;
    }
    print_text(l->style->sink, "\n");
}

static void print_text_record(const struct listing *l, const union cell *cells)
{
    if (!l->n_records) {
        print_format(l->style->sink, "\n%c%s:\n", l->section[0] - 'a' + 'A', l->section + 1);
        print_names(l);
    }
    print_cells(l, cells);
}

/* ---- for programs ---- */

static void add_field(struct records *r, unsigned i, const struct column *column, const union cell *cell)
{
    char text[CELL_BYTES];

    if (!is_known(column, cell))
        return;
    if (column->kind == COLUMN_TEXT) {
        firmware_text(cell->text, text, sizeof text);
        records_text(r, i, text);
    } else if (column->kind >= COLUMN_ADDRESS) {
        records_hex(r, i, cell->number);
    } else {
        records_number(r, i, cell->number);
    }
}

static void add_record(struct listing *l, const union cell *cells)
{
    records_add(&l->records);
    for (unsigned i = 0; i < l->n_columns; i++)
        if (l->in_section >> i & 1)
            add_field(&l->records, i, &l->columns[i], cells++);
}

void listing_record(struct listing *l, const union cell *cells)
{
    if (l->style->format == REPORT_TEXT)
        print_text_record(l, cells);
    else
        add_record(l, cells);
    l->n_records++;
}

void listing_note(const struct listing *l, const char *text)
{
    if (l->style->format == REPORT_TEXT)
        print_format(l->style->sink, "%s\n", text);
}

void listing_absent(struct listing *l, const char *text)
{
    l->is_absent = true;
    listing_note(l, text);
}

/* ---- what is wrong ---- */

void listing_findings(struct listing *l)
{
    listing_section(l, "findings", "finding", IN_RANGE | 1u << (l->n_columns - 1));
}

void listing_finding(struct listing *l, struct phys_range where, const char *format, ...)
{
    char text[CELL_BYTES];
    size_t n;
    const struct buffer_sink buffer = buffer_sink(text, sizeof text, &n);
    va_list arguments;

    va_start(arguments, format);
    print_format_list(&buffer.sink, format, arguments);
    va_end(arguments);
    listing_record(l, (const union cell[]){ { where.bytes ? where.start.value : CELL_UNKNOWN },
                                            { where.bytes ? phys_range_end(where) : CELL_UNKNOWN }, { .text = text } });
    l->n_findings++;
}

void listing_find_unsound(struct listing *l, const void *table, size_t n_bytes, const char *name)
{
    if (table && !n_bytes)
        listing_finding(l, (struct phys_range){ 0 }, "%s: corrupt", name);
}

void listing_end(struct listing *l)
{
    if (l->style->format != REPORT_TEXT)
        records_end(&l->records);
    else if (!l->n_findings && !l->is_absent)
        listing_note(l, "\nNothing is wrong.");
}
