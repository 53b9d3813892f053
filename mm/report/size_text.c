#include "addr.h"
#include "report_text.h"

#define KB_SHIFT 10
#define DECIMALS 1000

static void print_in_unit(const struct sink *sink, enum report_unit unit, uint64_t bytes)
{
    static const char units[] = "B\0KB\0MB\0GB\0pages";
    const unsigned shift = unit == REPORT_UNIT_PAGES ? PAGE_SHIFT : (unit - REPORT_UNIT_BYTES) * KB_SHIFT;
    const uint64_t rest = bytes & ((1ull << shift) - 1);
    const unsigned decimals = (unsigned)(rest * DECIMALS >> shift);

    print_decimal(sink, bytes >> shift);
    if (rest)
        print_format(sink, ".%u%u%u", decimals / 100, decimals / 10 % 10, decimals % 10);
    print_format(sink, " %s", nth_string(units, unit - REPORT_UNIT_BYTES));
}

struct size_text report_size(const struct report_style *style, uint64_t bytes)
{
    struct size_text size;
    size_t length;
    const struct buffer_sink buffer = buffer_sink(size.text, sizeof size.text, &length);

    if (style->unit == REPORT_UNIT_AUTO)
        print_size(&buffer.sink, bytes);
    else
        print_in_unit(&buffer.sink, style->unit, bytes);
    return size;
}

void report_amount(const struct report_style *style, uint64_t pages)
{
    print_format(style->sink, " %8lu %8s", pages, report_size(style, pages_to_bytes(pages)).text);
}
