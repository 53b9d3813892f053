#include "listing.h"

#include "compiler.h"
#include "firmware_text.h"

#define CELL_BYTES 151 /* of text in a cell; longer is cut */
#define COLUMN_GAP 2
#define ADDRESS_DIGITS 9 /* in text: all addresses up to 64 GiB are as long */

struct listing listing_begin(const struct report_style *style, const struct column *columns, unsigned n_columns)
{
    if (style->format == REPORT_JSON)
        print_text(style->sink, "{");
    if (style->format == REPORT_CSV) {
        print_text(style->sink, "section");
        for (unsigned i = 0; i < n_columns; i++)
            print_format(style->sink, ",%s", columns[i].name);
        print_text(style->sink, "\r\n");
    }
    return (struct listing){ .style = style, .columns = columns, .n_columns = n_columns };
}

static void end_section(const struct listing *l)
{
    if (l->section && l->style->format == REPORT_JSON)
        print_text(l->style->sink, "\n]");
}

void listing_section(struct listing *l, const char *name, uint32_t in_section)
{
    end_section(l);
    if (l->style->format == REPORT_JSON)
        print_format(l->style->sink, "%s\n\"%s\": [", l->section ? "," : "", name);
    l->section = name;
    l->in_section = in_section;
    l->n_records = 0;
}

static bool is_in_section(const struct listing *l, unsigned column) { return l->in_section >> column & 1; }

/* ---- text ---- */

static void print_unit_size(const struct report_style *style, uint64_t bytes)
{
    static const struct { char name[7]; uint8_t shift; } units[] = {
        [REPORT_UNIT_BYTES] = { " B", 0 }, [REPORT_UNIT_KIB] = { " KB", 10 }, [REPORT_UNIT_MIB] = { " MB", 20 },
        [REPORT_UNIT_GIB] = { " GB", 30 }, [REPORT_UNIT_PAGES] = { " pages", PAGE_SHIFT },
    };

    if (style->unit == REPORT_UNIT_AUTO) {
        print_size(style->sink, bytes);
        return;
    }
    print_decimal(style->sink, bytes >> units[style->unit].shift);
    print_text(style->sink, units[style->unit].name);
}

static bool is_known(const struct column *column, const union cell *cell)
{
    return column->kind == COLUMN_TEXT ? cell->text != NULL : cell->number != CELL_UNKNOWN;
}

static void print_plain(const struct report_style *style, const struct column *column, const union cell *cell)
{
    char text[CELL_BYTES];

    if (column->kind == COLUMN_TEXT)
        print_bytes(style->sink, text, firmware_text(cell->text, text, sizeof text));
    else if (column->kind == COLUMN_NUMBER)
        print_decimal(style->sink, cell->number);
    else if (column->kind == COLUMN_SIZE)
        print_unit_size(style, cell->number);
    else
        print_hex_wide(style->sink, cell->number, ADDRESS_DIGITS);
}

static bool is_right(const struct column *column)
{
    return column->kind == COLUMN_NUMBER || column->kind == COLUMN_SIZE;
}

/* After the blanks that the cells before are owed. cell: NULL: the column's name. Returns what is owed then. */
static size_t print_padded(const struct listing *l, const struct column *column, const union cell *cell, size_t owed)
{
    char text[CELL_BYTES];
    size_t n;
    const struct buffer_sink buffer = buffer_sink(text, sizeof text, &n);
    const struct report_style style = { &buffer.sink, REPORT_TEXT, l->style->unit };

    if (!cell)
        print_text(&buffer.sink, column->name);
    else if (is_known(column, cell))
        print_plain(&style, column, cell);
    if (!n)
        return owed + COLUMN_GAP + column->width;

    const size_t blanks = n < column->width ? column->width - n : 0;

    print_spaces(l->style->sink, COLUMN_GAP + owed + (is_right(column) ? blanks : 0));
    print_bytes(l->style->sink, text, n);
    return is_right(column) ? 0 : blanks;
}

/* cells: NULL: the columns' names. */
static void print_row(const struct listing *l, const union cell *cells)
{
    size_t owed = 0;

    for (unsigned i = 0; i < l->n_columns; i++) {
        if (!is_in_section(l, i))
            continue;
        if (l->columns[i].width)
            owed = print_padded(l, &l->columns[i], cells, owed);
        if (cells)
            cells++;
    }
    print_text(l->style->sink, "\n");
}

static void print_text_record(const struct listing *l, const union cell *cells)
{
    if (!l->n_records) {
        print_format(l->style->sink, "\n%c%s:\n", l->section[0] - 'a' + 'A', l->section + 1);
        print_row(l, NULL);
    }
    print_row(l, cells);
}

/* ---- for programs ---- */

/* CSV doubles a quote, JSON escapes it, and what it escapes with. */
static void print_quoted(const struct report_style *style, const char *quoted)
{
    const bool is_json = style->format == REPORT_JSON;
    char text[CELL_BYTES];
    const size_t n = firmware_text(quoted, text, sizeof text);

    print_text(style->sink, "\"");
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"' || (is_json && text[i] == '\\'))
            print_text(style->sink, is_json ? "\\" : "\"");
        print_bytes(style->sink, text + i, 1);
    }
    print_text(style->sink, "\"");
}

static void print_exact(const struct report_style *style, const struct column *column, const union cell *cell)
{
    if (column->kind == COLUMN_TEXT)
        print_quoted(style, cell->text);
    else if (column->kind == COLUMN_ADDRESS)
        print_format(style->sink, style->format == REPORT_JSON ? "\"%lx\"" : "%lx", cell->number);
    else
        print_decimal(style->sink, cell->number);
}

static void print_exact_record(const struct listing *l, const union cell *cells)
{
    const bool is_json = l->style->format == REPORT_JSON;
    bool is_first = true;

    print_format(l->style->sink, is_json ? "%s\n{" : "", l->n_records ? "," : "");
    print_text(l->style->sink, is_json ? "" : l->section);
    for (unsigned i = 0; i < l->n_columns; i++) {
        const bool is_said = is_in_section(l, i) && is_known(&l->columns[i], cells);

        if (!is_json)
            print_text(l->style->sink, ",");
        else if (is_said)
            print_format(l->style->sink, "%s\"%s\": ", is_first ? "" : ", ", l->columns[i].name);
        if (is_said)
            print_exact(l->style, &l->columns[i], cells);
        is_first = is_first && !is_said;
        cells += is_in_section(l, i);
    }
    print_text(l->style->sink, is_json ? "}" : "\r\n");
}

void listing_record(struct listing *l, const union cell *cells)
{
    if (l->style->format == REPORT_TEXT)
        print_text_record(l, cells);
    else
        print_exact_record(l, cells);
    l->n_records++;
}

void listing_note(const struct listing *l, const char *text)
{
    if (l->style->format == REPORT_TEXT)
        print_format(l->style->sink, "%s\n", text);
}

/* ---- what is wrong ---- */

void listing_findings(struct listing *l)
{
    listing_section(l, "findings", IN_RANGE | 1u << (l->n_columns - 1));
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

void listing_end(struct listing *l)
{
    end_section(l);
    if (l->style->format == REPORT_JSON)
        print_text(l->style->sink, "\n}\n");
    else if (!l->n_findings)
        listing_note(l, "\nNothing is wrong.");
}
