#include "addr.h"
#include "report_text.h"

#define KB_SHIFT 10
#define DECIMALS 1000

struct size_text report_size(const struct report_style *style, uint64_t bytes)
{
    static const char units[][6] = {
        [REPORT_UNIT_BYTES] = "B",  [REPORT_UNIT_KIB] = "KB", [REPORT_UNIT_MIB] = "MB",
        [REPORT_UNIT_GIB] = "GB", [REPORT_UNIT_PAGES] = "pages",
    };
    const enum report_unit unit = style->unit;
    const unsigned shift = unit == REPORT_UNIT_PAGES ? PAGE_SHIFT : (unit - REPORT_UNIT_BYTES) * KB_SHIFT;
    struct size_text size;
    size_t length;
    const struct buffer_sink buffer = buffer_sink(size.text, sizeof size.text, &length);

    if (unit == REPORT_UNIT_AUTO) {
        print_size(&buffer.sink, bytes);
        return size;
    }
    const uint64_t rest = bytes & ((1ull << shift) - 1);
    const unsigned decimals = (unsigned)(rest * DECIMALS >> shift);

    print_decimal(&buffer.sink, bytes >> shift);
    if (rest)
        print_format(&buffer.sink, ".%u%u%u", decimals / 100, decimals / 10 % 10, decimals % 10);
    print_format(&buffer.sink, " %s", units[unit]);
    return size;
}
